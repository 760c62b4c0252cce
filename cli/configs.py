"""`nnkit configs`: the configs that come with nnkit."""

from __future__ import annotations

from pathlib import Path

import click

from nnkit.cli import suggestions
from nnkit.cli.console import write
from nnkit.cli.group import Group
from nnkit.cli.tables import table
from nnkit.configs import SCHEMA_NAME, built_in_configs, schema_path
from nnkit.errors import FileAccessError
from nnkit.escapes import printable
from nnkit.registry import unknown_name


@click.group("configs", cls=Group)
def command() -> None:
    """List, print or copy the configs that come with nnkit.

    \b
    Examples:
      nnkit configs ls
      nnkit configs show lenet
      nnkit configs cp lenet mine.yaml
    """  # noqa: D301 (click wants the character, not a backslash)


@command.command("ls")
def list_all() -> None:
    """List the names, and what each trains.

    \b
    Examples:
      nnkit configs ls
    """  # noqa: D301 (click wants the character, not a backslash)
    rows = [(name, _title(path)) for name, path in built_in_configs().items()]
    write("\n".join(table(rows, "<<", shorten=1)))


@command.command("show")
@click.argument("name", shell_complete=suggestions.built_in)
def show(name: str) -> None:
    """Print a config.

    \b
    Examples:
      nnkit configs show lenet
      nnkit configs show rnn > mine.yaml
    """  # noqa: D301 (click wants the character, not a backslash)
    write(_text(name).rstrip("\n"))


@command.command("cp")
@click.argument("name", shell_complete=suggestions.built_in)
@click.argument("path", required=False, type=click.Path(path_type=Path))
def copy(name: str, path: Path | None) -> None:
    """Copy a config, to be changed.

    PATH is NAME.yaml in this folder where it is left out; a file that exists stays as it is. The schema that editors
    complete and check configs with is written beside it.

    \b
    Examples:
      nnkit configs cp lenet
      nnkit configs cp lenet mine.yaml
    """  # noqa: D301 (click wants the character, not a backslash)
    text = _text(name)
    target = path or Path(f"{name}.yaml")
    if target.is_dir():
        target = target / f"{name}.yaml"
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
        target.with_name(SCHEMA_NAME).write_text(schema_path().read_text(encoding="utf-8"), encoding="utf-8")
    except FileExistsError:
        raise FileAccessError(f"{target}: exists already; choose another PATH") from None
    except OSError as error:
        raise FileAccessError(f"{error.filename}: cannot be written: {error.strerror}") from None
    write(f"next: nnkit train {printable(str(target))}")


def _text(name: str) -> str:
    configs = built_in_configs()
    if name not in configs:
        raise click.UsageError(unknown_name("built-in config", name, configs))
    return configs[name].read_text(encoding="utf-8")


def _title(path: Path) -> str:
    """Return the first sentence of the comment that a config opens with."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(line.lstrip("# ").rstrip(".") for line in lines if line.startswith("# ") and "$schema" not in line)
