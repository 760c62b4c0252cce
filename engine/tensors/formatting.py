"""The text of a tensor, as PyTorch prints it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nnkit import dtypes
from nnkit.kernels.layout import Array

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


@dataclass
class Options:
    """How tensors are printed.

    Attributes:
        precision: digits behind the point.
        threshold: a tensor with more elements is shortened.
        edgeitems: to so many at each edge of each dimension.
        linewidth: characters in a line.
        sci_mode: whether numbers have an exponent; None is where they need one.
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


OPTIONS = Options()
_PROFILES: dict[str, dict[str, float]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed; what is omitted stays as it is.

    Args:
        precision: digits behind the point.
        threshold: a tensor with more elements is shortened.
        edgeitems: to so many at each edge of each dimension.
        linewidth: characters in a line.
        profile: "default", "short" or "full", for all of these at once.
        sci_mode: whether numbers have an exponent; where it is omitted they have one if they need it.

    Examples:
        >>> torch.set_printoptions(precision=2)
        >>> torch.tensor([1 / 3])
        tensor([0.33])
        >>> torch.set_printoptions(profile="default")
    """
    for name, value in _PROFILES.get(profile or "", {}).items():
        setattr(OPTIONS, name, value)
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, number in given.items():
        if number is not None:
            setattr(OPTIONS, name, number)
    OPTIONS.sci_mode = sci_mode


def _style(values: Array) -> Callable[[float], str]:
    """Return how to write one of these values so that all of them line up."""
    if values.dtype == np.bool_:
        return lambda value: str(bool(value))
    if values.dtype.kind != "f":
        return lambda value: str(int(value))
    finite = np.abs(values[np.isfinite(values) & (values != 0)].astype(np.float64))
    precision = OPTIONS.precision
    whole = bool(np.all(finite == np.ceil(finite)))
    scientific = OPTIONS.sci_mode
    if finite.size == 0:
        scientific = False
    elif scientific is None:
        low, high = finite.min(), finite.max()
        scientific = bool(high / low > 1000 or high > 1e8 or (not whole and low < 1e-4))
    if scientific:
        return lambda value: f"{value:.{precision}e}"
    if whole:
        return lambda value: f"{value:.0f}." if np.isfinite(value) else f"{value:.0f}"
    return lambda value: f"{value:.{precision}f}"


def _width(values: Array, style: Callable[[float], str]) -> int:
    """Return the width of a column; zeros, NaN and infinity of a floating tensor do not count."""
    if values.dtype.kind == "f":
        values = values[np.isfinite(values) & (values != 0)]
    return max((len(style(value)) for value in values), default=1)


def _shown(array: Array) -> Array:
    """Return the elements that are printed, for choosing how to write them."""
    if array.size <= OPTIONS.threshold:
        return array.reshape(-1)
    for axis in range(array.ndim):
        size = array.shape[axis]
        if size > 2 * OPTIONS.edgeitems:
            edges = [*range(OPTIONS.edgeitems), *range(size - OPTIONS.edgeitems, size)]
            array = array.take(edges, axis)
    return array.reshape(-1)


def _vector(values: list[str], width: int, indent: int, shorten: bool) -> str:
    per_line = max(1, (OPTIONS.linewidth - indent) // (width + 2))
    cells = [value.rjust(width) for value in values]
    if shorten and len(cells) > 2 * OPTIONS.edgeitems:
        cells = [*cells[: OPTIONS.edgeitems], " ...", *cells[-OPTIONS.edgeitems :]]
    lines = [", ".join(cells[i : i + per_line]) for i in range(0, len(cells), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _nested(array: Array, style: Callable[[float], str], width: int, indent: int, shorten: bool) -> str:
    if array.ndim == 0:
        return style(array.item()).rjust(width)
    if array.ndim == 1:
        return _vector([style(value) for value in _edges(array, shorten)], width, indent, shorten)
    rows = [_nested(row, style, width, indent + 1, shorten) for row in _edges(array, shorten)]
    if shorten and len(array) > 2 * OPTIONS.edgeitems:
        rows.insert(OPTIONS.edgeitems, "...")
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(rows) + "]"


def _edges(array: Array, shorten: bool) -> Array:
    if shorten and len(array) > 2 * OPTIONS.edgeitems:
        # One element too many for a vector, which `_vector` cuts after it has seen that it is long.
        middle = array[OPTIONS.edgeitems : OPTIONS.edgeitems + 1] if array.ndim == 1 else array[:0]
        return np.concatenate([array[: OPTIONS.edgeitems], middle, array[-OPTIONS.edgeitems :]])
    return array


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > OPTIONS.linewidth:
            text += ",\n" + " " * indent + suffix
            length = indent + len(suffix)
        else:
            text += ", " + suffix
            length += len(suffix) + 2
    return text + ")"


def tensor_text(tensor: Tensor) -> str:
    """Return what `print(tensor)` shows."""
    array = tensor.array
    prefix = "tensor("
    suffixes = []
    if array.size == 0:
        body = "[]"
        if array.ndim != 1:
            suffixes.append(f"size={tuple(array.shape)}")
        if tensor.dtype is not dtypes.float32:
            suffixes.append(f"dtype={tensor.dtype}")
    else:
        shown = _shown(array)
        style = _style(shown)
        width = _width(shown, style)
        body = _nested(array, style, width if array.ndim else 0, len(prefix), array.size > OPTIONS.threshold)
        if tensor.dtype not in (dtypes.float32, dtypes.int64, dtypes.bool_):
            suffixes.append(f"dtype={tensor.dtype}")
    made_by = _made_by(tensor)
    if made_by is not None:
        suffixes.append(f"grad_fn=<{made_by}>")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")
    return _with_suffixes(prefix + body, suffixes, len(prefix))


def _made_by(tensor: Tensor) -> str | None:
    try:
        node = tensor.grad_fn
    except RuntimeError:
        return "Invalid"  # a view that was changed where it must not be
    return None if node is None else type(node).__name__
