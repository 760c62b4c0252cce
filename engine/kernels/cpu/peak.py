"""What the machine can do at best: the peak that kernels are measured against."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import config

from nnkit.kernels.cpu import simd
from nnkit.kernels.cpu.compiler import unlocked_kernel
from nnkit.kernels.layout import LANES

# Accumulators enough to keep the multiply-add units busy, and few enough for the registers.
ROWS, COLUMNS = 6, 4
# Less than a millisecond: short enough to be left alone by other programs now and then. Far less without a compiler.
ROUNDS = 2 if config.DISABLE_JIT else 50_000  # type: ignore[attr-defined]


@unlocked_kernel
def multiply_adds(rounds, weights, vectors, out):
    """Add `ROWS` weights times `COLUMNS` vectors to `out` (ROWS * COLUMNS * LANES,) in registers, so many times."""
    block = simd.zeros(weights, 6, 4)
    for _ in range(rounds):
        block = simd.multiply_add(block, weights, 0, 1, vectors, 0, 16)
    simd.store(block, out, 0, 64, 16)


def fma_peak(threads: int, repeats: int = 200) -> float:
    """Return how many GFLOP/s some threads reach at once, in multiply-adds on the first-level cache.

    Each does so several times, and its best time counts: so it is the machine's peak also where other programs run.
    """
    _best_seconds(1, 1)  # what has to be compiled is not to be compiled by each of them
    with ThreadPoolExecutor(threads) as pool:
        seconds = pool.map(_best_seconds, [ROUNDS] * threads, [repeats] * threads)
        return sum(2 * ROUNDS * ROWS * COLUMNS * LANES / each for each in seconds) / 1e9


def _best_seconds(rounds: int, repeats: int) -> float:
    weights = np.full(ROWS, 1e-9, np.float32)
    vectors = np.full(COLUMNS * LANES, 1e-9, np.float32)
    out = np.empty(ROWS * COLUMNS * LANES, np.float32)
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        multiply_adds(rounds, weights, vectors, out)
        best = min(best, time.perf_counter() - started)
    return best
