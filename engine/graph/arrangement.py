"""Where the boxes of a graph are, the frames around those that repeat, and the arrows between them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from nnkit.graph import layered
from nnkit.graph.boxes import Box, box_of, more_box
from nnkit.graph.geometry import Path, Placement, Point, Size, Wire, go_across
from nnkit.graph.interior import Interior, Port
from nnkit.graph.tracing import Fold, Graph
from nnkit.graph.view import Link, View

Layout = Callable[[Mapping[Hashable, Size], Sequence[Wire]], Placement]

# What is less than this apart is in the same place.
_TOUCHING = 0.6
_NOTE = 6.0


@dataclass(frozen=True)
class PlacedBox:
    """A box and its upper left corner.

    Attributes:
        number: that of its node; for what is hidden behind a node the complement of that one's number.
    """

    number: int
    box: Box
    corner: Point


@dataclass(frozen=True)
class Frame:
    """What surrounds the first of some repetitions."""

    fold: Fold
    title: str
    note: str
    corner: Point
    size: Size


@dataclass(frozen=True)
class Arrow:
    """A link as curves.

    Attributes:
        link: what it shows.
        paths: pieces that follow each other; what other arrows have already is left out.
        has_head: whether it ends at its target, and not where it meets another arrow that leads there.
        note_at: where there is room for what is to be said about it, to the right of that point.
    """

    link: Link
    paths: tuple[Path, ...]
    has_head: bool
    note_at: Point


@dataclass(frozen=True)
class Arrangement:
    """A whole drawing, its upper left corner at (0, 0)."""

    boxes: tuple[PlacedBox, ...]
    frames: tuple[Frame, ...]
    arrows: tuple[Arrow, ...]
    width: float
    height: float


def arrange(graph: Graph, layout: Layout = layered.place) -> Arrangement:
    """Lay a graph out, the result at the top, of repetitions the first one in a frame.

    Args:
        graph: what to lay out.
        layout: finds places for frames and for what is outside of them.
    """
    view = View(graph)
    boxes = {node.number: box_of(node, view.alike(node.number)) for node in view.nodes}
    links = list(view.links)
    for node in view.nodes:
        if node.hidden:
            boxes[~node.number] = more_box(node.hidden)
            links.append(Link(node.number, ~node.number))
    insides = _insides(view, boxes)
    interiors = list(dict.fromkeys(insides.values()))
    routes = [_Route(link, insides.get(link.source), insides.get(link.target)) for link in links]
    for interior in interiors:
        interior.lay_out()
    # What is in a frame is part of the frame.
    sizes: dict[Hashable, Size] = {
        insides.get(number, number): insides.get(number, box).size for number, box in boxes.items()
    }
    wires = list(dict.fromkeys(wire for route in routes for wire in route.outside()))
    placement = layout(sizes, wires)
    for interior in interiors:
        interior.corner = placement.corners[interior]
    corners = {
        number: insides[number].place_of(number) if number in insides else placement.corners[number] for number in boxes
    }
    paths = dict(zip(wires, placement.paths, strict=True))
    drawn: set[Hashable] = set()
    return Arrangement(
        boxes=tuple(PlacedBox(number, box, corners[number]) for number, box in boxes.items()),
        frames=tuple(Frame(each.fold, each.title, each.note, each.corner, each.size) for each in interiors),
        arrows=tuple(_arrow(route, paths, corners, drawn) for route in routes),
        width=placement.width,
        height=placement.height,
    )


def _insides(view: View, boxes: Mapping[int, Box]) -> dict[int, Interior]:
    """Return the frame of each box that is in one."""
    insides: dict[int, Interior] = {}
    for fold in view.graph.folds:
        members = [number for number in boxes if view.fold_of(max(number, ~number)) is fold]
        missing = [
            view.graph.nodes[number].name
            for number, other in zip(fold.template, fold.repetitions[-1], strict=True)
            if other is None
        ]
        note = f"the last without {', '.join(missing)}" if missing else ""
        insides |= dict.fromkeys(members, Interior(fold, note, {number: boxes[number].size for number in members}))
    return insides


class _Route:
    """The arrows inside and outside of frames that a link consists of."""

    def __init__(self, link: Link, start: Interior | None, end: Interior | None) -> None:
        self.link, self.start, self.end = link, start, end
        self.leaving: Wire | None = None
        self.entering: Wire | None = None
        if start is not None and start is end and not link.is_carried:
            self.entering = start.connect(link.source, link.target)
            return
        ways = ("next", "again") if link.is_carried else ("out", "in")
        if start is not None:
            self.leaving = start.connect(link.source, Port(ways[0], link.target))
        if end is not None:
            self.entering = end.connect(Port(ways[1], link.target), link.target)

    def outside(self) -> list[Wire]:
        """Return the arrow between frames, or what is in none; there is none for what stays in a frame."""
        if self.start is not None and self.start is self.end:
            return []
        target = self.link.target
        return [
            Wire(
                self.start or self.link.source,
                self.end or target,
                self.start.middle_offset(Port("out", target)) if self.start else None,
                self.end.middle_offset(Port("in", target)) if self.end else None,
            )
        ]


def _arrow(route: _Route, outside: Mapping[Wire, Path], corners: Mapping[int, Point], drawn: set[Hashable]) -> Arrow:
    """Return a link as curves; `drawn` are the parts that earlier ones have drawn, and is added to."""
    start, end, link = route.start, route.end, route.link
    pieces: list[tuple[Hashable, Path]] = []
    if start and route.leaving:
        pieces.append(((start, route.leaving), start.path(route.leaving)))
    if start and end and link.is_carried:
        pieces.append(((start, link.target), start.way_back(link.target)))
    for wire in route.outside():
        path = list(outside[wire])
        if start:
            before = [start.place_of(Port("out", link.target))]
            go_across(before, path[0])
            path = [*before, *path[1:]]
        if end and abs(path[-1][1] - end.corner[1]) < _TOUCHING:
            go_across(path, end.place_of(Port("in", link.target)))
        pieces.append((wire, path))
    if end and route.entering:
        pieces.append(((end, route.entering), end.path(route.entering)))
    fresh = [(name, path) for name, path in pieces if name not in drawn]
    drawn.update(name for name, _ in fresh)
    is_first = bool(fresh) and fresh[-1][0] == pieces[-1][0]
    arrives = is_first and abs(fresh[-1][1][-1][1] - corners[link.target][1]) < _TOUCHING
    return Arrow(link, tuple(path for _, path in fresh), arrives, _note_at(route, pieces[0][1][0]))


def _note_at(route: _Route, start: Point) -> Point:
    """Return where an arrow crosses the edge of a frame, or is close to where it starts."""
    if route.start and route.outside():
        x, _ = route.start.place_of(Port("out", route.link.target))
        return x, route.start.corner[1] + route.start.size[1] - _NOTE
    if route.end and route.outside():
        x, _ = route.end.place_of(Port("in", route.link.target))
        return x, route.end.corner[1] - _NOTE
    return start[0], start[1] + 2 * _NOTE
