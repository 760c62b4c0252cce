"""What runs programs: an operation's own, or the plan of a whole step.

Each kind of instruction is a machine function of its own, compiled when a program first needs it and called through its
address. So no kernel is compiled into another function, and a change of the executor compiles one loop.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numba
import numpy as np
from numba import types

# Imported for the instructions that they name.
from nnkit.kernels.cpu import (  # noqa: F401
    correlation,
    elementwise,
    gather,
    loss,
    normalization,
    padding,
    pooling,
    product,
    recurrent,
)
from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.clock import nanoseconds
from nnkit.kernels.cpu.compiler import KERNELS, call, inner_kernel, kernel, machine_function, parallel_kernel, prange
from nnkit.kernels.cpu.executor_python import blocks_in_python, together_in_python
from nnkit.kernels.cpu.instructions import Instruction, Operand
from nnkit.kernels.cpu.program import WORTH_STARTING, work
from nnkit.kernels.layout import LANES, Array

# Elements that one task of a sum works through: a share of the first-level cache.
TASK = 4096

_OPCODES = 1 + max(KERNELS)
_addresses: dict[np.dtype[Any], Array] = {}

# Columns of the tables, as plain numbers: records would be looked at by Numba field by field at each call.
_OPCODE, _INPUT, _OTHER, _BIAS, _RESULT, _SCRATCH, _LABELS, _ONCE = (
    Instruction._fields.index(name)
    for name in ("opcode", "input", "other", "bias", "result", "scratch", "labels", "once")
)
_ADDRESS, _BLOCK_STEP, _SLOT_STEP, _THREAD_STEP = (
    Operand._fields.index(name) for name in ("address", "block_step", "slot_step", "thread_step")
)


@inner_kernel
def _place(operands, number, itemsize, block, slot, thread):
    """Return the address of an operand for a block of images, as seen by a thread that works on a slot."""
    start = block * operands[number, _BLOCK_STEP] + slot * operands[number, _SLOT_STEP]
    return operands[number, _ADDRESS] + (start + thread * operands[number, _THREAD_STEP]) * itemsize


@inner_kernel
def _run_step(steps, operands, functions, address, itemsize, number, block, slot, thread, images):
    """Run an instruction on a block of images, or on all of them as seen from a block."""
    arguments = (
        address + 8 * number * steps.shape[1],
        _place(operands, steps[number, _INPUT], itemsize, block, slot, thread),
        _place(operands, steps[number, _OTHER], itemsize, block, slot, thread),
        _place(operands, steps[number, _BIAS], itemsize, block, slot, thread),
        _place(operands, steps[number, _RESULT], itemsize, block, slot, thread),
        _place(operands, steps[number, _SCRATCH], itemsize, block, slot, thread),
        _place(operands, steps[number, _LABELS], 8, block, slot, thread),
        images,
    )
    call(functions[steps[number, _OPCODE]], arguments)


@kernel
def _run_slot(
    steps, operands, functions, address, itemsize, clock, times, span, batch, slots, first, last, slot, thread
):
    """Run a span of a program on the blocks of a slot, from the one numbered first to the one before last.

    With the address of a clock, the time of each instruction is added to `times` (slots, instructions).
    """
    blocks = (batch + LANES - 1) // LANES
    start, end = slot * blocks // slots, (slot + 1) * blocks // slots
    for block in range(start + first, min(start + last, end)):
        images = min(LANES, batch - block * LANES)
        before = nanoseconds(clock) if clock else 0
        for number in range(span[0], span[1]):
            if steps[number, _ONCE] and block != start:
                continue
            _run_step(steps, operands, functions, address, itemsize, number, block, slot, thread, images)
            if clock:
                now = nanoseconds(clock)
                times[slot, number] += now - before
                before = now


@kernel
def _run_alone(steps, operands, functions, address, itemsize, clock, times, span, batch, slots, first, last):
    for slot in range(slots):
        _run_slot(steps, operands, functions, address, itemsize, clock, times, span, batch, slots, first, last, slot, 0)


@functools.partial(parallel_kernel, alone=_run_alone)
def _run(steps, operands, functions, address, itemsize, clock, times, span, batch, slots, first, last):
    for slot in prange(slots):
        thread = numba.get_thread_id()
        _run_slot(
            steps, operands, functions, address, itemsize, clock, times, span, batch, slots, first, last, slot, thread
        )


@kernel
def _run_together(steps, operands, functions, address, itemsize, clock, times, span, batch):
    """Run a span of a program on all blocks at once."""
    before = nanoseconds(clock) if clock else 0
    for number in range(span[0], span[1]):
        _run_step(steps, operands, functions, address, itemsize, number, 0, 0, 0, batch)
        if clock:
            now = nanoseconds(clock)
            times[0, number] += now - before
            before = now


class Executable:
    """A program with its machine functions, compiled where they are not yet.

    Args:
        program: of `instruction_table`.
        operands: of `operand_table`.
        dtype: of all operands but labels and bytes.
    """

    # What a stopwatch sets: the address of a clock, and where times are added up (slots, instructions).
    _clock = 0
    _times = np.zeros((0, 0), np.int64)

    def __init__(self, program: Array, operands: Array, dtype: np.dtype[Any]) -> None:
        self._program, self._operands, self._dtype = program, operands, dtype
        self._phases = codes.phases(program["opcode"].tolist())
        # Of each phase for a block of images; where there is one phase, whoever runs it knows what it is worth.
        steps = list(program.view(np.recarray)) if len(self._phases) > 1 else []
        self._work = [work(steps[start:end]) if steps else math.inf for start, end, _ in self._phases]
        numbers, places = codes.as_numbers(program), codes.as_numbers(operands)
        if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
            functions = functions_of(program, dtype)
            address = numbers.__array_interface__["data"][0]
            self._tables = numbers, places, functions, address, dtype.itemsize

    def run(self, batch: int, slots: int, window: int | None = None, *, alone: bool = False) -> None:
        """Run the program on a batch in blocks of images, shared among slots of partial sums in a fixed order.

        Slot s has the blocks from s * blocks // slots on. Much work is cut into calls for `window` blocks of each slot.
        `alone` keeps it in this thread, with the same results: to wake another one takes longer than a small operation.
        """
        blocks = math.ceil(batch / LANES)
        most = math.ceil(blocks / slots)
        step = max(window or most, 1)
        for (start, end, together), needed in zip(self._phases, self._work, strict=True):
            if together:
                self._run_together((start, end), batch)
                continue
            is_small = alone or needed * blocks < WORTH_STARTING
            for first in range(0, most, step):
                self._run_blocks((start, end), batch, slots, (first, first + step), is_small)

    def _run_together(self, span: tuple[int, int], batch: int) -> None:
        if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
            together_in_python(self._program, self._operands, self._dtype, self._times, span, batch)
        else:
            _run_together(*self._tables, self._clock, self._times, span, batch)

    def _run_blocks(self, span: tuple[int, int], batch: int, slots: int, window: tuple[int, int], alone: bool) -> None:
        if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
            blocks_in_python(self._program, self._operands, self._dtype, self._times, span, batch, slots, *window)
            return
        start = _run.alone if alone else _run
        start(*self._tables, self._clock, self._times, span, batch, slots, *window)


def functions_of(program: Array, dtype: np.dtype[Any]) -> Array:
    """Return the addresses of all instructions for a type, by opcode; those of the program are compiled."""
    known = _addresses.setdefault(dtype, np.zeros(_OPCODES, np.int64))
    for opcode in program["opcode"].tolist():
        if not known[opcode]:
            pointer: Any = types.CPointer  # Numba's types are not typed
            operands = [pointer(numba.from_dtype(dtype))] * 5
            fields = numba.from_dtype(program.dtype)
            known[opcode] = machine_function(KERNELS[opcode], fields, *operands, pointer(types.int64), types.int64)
    return known


def threads() -> int:
    """Return how many threads may run a program at once."""
    count: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    return count


@parallel_kernel
def add_slots(partial, out):
    """Write to `out` (P,) the sum of the slots in `partial` (slots, P'), in their order.

    Returns:
        How many of the sums are NaN or infinite: here they are in the cache, and looking at them costs next to nothing.
    """
    size, slots = out.size, partial.shape[0]
    not_finite = 0
    for task in prange((size + TASK - 1) // TASK):
        first, last = task * TASK, min((task + 1) * TASK, size)
        total = out[first:last]
        total[:] = partial[0, first:last]
        for slot in range(1, slots):
            total += partial[slot, first:last]
        not_finite += _count_not_finite(total)
    return not_finite


@inner_kernel
def _count_not_finite(numbers):
    count = 0
    # By index: a loop over the numbers themselves is not turned into vectors.
    for index in range(numbers.size):
        count += not np.isfinite(numbers[index])
    return count
