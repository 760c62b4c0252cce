"""Tables as wide as the terminal; what goes elsewhere has all columns, and all of their text."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from nnkit.cli.console import terminal_width

_UNLIMITED = 100_000
_SHORTEST = 16
_GAP = 2


def width() -> int:
    """Return how many characters a line may have."""
    return terminal_width(sys.stdout) or _UNLIMITED


def table(
    rows: Sequence[Sequence[str]], align: str, *, drop: Sequence[str] = (), shorten: int | None = None
) -> list[str]:
    """Return a line for each row.

    Args:
        rows: the cells, those of the headings first where there are any.
        align: a character for each column: < puts its text to the left, > to the right.
        drop: headings of the columns that a narrow terminal does without, in this order.
        shorten: number of the column whose text is cut where that is not enough.
    """
    most = width()
    columns = {number: max(len(row[number]) for row in rows) for number in range(len(align))}
    for heading in drop:
        if _total(columns) > most:
            del columns[rows[0].index(heading)]
    if shorten is not None:
        longest = most - _total(columns) + columns[shorten]
        columns[shorten] = max(min(columns[shorten], longest), min(columns[shorten], _SHORTEST))
    gap = " " * _GAP
    return [
        gap.join(f"{_cut(row[number], size):{align[number]}{size}}" for number, size in columns.items()).rstrip()
        for row in rows
    ]


def _total(columns: dict[int, int]) -> int:
    return sum(columns.values()) + _GAP * (len(columns) - 1)


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 3]}..."
