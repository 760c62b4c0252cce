"""Memory that is used again: what a step allocates and frees, the next step allocates in the same sizes.

Memory that is new from the operating system is mapped page by page when it is first written to, which costs as much as
a pass or two over it.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

CACHE_LINE = 64
# Smaller memory comes from the heap, which is used again anyway.
SMALLEST = 2**16
# What lies here unused, at most.
MOST_KEPT = 2**27


class _Pool:
    """Memory that nobody uses, by its size; each comes with the address of the first cache line in it."""

    def __init__(self) -> None:
        self._free: dict[int, list[tuple[Array, int]]] = {}
        self._kept = 0
        # Python can collect garbage in the middle of an access, and what is freed then comes here in the same thread.
        self._lock = threading.RLock()

    def take(self, size: int) -> tuple[Array, int]:
        with self._lock:
            waiting = self._free.get(size)
            if waiting:
                self._kept -= size
                return waiting.pop()
        memory = np.empty(size + CACHE_LINE, np.uint8)
        start = address(memory)
        return memory, start + -start % CACHE_LINE

    def give_back(self, size: int, memory: tuple[Array, int]) -> None:
        with self._lock:
            if self._kept + size <= MOST_KEPT:
                self._kept += size
                self._free.setdefault(size, []).append(memory)


_POOL = _Pool()
# A new process has no other thread that could release the lock. Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_POOL._lock.acquire, after_in_parent=_POOL._lock.release, after_in_child=_POOL._lock.release
    )


class _Lease:
    """What owns memory of the pool in the eyes of NumPy; when its last array is gone, the memory goes back."""

    __slots__ = ("__array_interface__", "_memory", "_size")

    def __init__(self, memory: tuple[Array, int], size: int, shape: Sequence[int], kind: np.dtype[Any]) -> None:
        self._size = size
        self._memory = memory
        place = (memory[1], False)
        self.__array_interface__ = {"data": place, "shape": tuple(shape), "typestr": kind.str, "version": 3}

    def __del__(self) -> None:
        _POOL.give_back(self._size, self._memory)


def address(array: Array) -> int:
    """Return where the first element of an array is."""
    place: int = array.__array_interface__["data"][0]
    return place


def aligned(shape: Sequence[int], dtype: npt.DTypeLike, *, zero: bool = False) -> Array:
    """Return an array, uninitialised or of zeros, that begins a cache line.

    NumPy's own begin anywhere, and then each vector lies in two lines: some kernels take half as long again.
    """
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    if size >= SMALLEST:
        array = np.asarray(_Lease(_POOL.take(size), size, shape, kind))
    else:
        memory = np.empty(size + CACHE_LINE, np.uint8)
        start = -address(memory) % CACHE_LINE
        array = memory[start : start + size].view(kind).reshape(shape)
    if zero:
        array.fill(0)
    return array


def aligned_like(array: Array) -> Array:
    """Return an uninitialised array of the shape, type and memory layout of another."""
    order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
    made = aligned([array.shape[axis] for axis in order], array.dtype)
    return made.transpose([order.index(axis) for axis in range(array.ndim)])
