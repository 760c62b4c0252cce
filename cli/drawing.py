"""Pictures and bars made of characters."""

from __future__ import annotations

import os
import sys

import click

# A character with neither, one or the other, and both of its halves filled; and what older encodings have for these.
_HALVES, _PLAIN_HALVES = " ▀▄█", " '.#"
# Of eight parts of a character's width, none to seven.
_PARTS = " ▏▎▍▌▋▊▉"


def drawn(image: object) -> list[str]:
    """Return an image as lines, two rows of pixels to a line: dark ones are blank."""
    import numpy as np

    bright = np.asarray(image) > 96
    if len(bright) % 2:
        bright = np.vstack([bright, np.zeros_like(bright[:1])])
    halves = _HALVES if _can_write(_HALVES) else _PLAIN_HALVES
    return [
        "".join(halves[upper + 2 * lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(bright[::2].tolist(), bright[1::2].tolist(), strict=True)
    ]


def bar(share: float, width: int) -> str:
    """Return a bar as long as a share of `width` characters, to an eighth of one."""
    if not _can_write(_PARTS):
        return _PLAIN_HALVES[-1] * round(width * share)
    eighths = round(8 * width * share)
    return ("█" * (eighths // 8) + _PARTS[eighths % 8]).rstrip()


def bold(text: str) -> str:
    """Return text that a terminal shows in bold; without a terminal, or with NO_COLOR, it is returned as it is."""
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else click.style(text, bold=True)


def _can_write(characters: str) -> bool:
    """Return whether the encoding of standard output has these characters."""
    try:
        characters.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
