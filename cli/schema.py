"""`nnkit schema`: what a config may say, for editors and other programs."""

from __future__ import annotations

import click

from nnkit.cli.console import write
from nnkit.configs import schema_path


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of configs.

    Editors with a YAML language server complete and check a config that begins with the comment that
    `nnkit configs cp` leaves in it.

    \b
    Examples:
      nnkit schema > nnkit.schema.json
      nnkit schema | jq '.["$defs"] | keys'
    """  # noqa: D301 (click wants the character, not a backslash)
    write(schema_path().read_text(encoding="utf-8").rstrip("\n"))
