"""Sheets and frames in a picture, which are larger than the digit on them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nnkit.imaging.regions import Box
from nnkit.imaging.resampling import Bytes, Floats

# The least share of its box that a sheet fills, turned a little or seen from the side; an ellipse fills pi / 4.
_FILLED = 0.72
_WIDEST = 2
# The share of its box that a frame covers at most, and a sheet at least; what is in between is a digit.
_FRAME, _SHEET = 0.25, 0.5
# Of the way from the colour of a stroke to that of the paper: what is in between, or a little beyond, is a loop.
_BETWEEN = 0.2, 1.15
_ASIDE = 0.1


def is_sheet(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], box: Box) -> bool:
    """Return whether some pixels, which are in a box, have an outline that is roughly a rectangle, full or empty."""
    share = len(rows) / (box.height * box.width)
    if box.longest > _WIDEST * min(box.height, box.width) or _FRAME < share < _SHEET:
        return False
    starts, ends = np.full(box.height, box.right), np.full(box.height, box.left)
    np.minimum.at(starts, rows - box.top, columns)
    np.maximum.at(ends, rows - box.top, columns + 1)
    return bool(np.maximum(ends - starts, 0).sum() > _FILLED * box.height * box.width)


def is_hole(colour: Floats, pixels: Bytes, box: Box, stroke: Floats) -> bool:
    """Return whether something is the paper in a loop of a digit, and not a digit on a sheet or in a frame.

    Ink on a sheet has a colour of its own, and what is in a frame has that of the frame; a loop has that of the
    paper around the digit, or one between this and that of the strokes.

    Args:
        colour: that of the thing (C,).
        pixels: the whole picture (H, W, C).
        box: where the digit is, or the sheet.
        stroke: its colour (C,).
    """
    around = pixels[box.grown(max(2, box.longest // 20)).within(pixels.shape).slices]
    paper = np.median(np.concatenate([around[0], around[-1], around[:, 0], around[:, -1]]), axis=0)
    way = paper - stroke
    length = max(float(way @ way), 1.0)
    share = float((colour - stroke) @ way) / length
    aside = colour - stroke - share * way
    return _BETWEEN[0] < share < _BETWEEN[1] and float(aside @ aside) < _ASIDE * length
