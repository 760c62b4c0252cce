"""Where the images of a batch lie in memory: the one decision that every kernel depends on.

A tensor's shape is (N, C, H, W), as everywhere, but the batch is the innermost axis in memory: element
(n, c, h, w) is followed by (n + 1, c, h, w). Sixteen images then fill a vector register, every image of
such a block does the same arithmetic, and any kernel size, stride or channel count vectorises fully.
NumPy strides express it, so shapes, views and indexing are as usual; `view(N, -1)` stays free.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Images that are worked on side by side: a 512-bit register of float32.
LANES = 16


def empty_batch_last(shape: Sequence[int], dtype: npt.DTypeLike = np.float32) -> Array:
    """Return an uninitialised array of logical `shape` whose first axis is innermost in memory.

    The memory behind it is padded to whole blocks of `LANES` images, so that kernels may write full
    vectors; the padding is not part of the array.
    """
    batch, *rest = shape
    padded = -(-batch // LANES) * LANES
    buffer = np.empty((*rest, padded), dtype)
    return np.moveaxis(buffer, -1, 0)[:batch]


def batch_step(array: Array) -> int:
    """Return the distance, in elements, between neighbours other than along the batch, or 0.

    It is not 0 only where kernels can work on the memory as it is: whole blocks of `LANES` images, the
    batch innermost, and the other axes dense in their order.
    """
    batch = array.shape[0]
    if batch == 0 or batch % LANES or array.strides[0] != array.itemsize:
        return 0
    step = None
    expected = None
    for size, stride in zip(reversed(array.shape[1:]), reversed(array.strides[1:]), strict=True):
        if size == 1:
            continue
        if expected is None:
            step = expected = stride
        if stride != expected:
            return 0
        expected = stride * size
    if step is None:
        return batch
    return step // array.itemsize if step > 0 and step % array.itemsize == 0 else 0


def batch_last(array: Array) -> Array:
    """Return `array`, or a copy of it, in whole blocks with the batch innermost; the padding is zero."""
    if batch_step(array):
        return array
    batch, *rest = array.shape
    padded = -(-batch // LANES) * LANES
    buffer = np.empty((*rest, padded), array.dtype)
    blocks = np.moveaxis(buffer, -1, 0)
    blocks[:batch] = array
    blocks[batch:] = 0
    return blocks
