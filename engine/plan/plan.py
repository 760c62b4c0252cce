"""A step that was recorded once and runs without Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnkit.kernels.backend import Pixels
from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.instructions import Operand
from nnkit.kernels.cpu.program import SLOTS, work
from nnkit.kernels.layout import LANES, Array
from nnkit.kernels.memory import address, aligned
from nnkit.plan.memory import Memory, padded
from nnkit.plan.program import PlanProgram
from nnkit.plan.symbols import FLOAT32, Symbol

# Work of one call in multiply-adds: a hundredth of a second, or a tenth on an old machine, so that Ctrl-C is answered.
CALL_WORK = 1e9


class Source(NamedTuple):
    """Where a plan finds its images: in blocks in `array`, or as pixels, whose places are in `array`."""

    array: Array
    operand: int = 0


class Plan:
    """A program for batches of one size, and the memory that it runs in.

    Args:
        program: the instructions; it ends with what it needs to know below.
        source: where the images come from.
        labels: what the labels are written to.
        losses: where the program leaves the loss of each image.
        logits: where it leaves the logits, which `PlanProgram.lasting` has made last.
        factor: what the sum of the losses is multiplied by.
        gradients: for each parameter, in their order, where its gradient is added up.
        remade: memory that is filled anew before each step, and what makes its array (N, ...).

    Attributes:
        gradients: those of the last step, in the shapes of the parameters.
        executable: what runs the program.
        slots: how many shares of the batch have sums of their own.
        sums_are_finite: whether all numbers of `gradients` are.
    """

    def __init__(
        self,
        program: PlanProgram,
        source: Source,
        labels: Array,
        losses: Symbol,
        logits: Symbol,
        factor: float,
        gradients: Sequence[Symbol],
        remade: Sequence[tuple[Symbol, Callable[[], Array]]],
    ) -> None:
        from nnkit.kernels.cpu.executor import Executable, add_slots, threads
        from nnkit.kernels.cpu.loss import read_step

        self.program, self.batch = program, program.batch
        self._source, self._labels = source, labels
        self._losses: Array = losses.memory.array.reshape(-1)[: program.batch]  # type: ignore[union-attr]
        self.classes = logits.shape[1]
        self._logits: Array = logits.memory.array  # type: ignore[assignment]
        self._factor = np.float32(factor)
        self._add_slots, self._read = add_slots, read_step
        self.sums_are_finite = True
        self._pixels: Array | None = None
        self._remade = remade
        self.slots = min(program.blocks, SLOTS)
        sums = [each.memory.final() for each in gradients]
        size = program.place_sums(list(dict.fromkeys(sums)))
        self._sums = aligned((self.slots, padded(size) + LANES), np.float32, zero=True)
        self._flat = aligned((size,), np.float32, zero=True)
        self.gradients = [_seen(self._flat, each) for each in gradients]
        arena, kept = program.place_images()
        self._arena = aligned((threads(), padded(arena)), np.float32, zero=True)
        self._kept = aligned((program.blocks, padded(kept)), np.float32, zero=True)
        self._shared = aligned((program.place_sums(program.shared()),), np.float32, zero=True)
        # Addresses do not keep arrays alive.
        self._alive = [memory.array for memory, _ in program.operands]
        self._set_operands(program)
        vectors = self._sums.shape[1] // LANES
        clear = codes.Instruction(codes.CLEAR, result=len(program.operands), length=vectors, once=1)
        table = codes.instruction_table([clear, *program.instructions] if gradients else program.instructions)
        self.executable = Executable(table, self._operands, FLOAT32)
        self._window = max(1, int(CALL_WORK / max(work(program.instructions), 1) / self.slots))

    def _set_operands(self, program: PlanProgram) -> None:
        operands = [Operand(0, 0), *(self._operand(*each) for each in program.operands[1:])]
        operands.append(self._operand(Memory(self._sums.shape[1], of_images=False, is_sum=True), 0))
        self._operands = codes.operand_table(operands)

    def _operand(self, memory: Memory, offset: int) -> Operand:
        offset += memory.start
        memory = memory.final()
        start = memory.place + offset
        if memory.array is not None:
            array = memory.array
            step = memory.size if memory.of_images else 0
            return Operand(address(array) + offset * array.itemsize, _elements(array) - offset, block_step=step)
        if memory.is_sum:
            width = self._sums.shape[1]
            return Operand(address(self._sums) + 4 * start, width - start, slot_step=width)
        if not memory.of_images:
            return Operand(address(self._shared) + 4 * start, self._shared.size - start)
        if memory.is_kept:
            width = self._kept.shape[1]
            return Operand(address(self._kept) + 4 * start, self._kept.size - start, block_step=width)
        width = self._arena.shape[1]
        return Operand(address(self._arena) + 4 * start, width - start, thread_step=width)

    def run(self, images: Array | Pixels, labels: Array) -> tuple[float, Array]:
        """Take the step for images (N, C, H, W) or pixels and labels (N,), and leave the gradients in `gradients`.

        Returns:
            The loss, and the logits (N, K).
        """
        if isinstance(images, Pixels):
            self._find(images.images)
            self._source.array[:] = images.places
        else:
            write_blocks(images, self._source.array)
        self._labels[:] = labels
        for symbol, make in self._remade:
            write_blocks(np.moveaxis(make(), symbol.batch_axis, 0), symbol.memory.array)
        self._execute()
        # A copy, because the next step writes there.
        logits = np.empty((self.batch, self.classes), np.float32)
        return float(self._read(self._losses, self._logits, logits) * self._factor), logits

    def _find(self, pixels: Array) -> None:
        """Read the images of a step from here on."""
        if pixels is not self._pixels:
            self._pixels = pixels  # an address does not keep it alive
            operand = self._operands[self._source.operand]
            operand["address"], operand["elements"] = address(pixels), _elements(pixels)

    def _execute(self) -> None:
        self.executable.run(self.batch, self.slots, self._window)
        if self._flat.size:
            self.add_up()

    def add_up(self) -> None:
        """Write to `gradients` what the slots come to together."""
        self.sums_are_finite = not self._add_slots(self._sums, self._flat)


def write_blocks(array: Array, target: Any) -> None:
    """Write an array (N, ...) into blocks (blocks, ..., LANES); images beyond N stay as they are."""
    whole = len(array) // LANES
    inner = array.shape[1:]
    lanes_last = (0, *range(2, array.ndim + 1), 1)
    target[:whole] = array[: whole * LANES].reshape(whole, LANES, *inner).transpose(lanes_last)
    rest = array[whole * LANES :]
    if len(rest):
        target[whole, ..., : len(rest)] = np.moveaxis(rest, 0, -1)


def _seen(flat: Array, symbol: Symbol) -> Array:
    """Return the part of the gradients that a symbol stands for, in its shape."""
    start = symbol.memory.final().place + symbol.memory.start + symbol.offset
    strides = tuple(4 * stride for stride in symbol.strides)
    view: Array = np.lib.stride_tricks.as_strided(flat[start:], symbol.shape, strides)
    return view


def _elements(array: Array) -> int:
    """Return how many elements of a program an array spans: numbers, or bytes of which four are one."""
    if array.dtype == np.uint8:
        return -(-array.nbytes // 4)
    last = sum((size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True))
    return last // array.itemsize + 1 if array.size else 0
