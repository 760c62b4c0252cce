"""The digit in a picture, in the form of MNIST's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nnkit.errors import DataError
from nnkit.imaging.contrast import contrast_of, noise_of, smoothed, threshold_between
from nnkit.imaging.mnist_form import as_mnist
from nnkit.imaging.regions import Box, Region, enclosing, regions
from nnkit.imaging.resampling import Bytes, Floats, grown, reduced

# The longer side of what is searched for a digit, in pixels; larger pictures are reduced to it.
_SEARCHED = 320
# A digit that is smaller there, in a picture that was reduced, is looked at again from closer.
_SMALL = 64
# What stands out by less than this of the light, or of the noise, is not ink; nor are specks of so few pixels.
_FAINTEST, _FAINTEST_OF_NOISE, _SPECK = 0.04, 4.0, 4
# Things at the edge are mostly a table, a shadow or a line; only where there is nothing else are they the digit.
_WEIGHT_AT_EDGE = 0.2
# Parts of a digit that do not touch are as near as this share of its size, and not lighter than that of its mass.
_NEAR, _PART = 0.15, 0.01
_SOFT_EDGE = 2.0


class Digit(NamedTuple):
    """A digit that was found.

    Attributes:
        image: uint8 (28, 28), bright on black.
        box: where it is in the picture.
        others: how many more things there are that could be digits.
    """

    image: Bytes
    box: Box
    others: int


class _Found(NamedTuple):
    """The ink of a digit (h, w), 0 to 1; where in the picture it is; and what could be more digits."""

    ink: Floats
    box: Box
    others: int


def find_digit(pixels: Bytes) -> Bytes:
    """Return the digit of a picture as MNIST has it: bright on black, scaled and centred.

    Args:
        pixels: uint8, grey (H, W) or in colours (H, W, 3), dark on light or light on dark.

    Returns:
        uint8 (28, 28).

    Raises:
        DataError: nothing stands out from the background.
    """
    return locate_digit(pixels).image


def locate_digit(pixels: Bytes) -> Digit:
    """Return the digit of a picture as `find_digit` does, and where it is.

    Raises:
        DataError: nothing stands out from the background.
    """
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or pixels.size == 0:
        raise DataError(f"expected pixels of uint8 (H, W) or (H, W, 3), got {pixels.dtype} {pixels.shape}")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    factor = _factor(pixels)
    found = _search(reduced(pixels, factor))
    box = found.box.scaled(factor)
    if factor > 1 and found.box.longest < _SMALL:
        around = box.grown(box.longest).within(pixels.shape)
        part = pixels[around.slices]
        closer_factor = _factor(part)
        closer = _search(reduced(part, closer_factor))
        found = closer._replace(others=found.others)
        box = closer.box.scaled(closer_factor).moved(around.top, around.left)
    return Digit(as_mnist(found.ink), box, found.others)


def _factor(pixels: Bytes) -> int:
    return -(-max(pixels.shape[:2]) // _SEARCHED)


def _search(picture: Floats) -> _Found:
    contrast = contrast_of(picture)
    smooth = smoothed(contrast)
    faintest = max(_FAINTEST_OF_NOISE * noise_of(smooth), _FAINTEST)
    # Whether ink is darker or lighter than its background is not known: it is what gives more of a digit.
    attempts = []
    for sign in (1, -1):
        signed = sign * smooth
        parts = regions(signed > max(threshold_between(signed), faintest), signed, _SPECK)
        if parts:
            chosen, others = _choose(parts, contrast.shape)
            attempts.append((sum(_weight(part, contrast.shape) for part in chosen), sign * contrast, chosen, others))
    if not attempts:
        raise DataError("there is nothing that stands out from its background")
    _, signed, chosen, others = max(attempts, key=lambda attempt: attempt[0])
    mask = np.zeros(contrast.shape, bool)
    for part in chosen:
        mask[part.rows, part.columns] = True
    level = float(np.median(signed[mask]))
    ink = np.clip(signed / level, 0, 1) * grown(mask, _SOFT_EDGE)
    box = enclosing(part.box for part in chosen)
    return _Found(ink[box.grown(int(_SOFT_EDGE)).within(contrast.shape).slices], box, others)


def _weight(part: Region, shape: tuple[int, ...]) -> float:
    return part.mass * (_WEIGHT_AT_EDGE if part.box.touches(shape) else 1)


def _choose(parts: list[Region], shape: tuple[int, ...]) -> tuple[list[Region], int]:
    """Return the parts that make the digit, and how many of the others could be digits, too."""
    main = max(parts, key=lambda part: _weight(part, shape))
    at_edge = main.box.touches(shape)
    rest = [part for part in parts if part is not main and (at_edge or not part.box.touches(shape))]
    chosen, near = [main], [main]
    while near:
        reach = enclosing(part.box for part in chosen).grown(round(_NEAR * main.box.longest))
        near = [part for part in rest if part.box.overlaps(reach) and part.mass > _PART * main.mass]
        chosen += near
        rest = [part for part in rest if part not in near]
    others = [part for part in rest if part.mass > 0.3 * main.mass and part.box.height > 0.5 * main.box.height]
    return chosen, len(others)
