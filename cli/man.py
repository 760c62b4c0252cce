"""`nnkit man`: the manual page, made from what `--help` says."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator

import click

from nnkit import __version__
from nnkit.cli import exit_codes
from nnkit.cli.console import write
from nnkit.cli.main import cli

_ENVIRONMENT = (
    ("NNKIT_DATA_DIR", "The folder of the data sets, which are then not downloaded."),
    ("NNKIT_CACHE_DIR", "The folder for what can be made or fetched again: compiled kernels and downloads."),
    ("NNKIT_DEBUG", "Where it is set, errors are shown with their traceback, as with --debug."),
    ("NO_COLOR", "Where it is set, nothing is coloured."),
    ("COLUMNS", "How wide help and tables are, in place of the width of the terminal."),
)
_FILES = (
    ("config.yaml", "Every value of the run: training with it repeats the run."),
    ("metrics.jsonl, metrics.csv", "A line for each epoch."),
    ("best.safetensors", "The network after its best epoch."),
    ("last.safetensors", "What is needed to go on."),
    ("report.html", "The page about the run."),
    ("curves.png, confusion.png, mistakes.png", "Its pictures."),
)


@click.command("man")
def command() -> None:
    """Print the manual page.

    It has the help of all commands, and is made for the program man.

    \b
    Examples:
      nnkit man | man -l -
      nnkit man > ~/.local/share/man/man1/nnkit.1
    """  # noqa: D301 (click wants the character, not a backslash)
    write("\n".join(_page()))


def _page() -> Iterator[str]:
    context = click.Context(cli, info_name="nnkit", **cli.context_settings)
    summary, *paragraphs = _paragraphs(cli)
    yield f'.TH NNKIT 1 "" "nnkit {__version__}" "nnkit manual"'
    yield ".SH NAME"
    yield f"nnkit \\- {_text(summary[0].lower() + summary[1:].rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield _usage(context)
    yield ".SH DESCRIPTION"
    yield from _described(paragraphs)
    yield ".SH OPTIONS"
    yield from _options(context)
    yield ".SH COMMANDS"
    yield from _commands(context)
    yield ".SH FILES"
    yield "The folder of a run, runs/NAME where no other is chosen, holds these."
    yield from _list(_FILES)
    yield ".SH ENVIRONMENT"
    yield from _list(_ENVIRONMENT)
    yield ".SH EXIT STATUS"
    yield from _list(exit_codes.rows())


def _commands(parent: click.Context) -> Iterator[str]:
    """Yield a section for each command of a group, and for those of groups in it."""
    group = parent.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        if command is None:
            continue
        context = click.Context(command, parent, info_name=name)
        yield f".SS {_usage(context)}"
        yield from _described(_paragraphs(command))
        yield from _options(context)
        yield from _commands(context)


def _usage(context: click.Context) -> str:
    pieces = " ".join(context.command.collect_usage_pieces(context))
    return f"\\fB{_text(context.command_path)}\\fR {_text(pieces)}"


def _paragraphs(command: click.Command) -> list[str]:
    """Return the paragraphs of a command's help; one that begins with a backspace keeps its lines."""
    return re.split(r"\n\s*\n", inspect.cleandoc(command.help or ""))


def _described(paragraphs: list[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        yield ".PP"
        if not paragraph.startswith("\b"):
            yield _text(" ".join(paragraph.split()))
            continue
        title, *lines = paragraph.lstrip("\b\n").splitlines()
        yield _text(title)
        yield from (".RS 4", ".EX", *map(_text, textwrap.dedent("\n".join(lines)).splitlines()), ".EE", ".RE")


def _options(context: click.Context) -> Iterator[str]:
    shared = context.help_option_names if context.parent else ()
    for parameter in context.command.get_params(context):
        # What a command takes as arguments is told in its help, and what --help does is the same everywhere.
        if isinstance(parameter, click.Option) and not set(parameter.opts) & set(shared):
            record = parameter.get_help_record(context)
            yield from _list([record] if record else [])


def _list(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, meaning in rows:
        yield from (".TP", f"\\fB{_text(name)}\\fR", _text(meaning))


# What roff would obey, or take for a finer character than the one that can be typed into a shell.
_ESCAPES = str.maketrans(
    {"\\": "\\e", "-": "\\-", "'": "\\(aq", '"': "\\(dq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
)


def _text(text: str) -> str:
    """Return text so that roff prints it as it is."""
    escaped = text.translate(_ESCAPES)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
