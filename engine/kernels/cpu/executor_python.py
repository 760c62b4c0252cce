"""The executor without a compiler, for NUMBA_DISABLE_JIT=1: slow, and every address is checked."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from nnkit.kernels.cpu.compiler import KERNELS
from nnkit.kernels.cpu.simd_python import memory_at
from nnkit.kernels.layout import LANES, Array

LABELS = np.dtype(np.int64)


def run_python(
    program: Array,
    operands: Array,
    dtype: np.dtype[Any],
    times: Array,
    batch: int,
    slots: int,
    first: int,
    last: int,
) -> None:
    """See `Executable.run`; the nanoseconds of each instruction are added to `times` where there is room for them."""
    program, operands = program.view(np.recarray), operands.view(np.recarray)
    blocks = -(-batch // LANES)
    for slot in range(slots):
        start, end = slot * blocks // slots, (slot + 1) * blocks // slots
        for block in range(start + first, min(start + last, end)):
            for number, step in enumerate(program):
                if step.once and block != start:
                    continue
                before = time.perf_counter_ns()
                names = (step.input, step.other, step.bias, step.result, step.scratch)
                memory = [_memory(operands[name], dtype, block, slot) for name in names]
                labels = _memory(operands[step.labels], LABELS, block, slot)
                KERNELS[int(step.opcode)](step, *memory, labels, min(LANES, batch - block * LANES))
                if len(times):
                    times[slot, number] += time.perf_counter_ns() - before


def _memory(operand: Any, dtype: np.dtype[Any], block: int, slot: int) -> Array:
    skipped = block * operand.block_step
    start = skipped + slot * operand.slot_step
    return memory_at(  # type: ignore[no-untyped-call]
        operand.address + start * dtype.itemsize, operand.elements - skipped, dtype
    )
