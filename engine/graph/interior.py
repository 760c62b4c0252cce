"""The inside of a frame: the first of some repetitions, what enters and leaves it, and the ways back to its top."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from nnkit.graph import layered
from nnkit.graph.boxes import text_width
from nnkit.graph.geometry import Path, Placement, Point, Size, Wire, rounded
from nnkit.graph.tracing import Fold

TITLE_SIZE, NOTE_SIZE = 13.0, 11.0
# Above for the title, around, and for each way back.
_TITLE, _MARGIN, _LANE = 36.0, 18.0, 14.0
# How far the first way back is from the boxes.
_NEAREST = 8.0


class Port(NamedTuple):
    """Where an arrow crosses the edge of a frame, or where a way back begins or ends.

    Attributes:
        use: "in", "out", and "next" and "again" for the two ends of a way back.
        target: the number of the node that the arrow leads to.
    """

    use: str
    target: int


class Interior:
    """The inside of a frame, laid out by itself.

    Args:
        fold: the repetitions.
        note: what is to be known about them.
        sizes: the boxes of the first repetition.

    Attributes:
        title: how many there are.
        corner: the upper left corner of the frame, once that is known.
    """

    def __init__(self, fold: Fold, note: str, sizes: Mapping[int, Size]) -> None:
        self.fold, self.note = fold, note
        self.title = f"\N{MULTIPLICATION SIGN} {fold.count:,}"
        self.corner: Point = (0.0, 0.0)
        self._sizes: dict[Hashable, Size] = dict(sizes.items())
        self._wires: dict[Wire, None] = {}

    def connect(self, source: int | Port, target: int | Port) -> Wire:
        """Add an arrow between boxes, or from or to a port."""
        for end in (source, target):
            self._sizes.setdefault(end, (0.0, 0.0))
        wire = Wire(source, target)
        self._wires[wire] = None
        return wire

    def lay_out(self) -> None:
        """Find a place for all that has been added."""
        ports = [name for name in self._sizes if isinstance(name, Port)]
        self._lanes = [port.target for port in ports if port.use == "again"]
        self._placement: Placement = layered.place(
            self._sizes,
            list(self._wires),
            top=[port for port in ports if port.use in ("in", "again")],
            bottom=[port for port in ports if port.use in ("out", "next")],
            right=[port for port in ports if port.use in ("again", "next")],
        )
        self._paths = dict(zip(self._wires, self._placement.paths, strict=True))
        lanes = _LANE * len(self._lanes)
        text = text_width(self.title, TITLE_SIZE) + text_width(self.note, NOTE_SIZE) + 10
        self.size: Size = (
            max(self._placement.width + lanes, text) + 2 * _MARGIN,
            self._placement.height + _TITLE + 2 * lanes + _MARGIN,
        )
        self._offset: Point = (
            (self.size[0] - self._placement.width - lanes) / 2,
            _TITLE + lanes,
        )

    def place_of(self, name: int | Port) -> Point:
        """Return the upper left corner of a box, or where a port is."""
        x, y = self._placement.corners[name]
        return x + self._offset[0] + self.corner[0], y + self._offset[1] + self.corner[1]

    def middle_offset(self, port: Port) -> float:
        """Return how far to the right of the frame's middle a port is."""
        return self._placement.corners[port][0] + self._offset[0] - self.size[0] / 2

    def path(self, wire: Wire) -> Path:
        """Return the way of an arrow inside."""
        x, y = self._offset[0] + self.corner[0], self._offset[1] + self.corner[1]
        return [(a + x, b + y) for a, b in self._paths[wire]]

    def way_back(self, target: int) -> Path:
        """Return the way along the right side, from the bottom to the top, where the next repetition begins."""
        start, end = self.place_of(Port("next", target)), self.place_of(Port("again", target))
        distance = _LANE * (1 + self._lanes.index(target)) - (_LANE - _NEAREST)
        right = self.corner[0] + self._offset[0] + self._placement.width + distance
        bottom, top = start[1] + distance, end[1] - distance
        return rounded([start, (start[0], bottom), (right, bottom), (right, top), (end[0], top), end])
