"""Memory that is used again: what a step allocates and frees, the next step allocates in the same sizes.

Memory that is new from the operating system is mapped page by page when it is first written to, which costs as much as
a pass or two over it.
"""

from __future__ import annotations

import ctypes
import functools
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
    """Memory that nobody uses, by its size; each comes with where the first cache line in it begins."""

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
        memory = _Pooled(size + CACHE_LINE, np.uint8)
        return memory, -address(memory) % CACHE_LINE

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


class _Pooled(np.ndarray[Any, Any]):
    """Bytes of the pool, or a part of them: what owns the memory of a tensor in the eyes of NumPy.

    A class of its own, since arrays refer to the owner of the owner where both are of one class. When the last array
    of a part is gone, the part is, and the memory goes back.
    """

    _lease: tuple[int, tuple[Array, int]] | None = None

    def __del__(self) -> None:
        if self._lease is not None:
            _POOL.give_back(*self._lease)


# NumPy promises to extensions that the address of the elements is the first thing in an array, after what every object
# of Python begins with. Reading it there takes an eighth of the time of `array.ctypes` and `__array_interface__`.
_FIRST_FIELD = object.__basicsize__
_pointer_at = ctypes.c_ssize_t.from_address


def address(array: Array) -> int:
    """Return where the first element of an array is."""
    return _pointer_at(id(array) + _FIRST_FIELD).value


def aligned(shape: Sequence[int], dtype: npt.DTypeLike, *, zero: bool = False) -> Array:
    """Return an array, uninitialised or of zeros, that begins a cache line.

    NumPy's own begin anywhere, and then each vector lies in two lines: some kernels take half as long again.
    """
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    if size >= SMALLEST:
        memory, start = entry = _POOL.take(size)
        owner = _Pooled(size, np.uint8, memory, start)
        owner._lease = size, entry
        array: Array = np.ndarray(shape, kind, owner)
    else:
        heap = np.empty(size + CACHE_LINE, np.uint8)
        array = np.ndarray(shape, kind, heap, -address(heap) % CACHE_LINE)
    if zero:
        array.fill(0)
    return array


def aligned_like(array: Array) -> Array:
    """Return an uninitialised array of the shape, type and memory layout of another."""
    if array.flags.c_contiguous:
        return aligned(array.shape, array.dtype)
    order, back = _axes_by_distance(array.strides)
    shape = array.shape
    return aligned([shape[axis] for axis in order], array.dtype).transpose(back)


@functools.lru_cache(maxsize=1024)
def _axes_by_distance(strides: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Return the axes from the outermost in memory to the innermost, and the place of each among them."""
    order = sorted(range(len(strides)), key=lambda axis: -abs(strides[axis]))
    return order, [order.index(axis) for axis in range(len(order))]
