"""`nnkit env`: what a bug report needs."""

from __future__ import annotations

import json

import click

from nnkit.cli import options
from nnkit.cli.console import write
from nnkit.escapes import printable

_LONGEST_NAME = 16


@click.command("env")
@options.as_json
def command(as_json: bool) -> None:
    """Print versions, processor, threads and caches, for bug reports.

    \b
    Examples:
      nnkit env
      nnkit env --json
    """  # noqa: D301 (click wants the character, not a backslash)
    from nnkit.reporting.environment import environment

    if as_json:
        write(json.dumps(dict(environment())))
        return
    for name, value in environment():
        write(f"{name:<{_LONGEST_NAME}}  {printable(str(value))}")
