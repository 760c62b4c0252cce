"""What the machine can do: the peaks that the kernels are measured against."""

from __future__ import annotations

import time

import numpy as np
from cases import Case

from nnkit.kernels.cpu.compiler import parallel_kernel, prange
from nnkit.kernels.cpu.peak import COLUMNS, ROWS, multiply_adds
from nnkit.kernels.layout import LANES

ROUNDS = 1_000_000
FLOATS = 32 * 2**20


@parallel_kernel
def _multiply_adds(threads, rounds, weights, vectors, out):
    for thread in prange(threads):
        multiply_adds(rounds, weights, vectors, out[thread])


@parallel_kernel
def _copy(source, target, threads):
    share = source.size // threads
    for thread in prange(threads):
        target[thread * share : (thread + 1) * share] = source[thread * share : (thread + 1) * share]


class MultiplyAdds:
    """Multiply-adds of registers, with operands in the first-level cache; counted in floating point operations."""

    def __init__(self, case: Case) -> None:
        self._threads = case.threads
        self._weights = np.full(ROWS, 1e-9, np.float32)
        self._vectors = np.full(COLUMNS * LANES, 1e-9, np.float32)
        self._out = np.empty((case.threads, ROWS * COLUMNS * LANES), np.float32)
        self.amount = 2 * case.threads * ROUNDS * ROWS * COLUMNS * LANES

    def run(self, steps: int) -> float:
        """Return the seconds that so many times `amount` take."""
        started = time.perf_counter()
        for _ in range(steps):
            _multiply_adds(self._threads, ROUNDS, self._weights, self._vectors, self._out)
        return time.perf_counter() - started

    def outcome(self) -> float:
        return float(self._out.sum())


class Copies:
    """Copies of 128 MB, far more than the caches hold; counted in bytes read and written."""

    def __init__(self, case: Case) -> None:
        self._threads = case.threads
        self._source, self._target = np.ones(FLOATS, np.float32), np.empty(FLOATS, np.float32)
        self.amount = 2 * self._source.nbytes

    def run(self, steps: int) -> float:
        """Return the seconds that so many copies take."""
        started = time.perf_counter()
        for _ in range(steps):
            _copy(self._source, self._target, self._threads)
        return time.perf_counter() - started

    def outcome(self) -> float:
        return float(self._target[-1])
