"""What the machine can do: the peaks that the kernels are measured against."""

from __future__ import annotations

import time

import numpy as np

from nnkit.kernels.cpu import simd
from nnkit.kernels.cpu.compiler import parallel_kernel, prange
from nnkit.kernels.layout import LANES

ROWS, COLUMNS = 6, 4


@parallel_kernel
def _multiply_adds(threads, rounds, weights, vectors, out):
    for thread in prange(threads):
        block = simd.zeros(weights, 6, 4)
        for _ in range(rounds):
            block = simd.multiply_add(block, weights, 0, 1, vectors, 0, 16)
        simd.store(block, out, thread * 6 * 4 * 16, 64, 16)


@parallel_kernel
def _copy(source, target, threads):
    share = source.size // threads
    for thread in prange(threads):
        target[thread * share : (thread + 1) * share] = source[thread * share : (thread + 1) * share]


def fma_peak(threads: int, repeats: int = 7) -> float:
    """Return the multiply-add peak in GFLOP/s: the best of several runs over operands in the first-level cache."""
    rounds = 2_000_000
    weights = np.full(ROWS, 1e-9, np.float32)
    vectors = np.full(COLUMNS * LANES, 1e-9, np.float32)
    out = np.empty(threads * ROWS * COLUMNS * LANES, np.float32)
    _multiply_adds(threads, 10, weights, vectors, out)
    best = min(_seconds(lambda: _multiply_adds(threads, rounds, weights, vectors, out)) for _ in range(repeats))
    return 2 * threads * rounds * ROWS * COLUMNS * LANES / best / 1e9


def memory_peak(threads: int, repeats: int = 7) -> float:
    """Return how many GB/s a copy of 256 MB reads and writes."""
    source = np.ones(32 * 2**20, np.float32)
    target = np.empty_like(source)
    _copy(source, target, threads)
    best = min(_seconds(lambda: _copy(source, target, threads)) for _ in range(repeats))
    return 2 * source.nbytes / best / 1e9


def _seconds(call) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
