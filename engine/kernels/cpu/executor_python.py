"""The executor without a compiler, for NUMBA_DISABLE_JIT=1: slow, and every address is checked."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from nnkit.kernels.cpu.compiler import KERNELS
from nnkit.kernels.cpu.simd_python import memory_at
from nnkit.kernels.layout import LANES, Array

LABELS = np.dtype(np.int64)


def blocks_in_python(
    program: Array,
    operands: Array,
    dtype: np.dtype[Any],
    times: Array,
    span: tuple[int, int],
    batch: int,
    slots: int,
    first: int,
    last: int,
) -> None:
    """See `executor._run_slot`; the nanoseconds of an instruction are added to `times` where there is room for them."""
    blocks = -(-batch // LANES)
    for slot in range(slots):
        start, end = slot * blocks // slots, (slot + 1) * blocks // slots
        for block in range(start + first, min(start + last, end)):
            for number in range(*span):
                if not (program["once"][number] and block != start):
                    images = min(LANES, batch - block * LANES)
                    _run_step(program, operands, dtype, times, number, block, slot, images)


def together_in_python(
    program: Array, operands: Array, dtype: np.dtype[Any], times: Array, span: tuple[int, int], batch: int
) -> None:
    """See `executor._run_together`."""
    for number in range(*span):
        _run_step(program, operands, dtype, times, number, 0, 0, batch)


def _run_step(
    program: Array,
    operands: Array,
    dtype: np.dtype[Any],
    times: Array,
    number: int,
    block: int,
    slot: int,
    images: int,
) -> None:
    before = time.perf_counter_ns()
    step, places = program.view(np.recarray)[number], operands.view(np.recarray)
    names = (step.input, step.other, step.bias, step.result, step.scratch)
    memory = [_memory(places[name], dtype, block, slot) for name in names]
    labels = _memory(places[step.labels], LABELS, block, slot)
    KERNELS[int(step.opcode)](step, *memory, labels, images)
    if len(times):
        times[slot, number] += time.perf_counter_ns() - before


def _memory(operand: Any, dtype: np.dtype[Any], block: int, slot: int) -> Array:
    skipped = block * operand.block_step
    start = skipped + slot * operand.slot_step
    return memory_at(  # type: ignore[no-untyped-call]
        operand.address + start * dtype.itemsize, operand.elements - skipped, dtype
    )
