"""Boxes in rows, ordered so that few arrows cross."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from nnkit.graph.geometry import Size, Wire

_SWEEPS = 12
# How much it matters that an arrow is straight: where it passes rows, on the longest way down, and where it meets
# another, compared with all others.
_PASSING, _BACKBONE, _JOINING = 8.0, 4.0, 0.2


@dataclass(eq=False)
class Item:
    """A box, or a bend where arrows to the same place of a box pass a row; and where it is.

    Attributes:
        size: a bend has none.
        row: the number of its row.
        is_bend: whether it is one.
        order: its number in the row.
        x: where its middle is.
        above: what leads to it.
        below: what leads on from it.
    """

    size: Size
    row: int
    is_bend: bool = False
    order: int = 0
    x: float = 0.0
    above: list[Segment] = field(default_factory=list)
    below: list[Segment] = field(default_factory=list)


@dataclass(eq=False)
class Segment:
    """A part of an arrow, from one row to the next.

    Attributes:
        upper: where it begins.
        lower: where it ends.
        leaves: how far to the right of the upper item's middle it begins.
        arrives: how far to the right of the lower item's middle it ends.
        is_free: whether where it begins is still to be chosen.
        weight: how much it matters that it is straight.
        is_line: whether it is to be straight if anything is.
    """

    upper: Item
    lower: Item
    leaves: float
    arrives: float
    is_free: bool
    weight: float = 1.0
    is_line: bool = False


class Rows:
    """Boxes and bends in rows, and the parts of arrows between them.

    Args:
        sizes: the boxes.
        wires: the arrows, each of which leads to a later row.
        row_of: the row of each box.
        right: boxes that are to be to the right of the others of their row.

    Attributes:
        boxes: the item of each box.
        rows: the items of each row, from left to right.
        chains: the parts that each arrow consists of, until it meets an earlier one that leads to the same place.
    """

    def __init__(
        self,
        sizes: Mapping[Hashable, Size],
        wires: Sequence[Wire],
        row_of: Mapping[Hashable, int],
        right: Collection[Hashable] = (),
    ) -> None:
        self.boxes = {box: Item(size, row_of[box]) for box, size in sizes.items()}
        self._right = {self.boxes[box] for box in right}
        self.rows: list[list[Item]] = [[] for _ in range(1 + max(row_of.values(), default=-1))]
        for item in self.boxes.values():
            self.rows[item.row].append(item)
        self._bends: dict[tuple[Hashable, float | None, int], Item] = {}
        self._segments: dict[tuple[Item, Item, float | None, float | None], Segment] = {}
        self.chains = [self._chain(wire) for wire in wires]
        self._weigh()
        self._untangle()

    def _chain(self, wire: Wire) -> list[Segment]:
        chain: list[Segment] = []
        upper, target = self.boxes[wire.source], self.boxes[wire.target]
        leaves = wire.source_at
        for row in range(upper.row + 1, target.row + 1):
            name = (wire.target, wire.target_at, row)
            is_joined = name in self._bends
            lower = target if row == target.row else self._bends.get(name) or Item((0.0, 0.0), row, is_bend=True)
            if lower.is_bend and not is_joined:
                self._bends[name] = lower
                self.rows[row].append(lower)
            chain.append(self._segment(upper, lower, leaves, wire.target_at if lower is target else None))
            if is_joined:
                break
            upper, leaves = lower, 0.0
        return chain

    def _segment(self, upper: Item, lower: Item, leaves: float | None, arrives: float | None) -> Segment:
        name = (upper, lower, leaves, arrives)
        if name not in self._segments:
            segment = Segment(upper, lower, leaves or 0.0, arrives or 0.0, is_free=leaves is None)
            upper.below.append(segment)
            lower.above.append(segment)
            self._segments[name] = segment
        return self._segments[name]

    def _weigh(self) -> None:
        depths: dict[Item, int] = {}
        for row in reversed(self.rows):
            for item in row:
                # How far boxes lead on to boxes right below: what passes rows could be as long and is no way down.
                direct = [each for each in item.below if not each.lower.is_bend]
                deepest = max((depths[each.lower] for each in direct), default=0)
                depths[item] = deepest + 1
                longest = [each for each in direct if depths[each.lower] == deepest]
                for segment in item.below:
                    if item.is_bend and segment.lower.is_bend:
                        segment.weight, segment.is_line = _PASSING, True
                    elif segment.lower.is_bend and len(segment.lower.above) > 1:
                        segment.weight = _JOINING
                    elif longest == [segment]:
                        segment.weight, segment.is_line = _BACKBONE, segment.is_free and not segment.arrives

    def _untangle(self) -> None:
        """Order each row by the middles of what it is connected with, from above and from below, again and again."""
        self._number()
        fewest, best = self._crossings(), [list(row) for row in self.rows]
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            is_down = sweep % 2 == 0
            for row in self.rows if is_down else reversed(self.rows):
                towards = {item: _middle_of_neighbours(item, is_down) for item in row}
                row.sort(key=lambda item: (item in self._right, towards[item]))
                for order, item in enumerate(row):
                    item.order = order
            crossings = self._crossings()
            if crossings < fewest:
                fewest, best = crossings, [list(row) for row in self.rows]
        self.rows = best
        self._number()

    def _number(self) -> None:
        for row in self.rows:
            row.sort(key=lambda item: item in self._right)
            for order, item in enumerate(row):
                item.order = order

    def _crossings(self) -> int:
        count = 0
        for row in self.rows:
            segments = (segment for item in row for segment in item.below)
            passed: list[float] = []
            for _, end in sorted((_begins(each), _ends(each)) for each in segments):
                place = bisect.bisect_right(passed, end)
                count += len(passed) - place
                passed.insert(place, end)
        return count


def _middle_of_neighbours(item: Item, is_down: bool) -> float:
    ends = [_begins(each) for each in item.above] if is_down else [_ends(each) for each in item.below]
    return sum(ends) / len(ends) if ends else item.order


def _begins(segment: Segment) -> float:
    """Return where a segment leaves its row: the number of the item, and a part of it for the place on the item."""
    width = segment.upper.size[0]
    return segment.upper.order + (segment.leaves / width if width else 0.0)


def _ends(segment: Segment) -> float:
    width = segment.lower.size[0]
    return segment.lower.order + (segment.arrives / width if width else 0.0)
