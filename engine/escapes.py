"""Text from files and from the net, made harmless for terminals."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return text in one line, with characters that a terminal would obey written as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
