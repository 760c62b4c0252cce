"""Connected regions of a mask, and the boxes around them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


class Box(NamedTuple):
    """A rectangle of pixels; bottom and right are the first beyond it."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """The number of columns."""
        return self.right - self.left

    @property
    def longest(self) -> int:
        """The number of pixels along the longer side."""
        return max(self.height, self.width)

    @property
    def slices(self) -> tuple[slice, slice]:
        """What picks these pixels from an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, margin: int) -> Box:
        """Return the box with so many pixels more on each side."""
        return Box(self.top - margin, self.left - margin, self.bottom + margin, self.right + margin)

    def scaled(self, factor: int) -> Box:
        """Return the box in a picture that is larger by a factor."""
        return Box(*(factor * side for side in self))

    def moved(self, down: int, right: int) -> Box:
        """Return the box at another place."""
        return Box(self.top + down, self.left + right, self.bottom + down, self.right + right)

    def within(self, shape: tuple[int, ...]) -> Box:
        """Return what of the box is inside of a picture."""
        return Box(max(self.top, 0), max(self.left, 0), min(self.bottom, shape[0]), min(self.right, shape[1]))

    def touches(self, shape: tuple[int, ...]) -> bool:
        """Return whether the box reaches the edge of a picture."""
        return self.top <= 0 or self.left <= 0 or self.bottom >= shape[0] or self.right >= shape[1]

    def overlaps(self, other: Box) -> bool:
        """Return whether the boxes share pixels."""
        return (
            self.top < other.bottom and other.top < self.bottom
            and self.left < other.right and other.left < self.right
        )  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class Region:
    """Pixels that touch each other, also at corners: where they are, and the sum of what they weigh."""

    rows: Integers
    columns: Integers
    mass: float
    box: Box


def enclosing(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around others."""
    tops, lefts, bottoms, rights = zip(*boxes, strict=True)
    return Box(min(tops), min(lefts), max(bottoms), max(rights))


def regions(mask: npt.NDArray[np.bool_], weights: npt.NDArray[np.float32], smallest: int) -> list[Region]:
    """Return the connected regions of a mask (H, W), each with the sum of its weights (H, W).

    Those of fewer than `smallest` pixels are left out.
    """
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return []
    names = _names(mask)
    order = np.argsort(names, kind="stable")
    starts = np.flatnonzero(np.diff(names[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    result = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - start >= smallest:
            r, c = rows[order[start:end]], columns[order[start:end]]
            box = Box(int(r.min()), int(c.min()), int(r.max()) + 1, int(c.max()) + 1)
            result.append(Region(r, c, float(weights[r, c].sum()), box))
    return result


def _names(mask: npt.NDArray[np.bool_]) -> Integers:
    """Return for each pixel of a mask, in the order of rows, the lowest number of a pixel of its region.

    Every pixel takes the lowest name among its neighbours, and then the name of the pixel that it is named after,
    until nothing changes: the number of rounds grows with the logarithm of a region's length.
    """
    numbers = np.full((mask.shape[0] + 1, mask.shape[1] + 2), -1)
    numbers[:-1, 1:-1][mask] = np.arange(np.count_nonzero(mask))
    here = numbers[:-1, 1:-1]
    pairs = []
    for neighbour in (numbers[:-1, 2:], numbers[1:, :-2], numbers[1:, 1:-1], numbers[1:, 2:]):
        both = (here >= 0) & (neighbour >= 0)
        pairs.append(np.stack([here[both], neighbour[both]]))
    one, other = np.concatenate(pairs, axis=1)
    names = np.arange(np.count_nonzero(mask))
    while True:
        lower, upper = np.minimum(names[one], names[other]), np.maximum(names[one], names[other])
        if (lower == upper).all():
            return names
        np.minimum.at(names, upper, lower)
        while (names[names] != names).any():
            names = names[names]
