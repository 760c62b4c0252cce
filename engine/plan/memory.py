"""The memory between instructions, before and while it gets its place."""

from __future__ import annotations

from nnkit.kernels.layout import LANES, Array


class Memory:
    """Memory that instructions share, before it has a place.

    Attributes:
        size: elements in all: of one block of images, or of everything.
        of_images: whether each block of images has its own.
        array: the memory, where it exists already; blocks of images follow each other in it.
        is_sum: whether results of all images are added up in it.
        is_kept: whether a later phase needs what one has written: then it is not the thread's but the block's.
        place: where it begins in what it shares with others, once that is known.
    """

    def __init__(self, size: int, *, of_images: bool, array: Array | None = None, is_sum: bool = False) -> None:
        self.size = size
        self.of_images = of_images
        self.array = array
        self.is_sum = is_sum
        self.is_kept = False
        self.place = 0
        self._inside: tuple[Memory, int] | None = None

    def merge(self, other: Memory, offset: int = 0) -> None:
        """Let this memory be a part of another, `offset` elements from where that begins."""
        self.final()._inside = (other, offset)

    def final(self) -> Memory:
        """Return the memory that this one is a part of, or itself."""
        return self if self._inside is None else self._inside[0].final()

    @property
    def start(self) -> int:
        """Where this memory begins in the final one."""
        return 0 if self._inside is None else self._inside[0].start + self._inside[1]


def place_apart(spans: dict[Memory, list[int]]) -> int:
    """Give each memory a place, where none meets another that is needed at the same time; return the size of all."""
    placed: list[Memory] = []
    total = 0
    for memory in sorted(spans, key=lambda each: -each.size):
        first, last = spans[memory]
        others = [each for each in placed if spans[each][0] <= last and first <= spans[each][1]]
        place = 0
        for other in sorted(others, key=lambda each: each.place):
            if place + memory.size <= other.place:
                break
            place = max(place, other.place + padded(other.size))
        memory.place = place
        placed.append(memory)
        total = max(total, place + padded(memory.size))
    return total


def padded(size: int) -> int:
    """Return a size in elements rounded up so that what follows begins a cache line."""
    return -(-size // LANES) * LANES
