"""Pictures in other sizes, and shapes that grow."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Shape = TypeVar("Shape", Mask, Floats)


def reduced(pixels: Bytes, factor: int) -> Floats:
    """Return the means of squares of `factor` x `factor` pixels; a rest at the lower and right edge is dropped.

    Shapes: (H, W, C) becomes (H // factor, W // factor, C), but at least 1 x 1.
    """
    if factor == 1:
        return pixels.astype(np.float32)
    down, right = (min(factor, size) for size in pixels.shape[:2])
    height, width = pixels.shape[0] // down, pixels.shape[1] // right
    squares = pixels[: height * down, : width * right].reshape(height, down, width, right, pixels.shape[2])
    means: Floats = squares.mean(axis=(1, 3), dtype=np.float32)
    return means


def resampled(picture: Floats, size: tuple[int, int]) -> Floats:
    """Return a picture (h, w, C) in another size: each new pixel is the mean of the area that it covers."""
    return _weighted(picture, _coverage(picture.shape[0], size[0]), _coverage(picture.shape[1], size[1]))


def interpolated(picture: Floats, size: tuple[int, int]) -> Floats:
    """Return a picture (h, w, C) in a larger size, with straight transitions from pixel to pixel."""
    return _weighted(picture, _hats(picture.shape[0], size[0]), _hats(picture.shape[1], size[1]))


def grown(shape: Shape, radius: float) -> Shape:
    """Return a shape (H, W), or its brightness, spread to all pixels within the radius."""
    reach = math.floor(radius)
    framed = np.pad(shape, reach)
    result = shape
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            if math.hypot(down - reach, right - reach) <= radius:
                result = np.maximum(result, framed[down : down + shape.shape[0], right : right + shape.shape[1]])
    return result


def _weighted(picture: Floats, rows: Floats, columns: Floats) -> Floats:
    result: Floats = np.einsum("ih,hwc,jw->ijc", rows, picture, columns, optimize=True, dtype=np.float32)
    return result


def _coverage(old: int, new: int) -> Floats:
    """Return (new, old): the share that each old pixel has in each new one."""
    edges = np.linspace(0, old, new + 1)
    starts = np.arange(old)
    shared = np.minimum(edges[1:, np.newaxis], starts + 1) - np.maximum(edges[:-1, np.newaxis], starts)
    return (np.maximum(shared, 0) * (new / old)).astype(np.float32)


def _hats(old: int, new: int) -> Floats:
    """Return (new, old): the weights of linear interpolation between the centres of pixels, constant beyond them."""
    places = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
    return np.maximum(0, 1 - np.abs(places[:, np.newaxis] - np.arange(old))).astype(np.float32)
