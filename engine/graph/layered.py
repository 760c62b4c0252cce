"""A layout of boxes in rows, with arrows that lead down and around boxes.

Each box is put in the row below the lowest of those that lead to it, the boxes of each row in an order that lets few
arrows cross, and then as near to those that they are connected with as the others leave room for.

Source: Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence

from nnkit.graph.columns import straighten
from nnkit.graph.geometry import Path, Placement, Size, Wire, go_across, go_down
from nnkit.graph.rows import Item, Rows, Segment

# Pixels between rows, and which part of the farthest way to the side they are further apart: a flat curve is hard to
# follow.
_BETWEEN, _SLANT = 34.0, 0.12


def place(
    sizes: Mapping[Hashable, Size],
    wires: Sequence[Wire],
    *,
    top: Collection[Hashable] = (),
    bottom: Collection[Hashable] = (),
    right: Collection[Hashable] = (),
) -> Placement:
    """Lay out boxes and the arrows between them, which must form no circle.

    Args:
        sizes: the width and height of each box.
        wires: the arrows.
        top: boxes that are to be alone in the first row; nothing may lead to them.
        bottom: boxes that are to be alone in the last row; they may lead to nothing.
        right: boxes that are to be to the right of the others of their row.

    Raises:
        ValueError: the arrows form a circle.
    """
    rows = Rows(sizes, wires, _rows_of(sizes, wires, top, bottom), right)
    straighten(rows)
    items = [item for row in rows.rows for item in row]
    left = min((item.x - item.size[0] / 2 for item in items), default=0.0)
    for item in items:
        item.x -= left
    tops, bottoms = _heights(rows)
    return Placement(
        corners={box: _corner(item, tops) for box, item in rows.boxes.items()},
        paths=[_path(chain, tops, bottoms) for chain in rows.chains],
        width=max((item.x + item.size[0] / 2 for item in items), default=0.0),
        height=bottoms[-1] if bottoms else 0.0,
    )


def _rows_of(
    sizes: Mapping[Hashable, Size], wires: Sequence[Wire], top: Collection[Hashable], bottom: Collection[Hashable]
) -> dict[Hashable, int]:
    waiting_for = dict.fromkeys(sizes, 0)
    below: dict[Hashable, list[Hashable]] = {box: [] for box in sizes}
    for wire in wires:
        waiting_for[wire.target] += 1
        below[wire.source].append(wire.target)
    order = [box for box, count in waiting_for.items() if not count]
    starts = [box for box in order if box not in top and below[box]]
    rows = {box: int(bool(top) and box not in top) for box in sizes}
    # The list grows while it is walked: a box joins it after all that lead to it.
    for box in order:
        for target in below[box]:
            rows[target] = max(rows[target], rows[box] + 1)
            waiting_for[target] -= 1
            if not waiting_for[target]:
                order.append(target)
    if len(order) < len(sizes):
        raise ValueError("arrows that lead in a circle cannot all lead down")
    for box in starts:
        rows[box] = min(rows[target] for target in below[box]) - 1
    last = 1 + max((row for box, row in rows.items() if box not in bottom), default=-1)
    return {box: last if box in bottom else row for box, row in rows.items()}


def _heights(rows: Rows) -> tuple[list[float], list[float]]:
    """Return the upper and the lower edge of each row."""
    tops, bottoms = [], []
    y = 0.0
    for row in rows.rows:
        tops.append(y)
        bottoms.append(y + max(item.size[1] for item in row))
        farthest = max((abs(_start(each) - _end(each)) for item in row for each in item.below), default=0.0)
        y = bottoms[-1] + _BETWEEN + min(farthest * _SLANT, _BETWEEN)
    return tops, bottoms


def _corner(item: Item, tops: Sequence[float]) -> tuple[float, float]:
    return item.x - item.size[0] / 2, tops[item.row]


def _start(segment: Segment) -> float:
    return segment.upper.x + segment.leaves


def _end(segment: Segment) -> float:
    return segment.lower.x + segment.arrives


def _path(chain: Sequence[Segment], tops: Sequence[float], bottoms: Sequence[float]) -> Path:
    """Return the way of an arrow: curves between rows, and straight down beside the boxes of a row."""
    first = chain[0].upper
    path = [(_start(chain[0]), tops[first.row] + first.size[1])]
    for segment in chain:
        go_down(path, bottoms[segment.upper.row])
        go_across(path, (_end(segment), tops[segment.lower.row]))
    return path
