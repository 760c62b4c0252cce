"""The `nnkit` command: a group whose commands are imported when they are used."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import TextIO

import click

from nnkit.cli import exit_codes
from nnkit.cli.console import end_status, prepare_streams, settle_streams, tell, write
from nnkit.cli.group import Group, adopt, wants_debug
from nnkit.cli.signals import Signals, StoppedError
from nnkit.errors import ConfigError, FileAccessError, NnkitError
from nnkit.escapes import printable

# The one-line help stands here, so that `nnkit --help` imports no command, and with it no numerical library.
COMMANDS = {
    "train": ("nnkit.cli.train", "Train a network from a config."),
    "configs": ("nnkit.cli.configs", "List, print or copy the configs that come with nnkit."),
    "validate": ("nnkit.cli.validate", "Check configs without training."),
    "summary": ("nnkit.cli.summary", "Print the layers of a network and their sizes."),
    "schema": ("nnkit.cli.schema", "Print the JSON Schema of configs, for editors."),
    "eval": ("nnkit.cli.eval", "Measure a checkpoint on test images."),
    "predict": ("nnkit.cli.predict", "Read the digits in image files."),
    "play": ("nnkit.cli.play", "Draw a digit in the browser, and watch a network read it."),
    "export": ("nnkit.cli.export", "Write a network for other programs: ONNX, safetensors, npz."),
    "report": ("nnkit.cli.report", "Make the page about a run, or compare runs."),
    "runs": ("nnkit.cli.runs", "List the runs in a folder, the best first."),
    "profile": ("nnkit.cli.profile", "Measure where the time of a training step goes."),
    "data": ("nnkit.cli.data", "List, download, verify or look at the data sets."),
    "inspect-graph": ("nnkit.cli.inspect_graph", "Show or draw the grad_fn graph behind a loss."),
    "env": ("nnkit.cli.env", "Print versions and the machine, for bug reports."),
    "completion": ("nnkit.cli.completion", "Make bash, zsh or fish complete nnkit."),
    "man": ("nnkit.cli.man", "Print the manual page."),
}

# How `nnkit --help` puts them together.
SECTIONS = {
    "Train": ("train", "report", "runs", "profile"),
    "Use what was trained": ("eval", "predict", "play", "export"),
    "Look into networks": ("summary", "inspect-graph"),
    "Configs and data": ("configs", "validate", "schema", "data"),
    "Help": ("env", "completion", "man"),
}
# The variable in which a shell says that it wants completions.
COMPLETION = "_NNKIT_COMPLETE"


class LazyGroup(Group):
    """A group that knows its commands by the modules that define them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = importlib.import_module(module).command
        return adopt(command)

    def summaries(self, ctx: click.Context) -> dict[str, str]:
        """Return the names of the commands, each with what it does."""
        return {name: text for name, (_, text) in COMMANDS.items()}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their one-line help, in sections."""
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name][1]) for name in names if name in COMMANDS])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes."""
        with formatter.section("Exit codes"):
            formatter.write_dl(exit_codes.rows())


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Train, evaluate and look into small neural networks.

    Options may stand anywhere on the line.

    \b
    Examples:
      nnkit train quickstart
      nnkit eval runs/quickstart/best.safetensors
      nnkit train --help
    """  # noqa: D301 (click wants the character, not a backslash)


adopt(cli, hidden=False)


def main() -> None:
    """Run the command line of this process, and exit."""
    instruction = os.environ.get(COMPLETION)
    if instruction:
        from nnkit.cli.completion import answer

        sys.exit(answer(instruction))
    prepare_streams()
    warnings.showwarning = _show_warning
    try:
        with Signals() as signals:
            code = run(sys.argv[1:], signals)
            settle_streams()
    except StoppedError as stop:
        # Between two lines of this function there is nothing left to tell.
        code = stop.exit_code
    sys.exit(code)


def run(arguments: Sequence[str], signals: Signals | None = None) -> int:
    """Run a command line and return its exit code; every failure is told in one line on stderr.

    Args:
        arguments: those behind the name of the command.
        signals: where commands ask whether they are to end, instead of being interrupted.
    """
    context: click.Context | None = None
    try:
        with cli.make_context("nnkit", list(arguments) or ["--help"], obj=signals) as context:
            cli.invoke(context)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except KeyboardInterrupt as stop:
        _say(str(stop) or "interrupted")
        return stop.exit_code if isinstance(stop, StoppedError) else exit_codes.INTERRUPTED
    except BrokenPipeError:
        return exit_codes.BROKEN_PIPE
    except Exception as error:
        if context is not None and wants_debug(context):
            raise
        return _explain(error)
    finally:
        end_status()
    return 0


def _explain(error: Exception) -> int:
    """Tell about an error in one line (a config has one for each of its problems); return the exit code."""
    if isinstance(error, click.ClickException):
        # A group of commands without a command; older versions of click do not have the class.
        if type(error).__name__ == "NoArgsIsHelpError":
            write(error.format_message())
            return 0
        _say(f"error: {_in_one_style(error.format_message())}{_help_hint(error)}")
        return error.exit_code
    if isinstance(error, NnkitError):
        for line in error.lines:
            _say(f"error: {line}")
        return error.exit_code
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        detail = f" ({error})" if str(error) else ""
        _say(f"error: there is not enough memory{detail}; a smaller data.batch_size needs less")
        return FileAccessError.exit_code
    if isinstance(error, OSError):
        _say(f"error: {error.filename or 'input/output'}: {error.strerror or error}")
        return FileAccessError.exit_code
    # Where the user's Python ran, this has been imported; and where not, it is not the cause.
    user_code = sys.modules.get("nnkit.training.user_code")
    fault = user_code.fault(error) if user_code else None
    if fault:
        _say(f"error: {fault} (nnkit --debug ... shows the traceback)")
        return ConfigError.exit_code
    _say(f"error: {type(error).__name__}: {error} (a bug in nnkit; nnkit --debug ... shows the traceback)")
    return NnkitError.exit_code


def _in_one_style(message: str) -> str:
    """Return a message of click in one line, as nnkit's own are written; those are returned as they are."""
    if not message.startswith(("Missing ", "No such option", "Got unexpected", "Invalid value", "Option ")):
        return message
    line = " ".join(message.split()).rstrip(".")
    for more in ("Did you mean", "Choose from"):
        line = line.replace(f". {more}", f", {more[0].lower()}{more[1:]}")
    return line[0].lower() + line[1:]


def _help_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f" (see {context.command_path} --help)" if context else ""


def _say(message: str) -> None:
    tell(f"nnkit: {printable(message)}")


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int,
    file: TextIO | None = None, line: str | None = None,
) -> None:  # fmt: skip
    _say(f"warning: {message}")
