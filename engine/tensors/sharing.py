"""Tensors of memory that belongs to someone else."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.tensors.forms import type_name
from nnkit.tensors.tensor import Tensor


def from_numpy(ndarray: Array) -> Tensor:
    """Return a tensor that shares the memory of an array.

    What is written to one is seen in the other. Writing to the tensor of an array that is read-only fails; of these,
    the first is warned of.

    Raises:
        TypeError: it is not an array, or its type is not one of a tensor.
        ValueError: a stride is negative or no multiple of the element, or bytes are in another order.

    Examples:
        >>> import numpy as np
        >>> array = np.zeros(2)
        >>> x = torch.from_numpy(array)
        >>> array[0] = 5
        >>> x
        tensor([5., 0.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type_name(ndarray)})")
    _check_memory(ndarray)
    if not ndarray.flags.writeable:
        _warn_of_read_only()
    return Tensor.detached(np.asarray(ndarray))


def _check_memory(array: Array) -> None:
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported."
        )
    of_array(array)
    if any(stride % array.itemsize for stride in array.strides):
        raise ValueError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate "
            "the memory."
        )
    if any(stride < 0 for stride in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array  with "
            "array.copy().) "
        )


@functools.cache
def _warn_of_read_only() -> None:
    # Once in a program, as the text says.
    warnings.warn(
        "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing "
        "to this tensor will result in undefined behavior. You may want to copy the array to protect its data or make "
        "it writable before converting it to a tensor. This type of warning will be suppressed for the rest of this "
        "program.",
        UserWarning,
        stacklevel=3,
    )


def from_dlpack(ext_tensor: Any) -> Tensor:
    """Return a tensor that shares the memory of another library's.

    Args:
        ext_tensor: anything with `__dlpack__`, such as a tensor of PyTorch's, or the capsule that this returns.

    Raises:
        RuntimeError: it is nothing of the kind.
        BufferError: it is not in main memory, or requires a gradient.
        TypeError: its type is not one of a tensor.

    Source: the array API standard, "Data interchange mechanisms".

    Examples:
        >>> import numpy as np
        >>> torch.from_dlpack(np.arange(3))
        tensor([0, 1, 2])
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        if type(ext_tensor).__name__ != "PyCapsule":
            raise RuntimeError(
                "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so "
                "you might have already constructed a tensor from it once."
            )
        ext_tensor = _Exported(ext_tensor)
    array = np.from_dlpack(ext_tensor)
    of_array(array)
    return Tensor.detached(array)


class _Exported:
    """A capsule as NumPy wants to be given it: by an object that knows its device."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **_: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0
