"""Text for terminals."""

from __future__ import annotations

import click


def printable(text: str) -> str:
    """Return text in one line, with characters that a terminal would obey written as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def announce_compilation(*, quiet: bool = False) -> None:
    """If kernels have to be compiled, share that with a second process, and say so on standard error unless `quiet`.

    Only then does a command take long to begin.
    """
    from nnkit.kernels.cpu import ahead, compiler  # Numba takes half a second to import; --help does not need it.

    def announce() -> None:
        kept = compiler.is_kept()
        how_often = "once; it takes about a quarter of a minute" if kept else "for this run; it takes half a minute"
        if not quiet:
            click.echo(f"compiling the kernels for this machine, {how_often}", err=True)
        ahead.start()

    compiler.announce_compilation(announce)
