"""From bytes to a network's input: one pass over a batch that picks, normalises, centres and lays out."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.cpu.compiler import parallel_kernel, prange
from nnkit.kernels.layout import LANES, Array


@parallel_kernel
def gather_images(images: Array, indices: Array, mean: np.float32, std: np.float32, out: Array) -> None:
    """Write `(images[indices] / 255 - mean) / std` into blocks, each image in the middle of its frame.

    The frame around an image is background, raw pixel 0, and normalised as such. The bytes go through
    a table of their 256 results, so the numbers are exactly those of the formula in float32.

    Shapes:
        images: uint8 (M, h, w); indices: int64 (n,), each below M; mean, std: float32;
        out: blocks of float32 (1, H, W, N'), see `nnkit.kernels.layout`, with H >= h and W >= w.
        Images of the last block that are beyond n become 0. Nothing is checked here.
    """
    table = np.empty(256, np.float32)
    for value in range(256):
        table[value] = (np.float32(value) / np.float32(255) - mean) / std
    count = len(indices)
    _, height, width, padded_count = out.shape
    _, image_height, image_width = images.shape
    top = (height - image_height) // 2
    left = (width - image_width) // 2
    # A task is one row of one block: there is work for many threads in a small batch, and it writes
    # whole cache lines (the images of a pixel) while it reads along the rows of its images.
    for task in prange(padded_count // LANES * height):
        first = task // height * LANES
        last = min(first + LANES, count)
        row = task % height
        inside = top <= row < top + image_height
        for column in range(width):
            if inside and left <= column < left + image_width:
                for image in range(first, last):
                    out[0, row, column, image] = table[images[indices[image], row - top, column - left]]
            else:
                out[0, row, column, first:last] = table[0]
            out[0, row, column, last : first + LANES] = 0
