"""Reading and writing parts of a tensor by index."""

from __future__ import annotations

import contextlib
import operator
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.dtypes import element, of_array
from nnkit.recording import note_obstacle
from nnkit.tensors.base import TensorBase
from nnkit.tensors.forms import type_name

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


_NO_NUMBERS = (TensorBase, Sequence, np.ndarray, slice)
_NO_TUPLE_WARNING = (
    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; use "
    "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, x[torch.tensor(seq)], "
    "which will result either in an error or a different result"
)


def _is_integer(item: object) -> bool:
    if isinstance(item, bool | np.bool_ | TensorBase | np.ndarray):
        return False
    return hasattr(item, "__index__")


def _as_number(item: Any) -> Any:
    """Return a 0-d tensor of an integer type as the number that it holds: it selects, as a number does."""
    if isinstance(item, TensorBase):
        note_obstacle("a tensor as an index")
        if item.array.ndim == 0 and item.array.dtype.kind in "iu":
            return int(item.array)
    return item


def _positions(item: Any) -> Any:
    """Return an index made of a tensor, list or array as an array of positions or a mask.

    Raises:
        IndexError: it is nothing of the kind.
        TypeError: there is text in it.
    """
    if isinstance(item, TensorBase):
        array = item.array
        if array.dtype.kind not in "iub":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    elif isinstance(item, Sequence | np.ndarray | bool | np.bool_):
        array = np.asarray(item)
        if array.dtype.kind in "US":
            raise TypeError("new(): invalid data type 'str'")
    else:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
            f"{type_name(item)})"
        )
    # Copied in any case: the tape may need it after its owner has changed it.
    return array.astype(np.bool_ if array.dtype.kind == "b" else np.int64)


def _entries(key: Any) -> tuple[Any, ...]:
    """Return the indices of a key, one for each dimension; PyTorch takes lists with more than numbers for tuples."""
    if isinstance(key, tuple):
        return key
    if isinstance(key, list | str) and any(isinstance(each, _NO_NUMBERS) or each in (None, ...) for each in key):
        warnings.warn(_NO_TUPLE_WARNING, UserWarning, stacklevel=4)
        return tuple(key)
    return (key,)


@contextlib.contextmanager
def _pytorchs_words(key: tuple[Any, ...]) -> Iterator[None]:
    """Raise NumPy's errors of positions that are not there as PyTorch's, which counts only dimensions that are picked.

    Raises:
        IndexError: instead of NumPy's.
    """
    try:
        yield
    except IndexError as error:
        if "could not be broadcast" in str(error):
            shapes = ", ".join(str(list(each.shape)) for each in key if not isinstance(each, slice))
            message = f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
            raise IndexError(message) from None
        found = re.fullmatch(r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)", str(error))
        if found is None:
            raise
        index, axis, size = (int(number) for number in found.groups())
        if size == 0:
            raise IndexError("index is out of bounds for dimension with size 0") from None
        dimension = sum(not isinstance(item, slice) for item in key[:axis])
        raise IndexError(f"index {index} is out of bounds for dimension {dimension} with size {size}") from None


class Indexing(TensorBase):
    """`tensor[key]` and `tensor[key] = value`."""

    def __getitem__(self, key: Any) -> Tensor:
        view, picked = self._basic(key)
        if picked is None:
            return view
        with _pytorchs_words(picked):
            return view.apply(ops.Index, key=picked)

    def __setitem__(self, key: Any, value: Any) -> None:
        source: Any = value if isinstance(value, TensorBase) else self.detached(self._assigned(value))
        view, picked = self._basic(key)
        if picked is None and source is not value:
            view.copy_(source)
        elif picked is not None:
            with _pytorchs_words(picked):
                _check_fits(source.array.shape, view.array[picked].shape)
            if source.array.ndim and source.array.dtype != self.array.dtype:
                kinds = (of_array(array).label for array in (self.array, source.array))
                raise RuntimeError(
                    "Index put requires the source and destination dtypes match, got {} for the destination and {} for "
                    "the source.".format(*kinds)
                )
            view.apply_in_place(ops.IndexPut, source, key=picked)
        else:
            view.copy_(_stretched(source, view.array.shape))

    def _assigned(self, value: Any) -> Any:
        """Return a number that is to be written as an array."""
        if not isinstance(value, bool | int | float | np.integer):
            raise TypeError(f"can't assign a {type_name(value)} to a torch.{of_array(self.array).label}Tensor")
        try:
            return np.asarray(element(value, self.array.dtype))
        except OverflowError:
            raise ValueError("Overflow when unpacking long long") from None

    def _basic(self, key: Any) -> tuple[Tensor, tuple[Any, ...] | None]:
        """Follow the numbers, slices and None in the key, and return what arrays are left to pick from."""
        items = [_as_number(item) for item in _entries(key)]
        used = sum(_dims_taken(item) for item in items)
        if self.array.ndim == 0 and _is_integer(items[0]) and not isinstance(key, tuple):
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
                "convert a 0-dim tensor to a number"
            )
        if used > self.array.ndim:
            raise IndexError(f"too many indices for tensor of dimension {self.array.ndim}")
        view: Any = self
        dim = covered = 0
        picked: list[Any] = []
        for place, item in enumerate(items):
            if item is Ellipsis:
                dim += self.array.ndim - used
            elif item is None:
                view = view.apply(ops.Unsqueeze, dim=dim)
                dim += 1
            elif isinstance(item, slice):
                view = _sliced(view, dim, item)
                dim += 1
            elif _is_integer(item):
                view = _selected(view, dim, operator.index(item), place)
            else:
                array = _positions(item)
                _check_mask(array, view.array.shape, dim)
                picked += [slice(None)] * (dim - covered) + [array]
                dim += array.ndim if array.dtype.kind == "b" else 1
                covered = dim
        if view is self:
            view = self.apply(ops.Slice, dim=0, span=slice(None)) if self.array.ndim and not picked else view
        return view, tuple(picked) if picked else None


def _stretched(source: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return what is to be written in the shape of the place that it goes to."""
    own = source.array.shape
    if own == shape:
        return source
    while own and own[0] == 1:
        own = own[1:]
    stripped = source.view(own)
    return stripped if own == shape else stripped.expand(shape)


def _check_fits(value_shape: tuple[int, ...], picked_shape: tuple[int, ...]) -> None:
    padded = (1,) * (len(picked_shape) - len(value_shape)) + value_shape
    fits = all(mine in (1, theirs) for mine, theirs in zip(padded, picked_shape, strict=False))
    if len(padded) > len(picked_shape) or not fits:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value_shape)} cannot be broadcast to indexing result of "
            f"shape {list(picked_shape)}"
        )


def _check_mask(array: Any, shape: tuple[int, ...], dim: int) -> None:
    if array.dtype.kind != "b":
        return
    for axis, (mine, theirs) in enumerate(zip(array.shape, shape[dim:], strict=False)):
        if mine != theirs:
            raise IndexError(
                f"The shape of the mask {list(array.shape)} at index {axis} does not match the shape of the indexed "
                f"tensor {list(shape)} at index {dim + axis}"
            )


def _dims_taken(item: Any) -> int:
    if item is None or item is Ellipsis:
        return 0
    if isinstance(item, slice) or _is_integer(item):
        return 1
    array = _positions(item)
    return array.ndim if array.dtype.kind == "b" else 1


def _sliced(view: Tensor, dim: int, span: slice[Any, Any, Any]) -> Tensor:
    if span.step is not None and operator.index(span.step) <= 0:
        raise ValueError("step must be greater than zero" if span.step else "slice step cannot be zero")
    if span == slice(None):
        return view
    return view.apply(ops.Slice, dim=dim, span=span)


def _selected(view: Tensor, dim: int, index: int, place: int) -> Tensor:
    """Return one slice; messages count dimensions by the places in the key, as PyTorch's do."""
    size = view.array.shape[dim]
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {place} with size {size}")
    return view.apply(ops.Select, dim=dim, index=index)
