"""A program of one operation: it is declared for arrays of some sizes and run on all that follow."""

from __future__ import annotations

import functools
import math
from itertools import accumulate
from typing import Any

import numpy as np

from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.instructions import Operand
from nnkit.kernels.cpu.program import SLOTS, WORTH_STARTING, Program, work
from nnkit.kernels.layout import LANES, Array, padded
from nnkit.kernels.memory import address, aligned


class EagerProgram(Program):
    """A program for arrays of fixed sizes: operands are declared in the order in which `run` takes their arrays.

    Args:
        images: the batch.
        dtype: of all operands but labels and bytes.
        distance: the batch rounded up to whole blocks, if it is not that already.
    """

    def __init__(self, images: int, dtype: np.dtype[Any], distance: int | None = None) -> None:
        super().__init__(distance or images)
        self._images, self._dtype = images, dtype
        self._blocks = padded(images) // LANES
        self._operands = [Operand(0, 0)]
        self._scratch: list[tuple[int, ...]] = []
        # What no call is using: another thread, or a signal's handler in this one, can be in the middle of a run.
        self._idle: list[tuple[Any, Array]] = []

    def blocks(self, *shape: int) -> int:
        """Return an operand for blocks as `layout.to_blocks` makes them, given the shape of one image."""
        return self._operand(math.prod(shape) * self.distance, block_step=LANES)

    def rows(self, count: int) -> int:
        """Return an operand for images whose `count` elements each lie side by side."""
        return self._operand(self._images * count, block_step=LANES * count)

    def labels(self) -> int:
        """Return an operand for one int64 of each image."""
        return self._operand(self._images, block_step=LANES)

    def bytes(self, count: int) -> int:
        """Return an operand for contiguous bytes."""
        return self._operand(-(-count // self._dtype.itemsize))

    def whole(self, count: int) -> int:
        """Return an operand for contiguous memory that has nothing to do with images."""
        return self._operand(count)

    def chunks(self, count: int, chunk: int) -> int:
        """Return an operand for flat memory, of whose `count` chunks of so many elements each is a block."""
        return self._operand(count * chunk, block_step=chunk)

    def sums(self, *counts: int) -> list[int]:
        """Return operands for zeros that so many elements are added to: as `empty_slots` makes and clears them."""
        sizes = [_with_room(count) for count in counts]
        width = sum(sizes)
        found = [self._operand(size, slot_step=width) for size in sizes]
        for target, size in zip(found, sizes, strict=True):
            self.add(codes.CLEAR, result=target, length=size // LANES, once=1)
        return found

    def scratch(self, count: int) -> int:
        """See `Program.scratch`."""
        self._scratch.append((count, self.distance))
        return self.blocks(count)

    def slot(self, count: int) -> int:
        """See `Program.slot`."""
        from nnkit.kernels.cpu.executor import threads

        self._scratch.append((threads(), count))
        return self._operand(count, thread_step=count)

    def left_by_blocks(self, count: int) -> int:
        """See `Program.left_by_blocks`."""
        self._scratch.append((self._blocks, count))
        return self.chunks(self._blocks, count)

    def _operand(self, count: int, **steps: int) -> int:
        self._operands.append(Operand(0, count, **steps))
        return len(self._operands) - 1

    @functools.cached_property
    def is_small(self) -> bool:
        """Whether one thread does all of it; then one slot is enough for sums."""
        return work(self.instructions) * self._blocks < WORTH_STARTING

    @functools.cached_property
    def slot_count(self) -> int:
        """How many slots there are for partial sums."""
        return 1 if self.is_small else min(max(self._blocks, 1), SLOTS)

    def empty_slots(self, *counts: int) -> list[Array]:
        """Return memory (slots, count and more) for several sums, which the program clears if there are images.

        The first of them is all of the memory, and the others begin further right in it.
        """
        sizes = [_with_room(count) for count in counts]
        memory = aligned((self.slot_count, sum(sizes)), self._dtype, zero=not self._images)
        ends = accumulate(sizes)
        return [memory[:, end - size :] if end > size else memory for size, end in zip(sizes, ends, strict=True)]

    def _new_executable(self) -> tuple[Any, Array]:
        """Return an executable, and the addresses in it that a call writes."""
        # Numba takes half a second to import, so nothing that only looks at tensors waits for it.
        from nnkit.kernels.cpu.executor import Executable

        operands = codes.operand_table(self._operands)
        executable = Executable(codes.instruction_table(self.instructions), operands, self._dtype)
        return executable, operands["address"][1:]

    def run(self, *arrays: Array) -> None:
        """Run on arrays whose memory is as it was declared."""
        try:
            mine = self._idle.pop()
        except IndexError:
            mine = self._new_executable()
        executable, addresses = mine
        scratch = [aligned(shape, self._dtype) for shape in self._scratch]
        addresses[:] = [address(array) for array in (*arrays, *scratch)]
        executable.run(self._images, self.slot_count, alone=self.is_small)
        self._idle.append(mine)


def _with_room(count: int) -> int:
    """Return the size of a slot, which also holds the vector that begins with the last element."""
    return padded(count) + LANES
