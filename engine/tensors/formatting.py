"""The text of a tensor, as PyTorch prints it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from nnkit import dtypes
from nnkit.kernels.layout import Array

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor

PRECISION = 4
# A tensor with more elements is shortened to this many at each edge of each dimension.
THRESHOLD = 1000
EDGE_ITEMS = 3
LINE_WIDTH = 80


def _style(values: Array) -> Callable[[float], str]:
    """Return how to write one of these values so that all of them line up."""
    if values.dtype == np.bool_:
        return lambda value: str(bool(value))
    if values.dtype.kind != "f":
        return lambda value: str(int(value))
    finite = np.abs(values[np.isfinite(values) & (values != 0)].astype(np.float64))
    if finite.size == 0:
        return lambda value: f"{value:.0f}." if np.isfinite(value) else f"{value:.0f}"
    low, high = finite.min(), finite.max()
    wide = high / low > 1000 or high > 1e8
    whole = bool(np.all(finite == np.ceil(finite)))
    if wide or (not whole and low < 1e-4):
        return lambda value: f"{value:.{PRECISION}e}"
    if whole:
        return lambda value: f"{value:.0f}." if np.isfinite(value) else f"{value:.0f}"
    return lambda value: f"{value:.{PRECISION}f}"


def _width(values: Array, style: Callable[[float], str]) -> int:
    """Return the width of a column; zeros, NaN and infinity of a floating tensor do not count."""
    if values.dtype.kind == "f":
        values = values[np.isfinite(values) & (values != 0)]
    return max((len(style(value)) for value in values), default=1)


def _shown(array: Array) -> Array:
    """Return the elements that are printed, for choosing how to write them."""
    if array.size <= THRESHOLD:
        return array.reshape(-1)
    for axis in range(array.ndim):
        size = array.shape[axis]
        if size > 2 * EDGE_ITEMS:
            edges = [*range(EDGE_ITEMS), *range(size - EDGE_ITEMS, size)]
            array = array.take(edges, axis)
    return array.reshape(-1)


def _vector(values: list[str], width: int, indent: int, shorten: bool) -> str:
    per_line = max(1, (LINE_WIDTH - indent) // (width + 2))
    cells = [value.rjust(width) for value in values]
    if shorten and len(cells) > 2 * EDGE_ITEMS:
        cells = [*cells[:EDGE_ITEMS], " ...", *cells[-EDGE_ITEMS:]]
    lines = [", ".join(cells[i : i + per_line]) for i in range(0, len(cells), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _nested(array: Array, style: Callable[[float], str], width: int, indent: int, shorten: bool) -> str:
    if array.ndim == 0:
        return style(array.item()).rjust(width)
    if array.ndim == 1:
        return _vector([style(value) for value in _edges(array, shorten)], width, indent, shorten)
    rows = [_nested(row, style, width, indent + 1, shorten) for row in _edges(array, shorten)]
    if shorten and len(array) > 2 * EDGE_ITEMS:
        rows.insert(EDGE_ITEMS, "...")
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(rows) + "]"


def _edges(array: Array, shorten: bool) -> Array:
    if shorten and len(array) > 2 * EDGE_ITEMS:
        # One element too many for a vector, which `_vector` cuts after it has seen that it is long.
        middle = array[EDGE_ITEMS : EDGE_ITEMS + 1] if array.ndim == 1 else array[:0]
        return np.concatenate([array[:EDGE_ITEMS], middle, array[-EDGE_ITEMS:]])
    return array


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > LINE_WIDTH:
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
        body = _nested(array, style, width if array.ndim else 0, len(prefix), array.size > THRESHOLD)
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
