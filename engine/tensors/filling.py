"""Arrays with one number everywhere, as large as there is memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnkit.dtypes import Scalar, element
from nnkit.kernels.layout import Array
from nnkit.tensors.limits import claim


def filled(shape: tuple[int, ...], value: Scalar, kind: np.dtype[Any]) -> Array:
    """Return an array with one number everywhere.

    Raises:
        RuntimeError: there is not as much memory, or it is more than `at_most` allows.
    """
    claim(shape)
    number = element(value, kind)
    try:
        return np.full(shape, number, kind)
    except (MemoryError, ValueError):
        check_size(shape, kind.itemsize)
        raise RuntimeError(
            f"[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
            f"allocate {math.prod(shape) * kind.itemsize} bytes. Error code 12 (Cannot allocate memory)"
        ) from None


def check_size(shape: tuple[int, ...], itemsize: int) -> None:
    """Raise PyTorch's RuntimeError if no memory can have as many elements of so many bytes."""
    if math.prod(shape) * itemsize >= 2**63:
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}")
