"""Reading and writing parts of a tensor by index."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.tensors.base import TensorBase

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


def _is_integer(item: object) -> bool:
    if isinstance(item, bool | np.bool_ | TensorBase | np.ndarray):
        return False
    return hasattr(item, "__index__")


def _positions(item: Any) -> Any:
    """Return an index made of a tensor, list or array as an array of positions or a mask."""
    array = item.array if isinstance(item, TensorBase) else np.asarray(item)
    if array.dtype.kind not in "iub":
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    return array.astype(np.int64) if array.dtype.kind in "iu" else array


class Indexing(TensorBase):
    """`tensor[key]` and `tensor[key] = value`."""

    def __getitem__(self, key: Any) -> Tensor:
        view, picked = self._basic(key)
        return view if picked is None else view.apply(ops.Index, key=picked)

    def __setitem__(self, key: Any, value: Any) -> None:
        view, picked = self._basic(key)
        if picked is None and isinstance(value, bool | int | float):
            view.fill_(value)
            return
        source: Any = value if isinstance(value, TensorBase) else self.detached(np.asarray(value, self.array.dtype))
        if picked is not None:
            view.apply_in_place(ops.IndexPut, source, key=picked)
        else:
            view.copy_(_stretched(source, view.array.shape))

    def _basic(self, key: Any) -> tuple[Tensor, tuple[Any, ...] | None]:
        """Follow the numbers, slices and None in the key, and return what arrays are left to pick from."""
        items = key if isinstance(key, tuple) else (key,)
        used = sum(_dims_taken(item) for item in items)
        if items and used and self.array.ndim == 0 and any(_is_integer(item) for item in items):
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
                "convert a 0-dim tensor to a number"
            )
        if used > self.array.ndim:
            raise IndexError(f"too many indices for tensor of dimension {self.array.ndim}")
        view: Any = self
        dim = 0
        picked: list[Any] = []
        for item in items:
            if item is Ellipsis:
                dim += self.array.ndim - used
            elif item is None:
                view = view.apply(ops.Unsqueeze, dim=dim)
                dim += 1
            elif isinstance(item, slice):
                view = _sliced(view, dim, item)
                dim += 1
            elif _is_integer(item):
                view = _selected(view, dim, operator.index(item))
            else:
                array = _positions(item)
                picked += [slice(None)] * (dim - len(picked)) + [array]
                dim += array.ndim if array.dtype.kind == "b" else 1
        if view is self:
            view = self.apply(ops.Slice, dim=0, span=slice(None)) if self.array.ndim and not picked else view
        return view, tuple(picked) if picked else None


def _stretched(source: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return what is to be written in the shape of the place that it goes to."""
    own = source.array.shape
    if own == shape:
        return source
    while len(own) > len(shape) and own[0] == 1:
        own = own[1:]
    padded = source.view((1,) * (len(shape) - len(own)) + own)
    return padded if padded.array.shape == shape else padded.expand(shape)


def _dims_taken(item: Any) -> int:
    if item is None or item is Ellipsis:
        return 0
    if isinstance(item, slice) or _is_integer(item):
        return 1
    array = _positions(item)
    return array.ndim if array.dtype.kind == "b" else 1


def _sliced(view: Tensor, dim: int, span: slice[Any, Any, Any]) -> Tensor:
    if span.step is not None and operator.index(span.step) <= 0:
        raise ValueError("step must be greater than zero")
    if span == slice(None):
        return view
    return view.apply(ops.Slice, dim=dim, span=span)


def _selected(view: Tensor, dim: int, index: int) -> Tensor:
    size = view.array.shape[dim]
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {dim} with size {size}")
    return view.apply(ops.Select, dim=dim, index=index)
