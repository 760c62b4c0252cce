"""The functions of `simd` without a compiler, for NUMBA_DISABLE_JIT=1: a block is an array (rows, columns, LANES).

Slow, but every address is checked: a vector that leaves its array is an error, not another array's memory.
"""

from __future__ import annotations

import ctypes

import numpy as np

from nnkit.kernels.layout import LANES

__all__ = [
    "add_lane_sums",
    "add_where_equal",
    "as_bytes",
    "broadcast",
    "columns",
    "first_lanes",
    "load",
    "load_rows",
    "multiply_add",
    "multiply_add_vectors",
    "row_values",
    "store",
    "transpose",
    "where_greater",
    "zeros",
]


def _vectors(array, offset, stride, count):
    """Return the `length` vectors that start at offset, offset + stride, ... as a view (count, LANES)."""
    flat = array.reshape(-1)
    places = offset + stride * np.arange(count)
    if places.min() < 0 or places.max() + LANES > flat.size:
        raise IndexError(f"vectors at {places.tolist()} leave an array of {flat.size} elements")
    return flat, places[:, None] + np.arange(LANES)


def _grid(block, offset, row, column):
    rows, columns = block.shape[:2]
    return offset + row * np.arange(rows)[:, None] + column * np.arange(columns)


def memory_at(address, size, dtype):
    """Return the `size` elements at an address as an array, which stands for a pointer."""
    memory = (ctypes.c_byte * int(size * dtype.itemsize)).from_address(int(address)) if size > 0 else b""
    return np.frombuffer(memory, dtype)


def zeros(array, rows, columns):
    """See `simd.zeros`."""
    return np.zeros((rows, columns, LANES), array.dtype)


def as_bytes(array):
    """See `simd.as_bytes`."""
    return array.view(np.uint8)


def columns(block):
    """See `simd.columns`."""
    return block.shape[1]


def row_values(block, array, offset, stride):
    """See `simd.row_values`."""
    values = array.reshape(-1)[offset + stride * np.arange(block.shape[0])]
    return np.broadcast_to(values[:, None, None], block.shape)


def multiply_add(block, weights, w_offset, w_row, array, offset, column):
    """See `simd.multiply_add`."""
    factors = weights.reshape(-1)[w_offset + w_row * np.arange(block.shape[0])]
    flat, places = _vectors(array, offset, column, block.shape[1])
    return block + factors[:, None, None] * flat[places]


def multiply_add_vectors(block, left, l_offset, l_row, right, r_offset, r_column):
    """See `simd.multiply_add_vectors`."""
    left_flat, left_places = _vectors(left, l_offset, l_row, block.shape[0])
    right_flat, right_places = _vectors(right, r_offset, r_column, block.shape[1])
    return block + left_flat[left_places][:, None] * right_flat[right_places]


def load(block, array, offset, row, column):
    """See `simd.load`."""
    flat = array.reshape(-1)
    return flat[_grid(block, offset, row, column)[..., None] + np.arange(LANES)]


def load_rows(block, array, offset, row, count):
    """See `simd.load_rows`."""
    result = np.zeros_like(block)
    rows = min(len(block), count)
    flat, places = _vectors(array, offset, row, rows)
    result[:rows, 0] = flat[places]
    return result


def transpose(block):
    """See `simd.transpose`."""
    return np.ascontiguousarray(block.transpose(2, 1, 0))


def store(block, array, offset, row, column):
    """See `simd.store`."""
    array.reshape(-1)[_grid(block, offset, row, column)[..., None] + np.arange(LANES)] = block


def add_lane_sums(block, array, offset, row, column):
    """See `simd.add_lane_sums`; the lanes are added in halves, as there."""
    width = LANES
    while width > 1:
        width //= 2
        block = block[..., :width] + block[..., width : 2 * width]
    # Several vectors may be added to one element, which `+=` would do with the last of them alone.
    np.add.at(array.reshape(-1), _grid(block, offset, row, column), block[..., 0])


def where_greater(candidate, best, chosen, otherwise):
    """See `simd.where_greater`."""
    return np.where((candidate > best) | np.isnan(candidate), chosen, otherwise)


def add_where_equal(total, number, wanted, addend):
    """See `simd.add_where_equal`."""
    return np.where(number == wanted, total + addend, total)


def first_lanes(block, count):
    """See `simd.first_lanes`."""
    return np.where(np.arange(LANES) < count, block, block.dtype.type(0))


def broadcast(block, scalar):
    """See `simd.broadcast`."""
    return np.full_like(block, scalar)
