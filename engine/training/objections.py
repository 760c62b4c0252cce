"""What is raised about arguments that cannot be used."""

from __future__ import annotations

# Constructors and layers raise these, as PyTorch does.
OBJECTIONS = (AssertionError, ValueError, RuntimeError, TypeError, IndexError, NotImplementedError)


def one_line(error: BaseException) -> str:
    """Return the message of an error without its line breaks."""
    return " ".join(str(error).split())


def without_hint(error: BaseException) -> str:
    """Return the message of an error in one line, without what PyTorch would advise."""
    return one_line(error).partition(" Hint: ")[0]
