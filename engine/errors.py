"""What can go wrong for a user, each kind with the exit code that the command line ends with."""

from __future__ import annotations


class NnkitError(Exception):
    """A failure that is explained in one line: what was given, what was expected, what to do next."""

    exit_code = 1

    @property
    def lines(self) -> list[str]:
        """What is told in a line each: the one failure, whatever characters its names have."""
        return [str(self)]


class ConfigError(NnkitError):
    """A config file, option or value that cannot be used; nothing has been created yet."""

    exit_code = 2


class DataError(NnkitError):
    """A data set file that is missing, damaged or inconsistent."""

    exit_code = 3


class CheckpointError(NnkitError):
    """A checkpoint that is damaged, foreign or does not fit the network."""

    exit_code = 4


class ExportError(NnkitError):
    """A network that another format cannot express, or another run-time does not run as nnkit does."""

    exit_code = 4


class NonFiniteError(NnkitError):
    """A loss or gradient that became NaN or infinite."""

    exit_code = 5


class FileAccessError(NnkitError):
    """The file system refused: permission, space, or a path that is not what it should be."""

    exit_code = 6


class LockedError(NnkitError):
    """Another process holds what this one needs."""

    exit_code = 7
