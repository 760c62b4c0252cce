"""Boxes, and the curves of the arrows between them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Point = tuple[float, float]
Size = tuple[float, float]
# A start, and for each cubic curve that follows two control points and its end.
Path = list[Point]

_CORNER = 8.0


class Wire(NamedTuple):
    """An arrow between two boxes, and how far from their middles it leaves and arrives; None for wherever is best."""

    source: Hashable
    target: Hashable
    source_at: float | None = None
    target_at: float | None = None


@dataclass(frozen=True)
class Placement:
    """Where everything is.

    Attributes:
        corners: the upper left corner of each box.
        paths: the way of each arrow. What leads to the same place of a box may be joined on the way, so that a path
            ends at its target or where it meets an earlier path that leads there.
        width: of all of it, which begins at (0, 0).
        height: of all of it.
    """

    corners: dict[Hashable, Point]
    paths: list[Path]
    width: float
    height: float


def go_down(path: Path, y: float) -> None:
    """Let a path go straight down, or up, to a height."""
    x, before = path[-1]
    if y == before:
        return
    if len(path) > 3 and path[-4][0] == path[-3][0] == path[-2][0] == x:
        # One line instead of two.
        before = path[-4][1]
        del path[-3:]
    path += [(x, before + (y - before) / 3), (x, y - (y - before) / 3), (x, y)]


def go_across(path: Path, end: Point) -> None:
    """Let a path go down to a point in a curve that leaves and arrives downwards."""
    (x, y), middle = path[-1], (path[-1][1] + end[1]) / 2
    if x == end[0]:
        go_down(path, end[1])
    elif y == end[1]:
        path += [path[-1], end, end]
    else:
        path += [(x, middle), (end[0], middle), end]


def rounded(corners: Sequence[Point]) -> Path:
    """Return a way along corners, with the corners rounded."""
    path = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        start, end = _towards(corner, before), _towards(corner, after)
        _go_straight(path, start)
        path += [_between(start, corner), _between(end, corner), end]
    _go_straight(path, corners[-1])
    return path


def _go_straight(path: Path, end: Point) -> None:
    start = path[-1]
    if start != end:
        path += [_between(start, end, 1 / 3), _between(start, end, 2 / 3), end]


def _towards(corner: Point, other: Point) -> Point:
    """Return the point on the way from a corner to another that is the radius away, or half of the way."""
    length = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
    return _between(corner, other, min(_CORNER / length, 0.5)) if length else corner


def _between(first: Point, second: Point, part: float = 0.55) -> Point:
    return first[0] + part * (second[0] - first[0]), first[1] + part * (second[1] - first[1])
