"""Arrays of numbers in nested sequences."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from typing import Any, SupportsFloat

import numpy as np

from nnkit.dtypes import Scalar, bool_, dtype, float32, int64, of_array, promote_types
from nnkit.kernels.layout import Array
from nnkit.tensors.base import TensorBase

# What Python's numbers are.
_OF_LEAF = {bool: bool_, int: int64, float: float32}


@functools.cache
def warn_once(message: str) -> None:
    """Give a warning of which PyTorch reminds once in a process."""
    warnings.warn(message, UserWarning, stacklevel=4)


def _sizes(data: Any) -> list[int]:
    """Return the lengths of nested sequences, as their first elements have them."""
    sizes: list[int] = []
    while isinstance(data, Sequence) or (isinstance(data, np.ndarray) and data.ndim):
        if isinstance(data, str | bytes):
            if sizes and isinstance(data, str):
                raise ValueError("too many dimensions 'str'")
            raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
        sizes.append(len(data))
        if len(data) == 0:
            break
        data = data[0]
    return sizes


class _Reader:
    """What takes nested sequences apart.

    Args:
        sizes: their lengths.
        dtype: what the numbers in them are to be; as they are if it is None.

    Attributes:
        kinds: the types of the numbers, Python's or those of tensors.
    """

    def __init__(self, sizes: list[int], dtype: dtype | None) -> None:
        self.sizes = sizes
        self.dtype = dtype
        self.kinds: set[Any] = set()

    def numbers(self, data: Any, depth: int = 0) -> Any:
        """Return nested lists of numbers, or raise PyTorch's error for what is none."""
        if isinstance(data, TensorBase):
            if data.array.size != 1:
                raise ValueError("only one element tensors can be converted to Python scalars")
            self.kinds.add(data.array.dtype)
            return data.array.item()
        if isinstance(data, str | bytes):
            raise self._refusal(data)
        if isinstance(data, Sequence) or (isinstance(data, np.ndarray) and data.ndim):
            if depth == len(self.sizes):
                raise self._refusal(data)
            if len(data) != self.sizes[depth]:
                raise ValueError(f"expected sequence of length {self.sizes[depth]} at dim {depth} (got {len(data)})")
            return [self.numbers(item, depth + 1) for item in data]
        if not isinstance(data, np.ndarray | SupportsFloat):
            raise self._refusal(data)
        if depth < len(self.sizes):
            raise TypeError("not a sequence")
        self.kinds.add(type(data))
        return data

    def _refusal(self, value: Any) -> Exception:
        name = type(value).__name__
        listed = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        if self.dtype is None and isinstance(value, str | bytes):
            return TypeError(f"new(): invalid data type '{name}'")
        if self.dtype is None and not listed:
            return RuntimeError(f"Could not infer dtype of {name}")
        if self.dtype.is_floating_point if self.dtype else float in self.kinds:
            return TypeError(f"must be real number, not {name}")
        return TypeError(f"'{name}' object cannot be interpreted as an integer")

    def inferred(self) -> dtype:
        """Return the element type that all of the numbers have together."""
        found = {_OF_LEAF.get(kind) or of_array(np.empty(0, kind)) for kind in self.kinds}
        return functools.reduce(promote_types, found) if found else float32


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


def nested(data: Any, dtype: dtype | None = None) -> Array:
    """Return an array of a number or nested sequences, in NumPy's type.

    Args:
        data: what may be numbers.
        dtype: the element type that they are to have, which errors depend on.

    Raises:
        TypeError: there is text in it, or a sequence where there is to be a number.
        RuntimeError: something is no number.
        ValueError: lengths differ.
    """
    sizes = _sizes(data)
    return np.zeros(sizes) if 0 in sizes else np.array(_Reader(sizes, dtype).numbers(data))


def of_sequence(data: Any, dtype: dtype | None = None) -> Array:
    """Return an array of a number or nested sequences; Python's numbers are float32 and int64.

    Raises:
        RuntimeError: something is no number, or `dtype` does not hold it.
        ValueError: lengths differ, or a whole number is beyond int64.
    """
    sizes = _sizes(data)
    if 0 in sizes:
        return np.zeros(sizes, float32.numpy)
    warn_of_arrays(data)
    reader = _Reader(sizes, dtype)
    array = np.array(reader.numbers(data))
    if array.dtype in (np.dtype(object), np.dtype(np.uint64)):
        array = _beyond_int64(array, dtype)
    if dtype is None:
        with np.errstate(over="ignore"):
            return array.astype(reader.inferred().numpy)
    _check_range(array, dtype)
    return array


def warn_of_arrays(data: Any) -> None:
    """Warn of sequences of arrays, as PyTorch does: one array is made a tensor much faster."""
    if isinstance(data, Sequence) and data and isinstance(data[0], np.ndarray):
        warn_once(
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to "
            "a single numpy.ndarray with numpy.array() before converting to a tensor."
        )


def warn_of_copy(call: str) -> None:
    """Warn of a tensor that is made out of a tensor."""
    warnings.warn(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
        f"sourceTensor.detach().clone().requires_grad_(True), rather than {call}.",
        UserWarning,
        stacklevel=3,
    )
