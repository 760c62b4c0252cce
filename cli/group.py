"""Groups of commands, whose options may stand anywhere on the line."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from nnkit import __version__
from nnkit.registry import closest

_DEBUG = "nnkit.debug"
# Columns of terminals: wider help is hard to read, and narrower terminals break its lines.
_WIDEST, _NARROW, _NARROWEST = 80, 60, 26


class Formatter(click.HelpFormatter):
    """Lays help out, in narrow terminals with the text of an option below it."""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names and what they mean, in two columns."""
        super().write_dl(list(rows), col_max if self.width >= _NARROW else 10, col_spacing)


class Context(click.Context):
    """A context whose help is laid out by `Formatter`."""

    def make_formatter(self) -> Formatter:
        """Return a formatter for this terminal, however narrow: click overflows those of less than 50 columns."""
        return Formatter(width=max(min(shutil.get_terminal_size().columns, _WIDEST), _NARROWEST) - 2)


class Group(click.Group):
    """A group whose options, and those of its commands, may stand before and behind the name of the command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words behind the name of the group; the name of a command may come after options of its own."""
        return super().parse_args(ctx, self._command_first(ctx, args))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, made like all others of nnkit."""
        command = super().get_command(ctx, cmd_name)
        return command and adopt(command)

    def summaries(self, ctx: click.Context) -> dict[str, str]:
        """Return the names of the commands, each with what it does."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        return {name: command.get_short_help_str(limit=100) for name, command in commands.items() if command}

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        """Return the commands, or the options, that begin so."""
        found = self.summaries(ctx).items()
        commands = [CompletionItem(name, help=text) for name, text in found if name.startswith(incomplete)]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with, or say which one was probably meant."""
        name, names = args[0], self.list_commands(ctx)
        if name in names or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        match = closest(name, names)
        hint = f", did you mean {match!r}?" if match else ""
        ctx.fail(f"no such command {name!r}{hint}")

    def _command_first(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move the word that is a command to the front, if it is options that stand before it."""
        if not args or not args[0].startswith("-"):
            return args
        words = args[: args.index("--")] if "--" in args else args
        names = self.list_commands(ctx)
        places = [place for place, word in enumerate(words) if word in names]
        if not places:
            return args
        # What an option is given may be called as a command is: --output runs.
        place = next((place for place in places if self._takes(ctx, args[place], args[:place])), places[0])
        return [args[place], *args[:place], *args[place + 1 :]]

    def _takes(self, ctx: click.Context, name: str, words: list[str]) -> bool:
        """Return whether words are options of a command, each with its value."""
        command = self.get_command(ctx, name)
        if command is None:
            return False
        try:
            _, rest, _ = command.make_parser(click.Context(command, ctx, name)).parse_args(list(words))
        except click.UsageError:
            return False
        return not rest


def adopt(command: click.Command, *, hidden: bool = True) -> click.Command:
    """Give a command the help and the options that all commands have, if it has not got them; return it."""
    command.context_class = Context
    if not any(parameter.name == "debug" for parameter in command.params):
        command.params += [
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_show_version,
                hidden=hidden,
                help="Print the version.",
            ),
            click.Option(
                ["--debug"],
                is_flag=True,
                # Before the others, whose values may be wrong.
                is_eager=True,
                expose_value=False,
                callback=_note_debug,
                envvar="NNKIT_DEBUG",
                hidden=hidden,
                help="Show the traceback of an error.",
            ),
        ]
    return command


def wants_debug(context: click.Context) -> bool:
    """Return whether errors are to be shown with their traceback."""
    return bool(context.meta.get(_DEBUG))


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"nnkit {__version__}")
        ctx.exit()


def _note_debug(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.meta[_DEBUG] = True
