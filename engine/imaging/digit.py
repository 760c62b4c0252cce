"""The digit in a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nnkit.errors import DataError
from nnkit.imaging.contrast import contrast_of, noise_of, smoothed, threshold_between
from nnkit.imaging.mnist_form import as_mnist
from nnkit.imaging.regions import Box, Region, enclosing, regions
from nnkit.imaging.resampling import Bytes, Floats, grown, reduced
from nnkit.imaging.surface import is_hole, is_sheet

# The longer side of what is searched for a digit, in pixels; larger pictures are reduced to it.
_SEARCHED = 320
# A digit that is smaller there, in a picture that was reduced, is looked at again from closer.
_SMALL = 64
# What stands out by less than this of the light, or of the noise, is not ink; nor are specks of so few pixels.
_FAINTEST, _FAINTEST_OF_NOISE, _SPECK = 0.04, 4.0, 4
# Parts of a digit that do not touch are as near as this share of its size, and not lighter than that of its mass.
_NEAR, _PART = 0.15, 0.01
# Something else of this share of a digit's mass and height could be another digit.
_OTHER_MASS, _OTHER_HEIGHT = 0.3, 0.5
# How fast the weight of a thing falls with the share of the picture's edge that it takes.
_EDGE_POWER = 8
# How far beyond the threshold the edge of a stroke goes on, in pixels.
_SOFT_EDGE = 2
# The share of a sheet that its rim takes, and the least share of the rest that is a digit and not a speck.
_RIM, _LEAST_SHARE = 0.1, 0.15


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
    """The most likely digit in a part of a picture.

    Attributes:
        ink: float32 (h, w) of 0 to 1.
        box: where it is in the picture.
        others: how many more things there are that could be digits.
        colour: float32 (C,), that of the ink.
        factor: how many pixels of the picture along each side have become one of the ink.
        is_sheet: whether it may be something on which the digit is.
    """

    ink: Floats
    box: Box
    others: int
    colour: Floats
    factor: int
    is_sheet: bool


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
    found = _search(pixels, Box(0, 0, *pixels.shape[:2]))
    if found.is_sheet:
        found = _on_sheet(pixels, found) or found
    if found.factor > 1 and found.box.longest < _SMALL * found.factor:
        closer = _search(pixels, found.box.grown(found.box.longest).within(pixels.shape))
        found = closer._replace(others=found.others)
    return Digit(as_mnist(found.ink), found.box.within(pixels.shape), found.others)


def _on_sheet(pixels: Bytes, sheet: _Found) -> _Found | None:
    """Return the digit on a sheet of paper, or in a frame, that was taken for a digit; None if there is none."""
    area = sheet.box.grown(-round(_RIM * sheet.box.longest))
    try:
        found = _search(pixels, area)
    except DataError:
        return None
    inner = found.box.moved(-area.top, -area.left)
    if inner.touches((area.height, area.width)) or inner.longest < _LEAST_SHARE * area.longest:
        return None
    return None if is_hole(found.colour, pixels, sheet.box, sheet.colour) else found


def _search(pixels: Bytes, area: Box) -> _Found:
    """Return the most likely digit in an area of a picture (H, W, C)."""
    part = pixels[area.slices]
    factor = -(-area.longest // _SEARCHED)
    picture = reduced(part, factor)
    # Whether ink is darker or lighter than its background is not known: it is what gives more of a digit.
    attempts = list(_attempts(contrast_of(picture)))
    if not attempts:
        raise DataError("there is nothing that stands out from its background")
    best = max(attempts, key=lambda attempt: attempt.score)
    ink = best.ink()[best.box.grown(_SOFT_EDGE).within(picture.shape).slices]
    colour = np.median(picture[best.rows, best.columns], axis=0)
    box = best.box.scaled(factor).moved(area.top, area.left)
    sheet = min(best.box.height, best.box.width) >= _SMALL and is_sheet(best.rows, best.columns, best.box)
    return _Found(ink, box, best.others, colour, factor, sheet)


@dataclass(frozen=True)
class _Attempt:
    """What is the digit, if ink is what has positive contrast."""

    contrast: Floats
    parts: list[Region]
    others: int

    @property
    def score(self) -> float:
        """How much ink there is, away from the edge."""
        return sum(_weight(part, self.contrast.shape) for part in self.parts)

    @property
    def box(self) -> Box:
        """The box around all parts."""
        return enclosing(part.box for part in self.parts)

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """The row of each pixel."""
        return np.concatenate([part.rows for part in self.parts])

    @property
    def columns(self) -> npt.NDArray[np.int64]:
        """The column of each pixel."""
        return np.concatenate([part.columns for part in self.parts])

    def ink(self) -> Floats:
        """Return (H, W): 1 for half of the pixels, down to 0 beyond the edges of strokes."""
        mask = np.zeros(self.contrast.shape, bool)
        mask[self.rows, self.columns] = True
        level = np.float32(max(float(np.median(self.contrast[mask])), _FAINTEST))
        ink: Floats = np.clip(self.contrast / level, 0, 1) * grown(mask, _SOFT_EDGE)
        return ink


def _attempts(contrast: Floats) -> Iterator[_Attempt]:
    """Yield what is the digit if ink is lighter than its background, and if it is darker."""
    smooth = smoothed(contrast)
    faintest = max(_FAINTEST_OF_NOISE * noise_of(smooth), _FAINTEST)
    for sign in (np.float32(1), np.float32(-1)):
        signed = sign * smooth
        # On a dark background, light things differ from it by many times its own light.
        parts = regions(signed > max(threshold_between(signed), faintest), np.minimum(signed, 1), _SPECK)
        if parts:
            yield _Attempt(sign * contrast, *_choose(parts, contrast.shape))


def _weight(part: Region, shape: tuple[int, ...]) -> float:
    """Return the mass of a part, less the more of the picture's edge it takes: a table, a shadow or a line does."""
    height, width = shape
    ends = [part.rows == 0, part.rows == height - 1, part.columns == 0, part.columns == width - 1]
    taken = sum(map(np.count_nonzero, ends)) / (2 * (height + width))
    return float(part.mass * (1 - taken) ** _EDGE_POWER)


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
    heavy = [part for part in rest if part.mass > _OTHER_MASS * main.mass]
    return chosen, sum(part.box.height > _OTHER_HEIGHT * main.box.height for part in heavy)
