"""What the command ends with, for scripts: one table behind the help, the manual page and the README."""

from __future__ import annotations

from nnkit.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    FileAccessError,
    LockedError,
    NnkitError,
    NonFiniteError,
)

HANGUP, INTERRUPTED, TERMINATED = 129, 130, 143
BROKEN_PIPE = 141

EXIT_CODES: tuple[tuple[tuple[int, ...], str], ...] = (
    ((0,), "done"),
    ((NnkitError.exit_code,), "a bug of nnkit"),
    ((ConfigError.exit_code,), "wrong usage or config"),
    ((DataError.exit_code,), "data missing or damaged"),
    ((CheckpointError.exit_code,), "checkpoint damaged or unfit, or not to be exported"),
    ((NonFiniteError.exit_code,), "the loss or a gradient became NaN or infinite"),
    ((FileAccessError.exit_code,), "the file system refused, or there is not enough memory"),
    ((LockedError.exit_code,), "another run has the folder, or another program the port"),
    ((HANGUP, INTERRUPTED, TERMINATED), "ended by SIGHUP, SIGINT (Ctrl-C) or SIGTERM"),
    ((BROKEN_PIPE,), "the reader of the output went away"),
)


def rows() -> list[tuple[str, str]]:
    """Return the table as text: the codes of a row, and what they mean."""
    return [(", ".join(map(str, codes)), meaning) for codes, meaning in EXIT_CODES]
