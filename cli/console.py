"""Text for terminals, and for what stands in their place."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Iterator
from typing import TextIO

import click

from nnkit.errors import FileAccessError
from nnkit.escapes import printable


def prepare_streams() -> None:
    """Make standard output and error ready, however they were left to this process.

    What their encoding does not have is written as escapes. Of closed ones, standard output fails when it is written
    to, and standard error is silent.
    """
    for descriptor, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest number that is free, which no other file must get: what is printed would be written into it.
            os.open(os.devnull, mode)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def settle_streams() -> None:
    """Let go of what could not be written: at its end the interpreter would try it again, and complain."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _discard(stream)


@contextlib.contextmanager
def standard_output() -> Iterator[None]:
    """Print to standard output within; if that fails, all that is printed later goes nowhere.

    Raises:
        FileAccessError: it cannot be written.
        BrokenPipeError: the reader has left.
    """
    end_status()
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard(sys.stdout)
        raise FileAccessError(f"standard output cannot be written: {error.strerror}") from None


def terminal_width(stream: TextIO) -> int | None:
    """Return how many columns a terminal has, or as many as COLUMNS says; None for a stream that is none."""
    if not stream.isatty():
        return None
    wanted = os.environ.get("COLUMNS", "")
    # A terminal that does not know says 0.
    return int(wanted if wanted.isdecimal() else 0) or os.get_terminal_size(stream.fileno()).columns or 80


def write(text: str) -> None:
    """Print lines to standard output.

    Raises:
        FileAccessError: it cannot be written.
        BrokenPipeError: the reader has left.
    """
    with standard_output():
        click.echo(text)


def tell(text: str) -> None:
    """Print a line to standard error; where that is not possible there is nobody left to tell."""
    end_status()
    try:
        click.echo(text, err=True)
    except OSError:
        _discard(sys.stderr)


def can_draw_again() -> bool:
    """Return whether standard error is a terminal that can go back in a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def show_status(text: str) -> None:
    """Say on a terminal what is being done, until the next line is printed: imports alone can take a second."""
    if can_draw_again():
        # A line that the terminal breaks could not be taken back.
        shown = printable(text)[: shutil.get_terminal_size().columns - 1]
        _erase_status.append(" " * len(shown))
        _show_in_line(shown)


def end_status() -> None:
    """Take back what `show_status` said."""
    while _erase_status:
        _show_in_line(_erase_status.pop())


# The blanks that cover what is on the line.
_erase_status: list[str] = []


def _show_in_line(text: str) -> None:
    try:
        click.echo(f"{text}\r", nl=False, err=True)
    except OSError:
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Send what a stream still holds, and all that will be written to it, nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def announce_compilation(*, quiet: bool = False) -> None:
    """If kernels have to be compiled, share that with a second process, and say so on standard error unless `quiet`.

    Only then does a command take long to begin.
    """
    from nnkit.kernels.cpu import announcement

    def announce() -> None:
        # What compiles has been imported by then, with Numba, which takes half a second.
        from nnkit.kernels.cpu import ahead, compiler

        kept = compiler.is_kept()
        how_often = "once; it takes about a quarter of a minute" if kept else "for this run; it takes half a minute"
        if not quiet:
            tell(f"compiling the kernels for this machine, {how_often}")
        ahead.start()

    announcement.announce_compilation(announce)
