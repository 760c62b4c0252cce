"""Pictures and bars made of characters."""

from __future__ import annotations

import os
import sys

import click

# Of eight parts of a character's width, none to seven.
_PARTS = " ▏▎▍▌▋▊▉"


def drawn(image: object) -> list[str]:
    """Return an image as lines, two rows of pixels to a line: dark ones are blank."""
    import numpy as np

    bright = np.asarray(image) > 96
    if len(bright) % 2:
        bright = np.vstack([bright, np.zeros_like(bright[:1])])
    blocks = " ▀▄█"
    return [
        "".join(blocks[upper + 2 * lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(bright[::2].tolist(), bright[1::2].tolist(), strict=True)
    ]


def bar(share: float, width: int) -> str:
    """Return a bar as long as a share of `width` characters, to an eighth of one."""
    eighths = round(8 * width * share)
    return ("█" * (eighths // 8) + _PARTS[eighths % 8]).rstrip()


def bold(text: str) -> str:
    """Return text that a terminal shows in bold; without a terminal, or with NO_COLOR, it is returned as it is."""
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else click.style(text, bold=True)
