"""An article in a picture, in the form of Fashion-MNIST's."""

from __future__ import annotations

import numpy as np

from nnkit.errors import DataError
from nnkit.imaging.resampling import Bytes, reduced, resampled

_SIZE = 28
# More pixels than so many along a side say nothing more about 28.
_LONGEST = 560
# What differs less from the edge of the picture, of 255, belongs to the background.
_FAINT = 16


def find_article(pixels: Bytes) -> Bytes:
    """Return the thing before the plain background of a picture as Fashion-MNIST has it.

    It is trimmed, scaled until its longer side is 28 pixels long, and put into the middle; what is brighter than a
    dark background or darker than a bright one becomes bright.

    Args:
        pixels: uint8, grey (H, W) or in colours (H, W, 3).

    Returns:
        uint8 (28, 28).

    Raises:
        DataError: nothing stands out from the background.

    Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST (2017), section 2.
    """
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    grey = reduced(pixels, -(-max(pixels.shape[:2]) // _LONGEST)).mean(axis=2)
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = float(np.median(edge))
    brightness = np.maximum(background - grey if background > 127 else grey - background, 0)
    rows, columns = (np.flatnonzero((brightness > _FAINT).any(axis)) for axis in (1, 0))
    if not len(rows):
        raise DataError("there is nothing that stands out from its background")
    thing = brightness[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(side * _SIZE / max(thing.shape))) for side in thing.shape)
    small = resampled(thing[..., np.newaxis], (height, width))[..., 0]
    top, left = (_SIZE - height) // 2, (_SIZE - width) // 2
    image = np.zeros((_SIZE, _SIZE), np.uint8)
    image[top : top + height, left : left + width] = np.rint(small * (255 / small.max()))
    return image
