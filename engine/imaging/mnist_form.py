"""The form that MNIST's digits have.

Each is scaled, with its proportions kept, into a box of 20 x 20 pixels, which is placed in 28 x 28 so that the centre
of mass is in the middle: with whole pixels, the mean over MNIST's images is pixel 14 (counted from 0) both ways.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits.
"""

from __future__ import annotations

import math

import numpy as np

from nnkit.imaging.resampling import Bytes, Floats, Mask, grown, resampled

SIZE = 28
_BOX = 20
_CENTRE = 14
# Strokes are measured and changed in pixels that are so much finer than MNIST's.
_FINE = 4
# Nine of ten of MNIST's digits have strokes that are wider than this, in its pixels.
_THINNEST = 2.0
_FAINT = 0.1
# This share of a digit's pixels is as bright as it gets.
_BRIGHTEST = 0.1


def as_mnist(ink: Floats) -> Bytes:
    """Return ink (h, w) of 0 to 1, whatever its size and the width of its strokes, as uint8 (28, 28)."""
    rows, columns = (np.flatnonzero((ink > _FAINT).any(axis)) for axis in (1, 0))
    digit = _in_box(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    bright = np.quantile(digit[digit > _FAINT], 1 - _BRIGHTEST)
    digit = np.minimum(digit / bright, 1)
    top, left = (_offset(digit.sum(axis)) for axis in (1, 0))
    image = np.zeros((SIZE, SIZE), np.uint8)
    image[top : top + _BOX, left : left + _BOX] = np.rint(digit * 255)
    return image


def _in_box(ink: Floats) -> Floats:
    """Return ink scaled into (20, 20), its strokes not thinner than MNIST's."""
    side = _BOX * _FINE
    fine = _scaled(ink, side)
    width = _stroke_width(fine > 0.5)
    growth = max(0.0, _THINNEST * _FINE - width) / 2
    if growth >= 1:
        reach = math.floor(growth)
        fine = grown(np.pad(_scaled(ink, side - 2 * reach), reach), growth)
    top, left = ((side - size) // 2 for size in fine.shape)
    box = np.zeros((side, side), np.float32)
    box[top : top + fine.shape[0], left : left + fine.shape[1]] = fine
    digit: Floats = box.reshape(_BOX, _FINE, _BOX, _FINE).mean(axis=(1, 3))
    return digit


def _scaled(ink: Floats, longest: int) -> Floats:
    height, width = (max(1, round(side * longest / max(ink.shape))) for side in ink.shape)
    return resampled(ink[..., np.newaxis], (height, width))[..., 0]


def _stroke_width(shape: Mask) -> float:
    """Return the mean width of strokes: they have two edges all along.

    Counted along pixels, edges in all directions are 4 / pi times as long as they are.
    """
    framed = np.pad(shape, 1)
    edges = np.count_nonzero(np.diff(framed, axis=0)) + np.count_nonzero(np.diff(framed, axis=1))
    return 2 * np.count_nonzero(shape) / max(edges * math.pi / 4, 1)


def _offset(profile: Floats) -> int:
    """Return where the box begins so that the centre of its mass is in the middle, or as near as it can be."""
    centre = float(profile @ np.arange(_BOX) / profile.sum())
    return min(max(round(_CENTRE - centre), 0), SIZE - _BOX)
