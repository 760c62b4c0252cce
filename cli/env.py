"""`nnkit env`: what a bug report needs."""

from __future__ import annotations

import json

import click

from nnkit.cli import options
from nnkit.cli.console import printable, write


@click.command("env")
@options.as_json
def command(as_json: bool) -> None:
    """Print versions, processor, threads and caches, for bug reports.

    \b
    Examples:
      nnkit env
      nnkit env --json
    """  # noqa: D301 (click wants the character, not a backslash)
    # Numba takes half a second to import; --help does not need it.
    from nnkit.reporting.environment import environment

    found = environment()
    if as_json:
        write(json.dumps(found))
        return
    width = max(map(len, found))
    write("\n".join(f"{name:<{width}}  {printable(str(value))}" for name, value in found.items()))
