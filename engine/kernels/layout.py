"""Where the images of a batch lie in memory: the one decision that every kernel depends on.

A tensor's shape is (N, C, H, W), as everywhere, but the batch is the innermost axis in memory: element
(n, c, h, w) is followed by (n + 1, c, h, w). Sixteen images then fill a vector register, every image of
such a block does the same arithmetic, and any kernel size, stride or channel count vectorises fully.
NumPy strides express it, so shapes, views and indexing are as usual; `view(N, -1)` stays free.

Kernels see the memory itself, *blocks*: an array of shape (C, H, W, N'), C-contiguous, where N' is N rounded
up to a multiple of `LANES`. `to_blocks` and `from_blocks` go between the two; both are free where a tensor
came out of a kernel with whole blocks of images, and `to_blocks` copies in every other case.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nnkit.kernels.memory import CACHE_LINE, address, aligned

Array = npt.NDArray[Any]

# Images that are worked on side by side: a 512-bit register of float32.
LANES = 16


def padded(size: int) -> int:
    """Return `size` rounded up to a multiple of `LANES`."""
    return -(-size // LANES) * LANES


def batch_to_end(array: Array) -> Array:
    """Return an array with its first axis last; nothing is copied."""
    return array.transpose(*range(1, array.ndim), 0)  # a tenth of the time of numpy.moveaxis


def empty_blocks(shape: Sequence[int], dtype: npt.DTypeLike) -> Array:
    """Return uninitialised blocks for an array of logical `shape`, whose first axis is the batch."""
    batch, *rest = shape
    return aligned((*rest, padded(batch)), dtype)


def blocks_for(shape: Sequence[int], dtype: npt.DTypeLike, out: Array | None) -> Array:
    """Return the blocks behind `out`, an array as `empty_batch_last` makes them, or new ones without it.

    The images that fill up its last block are behind it too, and are written to like the others.

    Raises:
        ValueError: `out` is not an array of this shape and type, or not laid out so.
    """
    if out is None:
        return empty_blocks(shape, dtype)
    check_out(out, shape, dtype)
    whole = batch_to_end(out)
    if out.shape[0] % LANES == 0 and whole.flags.c_contiguous:
        return whole
    batch, *rest = shape
    owner = out.base
    if isinstance(owner, np.ndarray) and owner.flags.c_contiguous:
        blocks = (*rest, padded(batch))
        size = math.prod(blocks) * out.itemsize
        memory, start = owner.reshape(-1).view(np.uint8), address(out) - address(owner)
        # The memory of one tensor, with what `aligned` put before and behind it.
        if start < CACHE_LINE and 0 <= memory.size - size <= CACHE_LINE and start + size <= memory.size:
            whole = memory[start : start + size].view(out.dtype).reshape(blocks)
            if _same_places(from_blocks(whole, batch), out):
                return whole
    raise ValueError(
        f"out of shape {out.shape}: expected the batch innermost in memory, as empty_batch_last lays it out"
    )


def check_out(out: Array, shape: Sequence[int], dtype: npt.DTypeLike) -> None:
    """Refuse an array that a result cannot be written to.

    Raises:
        ValueError: it is of another shape or type, or read-only.
    """
    if out.shape != tuple(shape) or out.dtype != dtype:
        raise ValueError(f"out: expected {np.dtype(dtype)} of shape {tuple(shape)}, got {out.dtype} of {out.shape}")
    if not out.flags.writeable:
        raise ValueError("out: expected an array that can be written to, got a read-only one")


def check_contiguous(out: Array, memory: Array, shape: tuple[int, ...], dtype: Any) -> None:
    """Refuse an array `out` that is not of this shape and type, or that does not fill `memory` in its order.

    Raises:
        ValueError: it is not.
    """
    check_out(out, shape, dtype)
    if not memory.flags.c_contiguous:
        raise ValueError(f"out of shape {out.shape}: expected the memory of a weight, without gaps and in its order")


def _same_places(first: Array, second: Array) -> bool:
    # The stride of an axis of size 1 is never taken, and says nothing.
    strides = zip(first.strides, second.strides, first.shape, strict=True)
    return all(one == other for one, other, size in strides if size > 1)


def from_blocks(blocks: Array, batch: int) -> Array:
    """Return the `batch` images in `blocks` as an array with the batch first; nothing is copied."""
    return blocks.transpose(-1, *range(blocks.ndim - 1))[:batch]


def to_blocks(array: Array) -> Array:
    """Return the blocks that hold `array`, whose first axis is the batch.

    The memory is shared where it is laid out so already. Otherwise it is copied, and images that only
    fill up the last block are zero.
    """
    batch = array.shape[0]
    blocks = batch_to_end(array)
    if batch % LANES == 0 and blocks.flags.c_contiguous:
        return blocks
    copied = empty_blocks(array.shape, array.dtype)
    copied[..., :batch] = blocks
    copied[..., batch:] = 0
    return copied


def empty_batch_last(shape: Sequence[int], dtype: npt.DTypeLike = np.float32) -> Array:
    """Return an uninitialised array of logical `shape` whose first axis is innermost in memory."""
    return from_blocks(empty_blocks(shape, dtype), shape[0])


def walk_through(matrix: Array) -> tuple[Array, int, int]:
    """Return contiguous memory and the distances of a matrix's rows and columns in it, copying only if needed."""
    if matrix.flags.c_contiguous:
        return matrix, matrix.shape[1], 1
    if matrix.flags.f_contiguous:
        return matrix.T, 1, matrix.shape[0]
    return np.ascontiguousarray(matrix), matrix.shape[1], 1
