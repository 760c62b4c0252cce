"""The executor without a compiler, for NUMBA_DISABLE_JIT=1: slow, and every address is checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnkit.kernels.cpu.compiler import KERNELS
from nnkit.kernels.cpu.simd_python import memory_at
from nnkit.kernels.layout import LANES, Array

LABELS = np.dtype(np.int64)


def run_python(
    program: Array, operands: Array, dtype: np.dtype[Any], batch: int, slots: int, first: int, last: int
) -> None:
    """See `executor.run`."""
    program, operands = program.view(np.recarray), operands.view(np.recarray)
    blocks = -(-batch // LANES)
    for slot in range(slots):
        start, end = slot * blocks // slots, (slot + 1) * blocks // slots
        for block in range(start + first, min(start + last, end)):
            for step in program:
                if step.once and block != start:
                    continue
                names = (step.input, step.other, step.bias, step.result, step.scratch)
                memory = [_memory(operands[number], dtype, block, slot) for number in names]
                labels = _memory(operands[step.labels], LABELS, block, slot)
                KERNELS[int(step.opcode)](step, *memory, labels, min(LANES, batch - block * LANES))


def _memory(operand: Any, dtype: np.dtype[Any], block: int, slot: int) -> Array:
    skipped = block * operand.block_step
    start = skipped + slot * operand.slot_step
    return memory_at(  # type: ignore[no-untyped-call]
        operand.address + start * dtype.itemsize, operand.elements - skipped, dtype
    )
