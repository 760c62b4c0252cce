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

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Images that are worked on side by side: a 512-bit register of float32.
LANES = 16


def padded(size: int) -> int:
    """Return `size` rounded up to a multiple of `LANES`."""
    return -(-size // LANES) * LANES


def empty_blocks(shape: Sequence[int], dtype: npt.DTypeLike) -> Array:
    """Return uninitialised blocks for an array of logical `shape`, whose first axis is the batch."""
    batch, *rest = shape
    return np.empty((*rest, padded(batch)), dtype)


def from_blocks(blocks: Array, batch: int) -> Array:
    """Return the `batch` images in `blocks` as an array with the batch first; nothing is copied."""
    return np.moveaxis(blocks, -1, 0)[:batch]


def to_blocks(array: Array) -> Array:
    """Return the blocks that hold `array`, whose first axis is the batch.

    The memory is shared where it is laid out so already. Otherwise it is copied, and images that only
    fill up the last block are zero.
    """
    batch = array.shape[0]
    blocks = np.moveaxis(array, 0, -1)
    if batch % LANES == 0 and blocks.flags.c_contiguous:
        return blocks
    copied = empty_blocks(array.shape, array.dtype)
    copied[..., :batch] = blocks
    copied[..., batch:] = 0
    return copied


def empty_batch_last(shape: Sequence[int], dtype: npt.DTypeLike = np.float32) -> Array:
    """Return an uninitialised array of logical `shape` whose first axis is innermost in memory."""
    return from_blocks(empty_blocks(shape, dtype), shape[0])
