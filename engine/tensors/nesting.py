"""Arrays of numbers in nested sequences."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from typing import Any, SupportsFloat

import numpy as np

from nnkit.dtypes import Scalar, dtype, float32, int64
from nnkit.kernels.layout import Array
from nnkit.tensors.base import TensorBase
from nnkit.tensors.forms import type_name
from nnkit.tensors.size import Size


@functools.cache
def warn_once(message: str) -> None:
    """Give a warning of which PyTorch reminds once in a process."""
    warnings.warn(message, UserWarning, stacklevel=4)


def _sizes(data: Any) -> list[int]:
    """Return the lengths of nested sequences, as their first elements have them."""
    sizes = []
    while isinstance(data, Sequence) or (isinstance(data, np.ndarray) and data.ndim):
        if isinstance(data, str):
            raise ValueError("too many dimensions 'str'")
        sizes.append(len(data))
        if len(data) == 0:
            break
        data = data[0]
    return sizes


def _numbers(data: Any, sizes: list[int], depth: int = 0) -> Any:
    """Return nested sequences with numbers for the tensors in them, or raise PyTorch's error for what is none."""
    if isinstance(data, TensorBase):
        if data.array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return data.array.item()
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    if isinstance(data, Sequence) or (isinstance(data, np.ndarray) and data.ndim):
        if depth < len(sizes) and len(data) != sizes[depth]:
            raise ValueError(f"expected sequence of length {sizes[depth]} at dim {depth} (got {len(data)})")
        if depth == len(sizes):
            raise TypeError(f"'{type(data).__name__}' object cannot be interpreted as an integer")
        return [_numbers(item, sizes, depth + 1) for item in data]
    if not isinstance(data, np.ndarray | SupportsFloat):
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    if depth < len(sizes):
        raise TypeError("not a sequence")
    return data


def _beyond_int64(array: Array, dtype: dtype | None) -> Array:
    """Return numbers of which NumPy makes no int64, as floating-point numbers where they are to be that."""
    numbers = array.reshape(-1).tolist()
    strange = [each for each in numbers if not isinstance(each, Scalar)]
    if strange:
        raise RuntimeError(f"Could not infer dtype of {type(strange[0]).__name__}")
    if any(isinstance(each, float) for each in numbers) or (dtype is not None and dtype.is_floating_point):
        return array.astype(np.float64)
    raise ValueError("Overflow when unpacking long long")


def _check_range(array: Array, dtype: dtype) -> None:
    """Raise PyTorch's RuntimeError if a type of whole numbers does not hold all of some numbers."""
    if dtype.numpy.kind not in "iu":
        return
    limits = np.iinfo(dtype.numpy)
    # Types without a sign count backwards from their greatest number.
    least = limits.min or -limits.max
    if not ((array >= least) & (array <= limits.max)).all():
        raise RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")


def nested(data: Any) -> Array:
    """Return an array of a number or nested sequences, in NumPy's type.

    Raises:
        TypeError: there is text in it, or a sequence where there is to be a number.
        RuntimeError: something is no number.
        ValueError: lengths differ.
    """
    return np.array(_numbers(data, _sizes(data)))


def of_sequence(data: Any, dtype: dtype | None = None) -> Array:
    """Return an array of a number or nested sequences; Python's numbers are float32 and int64.

    Raises:
        RuntimeError: something is no number, or `dtype` does not hold it.
        ValueError: lengths differ, or a whole number is beyond int64.
    """
    array = nested(data)
    if isinstance(data, Sequence) and data and isinstance(data[0], np.ndarray):
        warn_once(
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to "
            "a single numpy.ndarray with numpy.array() before converting to a tensor."
        )
        return array.astype(np.result_type(*data))
    if array.dtype in (np.dtype(object), np.dtype(np.uint64)):
        array = _beyond_int64(array, dtype)
    with np.errstate(over="ignore"):
        array = array.astype(float32.numpy) if array.size == 0 or array.dtype.kind == "f" else array
    array = array.astype(int64.numpy) if array.dtype.kind in "iu" else array
    if dtype is not None:
        _check_range(array, dtype)
    return array


def legacy_array(data: tuple[Any, ...], kind: dtype = float32) -> Array:
    """Return the array that `Tensor(*data)` is made of where that is not an array: sizes, or numbers.

    Raises:
        TypeError: it is neither.
    """
    if all(isinstance(size, int) and size is not True and size is not False for size in data):
        if any(size < 0 for size in data):
            raise RuntimeError(f"Trying to create tensor with negative dimension {min(data)}: {list(data)}")
        return np.zeros(data if data else 0, kind.numpy)
    (first, *_) = data
    if isinstance(first, str):
        raise TypeError("new(): invalid data type 'str'")
    if len(data) != 1 or not isinstance(first, Sequence | np.ndarray | TensorBase):
        raise TypeError(f"new(): data must be a sequence (got {type_name(first)})")
    if isinstance(first, Size):
        return np.zeros(first, kind.numpy)
    return np.array(first.array if isinstance(first, TensorBase) else nested(first)).astype(kind.numpy)
