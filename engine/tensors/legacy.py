"""What PyTorch's old constructors take: `Tensor([1, 2])`, `Tensor(2, 3)`."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnkit.devices import device
from nnkit.dtypes import C_NAMES, dtype, float32, of_array
from nnkit.kernels.layout import Array
from nnkit.tensors.base import TensorBase
from nnkit.tensors.forms import Form, refuse, type_name
from nnkit.tensors.nesting import nested, warn_of_arrays
from nnkit.tensors.size import Size

_FORMS = (
    "(*, torch.device device = None)",
    "(torch.Storage storage)",
    "(Tensor other)",
    "(tuple of ints size, *, torch.device device = None)",
    "(object data, *, torch.device device = None)",
)


def legacy_array(data: tuple[Any, ...], options: Mapping[str, Any], kind: dtype | None = None) -> Array:
    """Return the array that an old constructor makes of sizes or numbers; of a tensor it is its own.

    Args:
        data: what was given.
        options: what was given by name.
        kind: the element type of a class that has one; numbers are float32 where it is None.

    Raises:
        TypeError: it is neither.
    """
    if options:
        data = _by_place(data, options)
    made = (kind or float32).numpy
    if data and isinstance(data[0], Size):
        data = tuple(data[0])
    if all(map(_is_size, data)):
        sizes = tuple(map(operator.index, data))
        if any(size < 0 for size in sizes):
            raise RuntimeError(f"Trying to create tensor with negative dimension {min(sizes)}: {list(sizes)}")
        return np.zeros(sizes if sizes else 0, made)
    (first, *others) = data
    if others:
        _refuse(data, {})
    if isinstance(first, TensorBase):
        return _of_tensor(first.array, kind)
    if isinstance(first, np.ndarray):
        of_array(first)
        return first.astype(made, copy=False)
    if not isinstance(first, Sequence):
        raise TypeError(f"new(): data must be a sequence (got {type_name(first)})")
    warn_of_arrays(first)
    return nested(first, kind or float32).astype(made)


def _is_size(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _by_place(data: tuple[Any, ...], options: Mapping[str, Any]) -> tuple[Any, ...]:
    _refuse(data, options)
    place = options.get("device")
    if place is not None and device(place).type != "cpu":
        named = device(place).type
        raise RuntimeError(f"legacy constructor expects device type: cpu but device type: {named} was passed")
    rest = [value for name, value in options.items() if name != "device"]
    return tuple(rest[0]) if "size" in options else (*data, *rest)


def _refuse(data: tuple[Any, ...], options: Mapping[str, Any]) -> None:
    """Raise PyTorch's TypeError unless this is what an old constructor takes."""
    refuse("new", [Form(text, numbers=False) for text in _FORMS], data, options, older=False)


def _of_tensor(array: Array, kind: dtype | None) -> Array:
    found = of_array(array)
    if kind in (None, found):
        return array
    wanted, given = (
        f"TensorOptions(dtype={C_NAMES[each]}, device=cpu, layout=Strided, requires_grad=false (default), "
        "pinned_memory=false (default), memory_format=(nullopt))"
        for each in (kind, found)
    )
    raise TypeError(f"expected {wanted} (got {given})")
