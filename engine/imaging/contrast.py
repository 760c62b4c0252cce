"""How much each pixel of a picture differs from the background around it.

The background is taken to vary slowly but for edges of shadows: first it is the median of wide surroundings, which
follows an edge but must hold more background than ink; what then differs much is left out of a second, closer look.
"""

from __future__ import annotations

import numpy as np

from nnkit.imaging.resampling import Floats, Mask, grown, interpolated, resampled

# The background is computed for so many cells along the longer sides: the median takes most of the time.
_COARSE, _CLOSE = 24, 40
# The share of the picture that surroundings reach to each side.
_REACH = 5 / 12
# Below this brightness of 255, light is not divided by: it would be noise that counts.
_DARK = 64
_EDGE = 2.0
_DEVIATION = 1.4826


def contrast_of(picture: Floats) -> Floats:
    """Return (H, W): the difference of a picture from its background in relation to the light, with either sign.

    Colours are reduced to the one direction in which the picture varies most.

    Args:
        picture: (H, W, C) of 0 to 255.
    """
    background = _wide_background(picture)
    contrast = smoothed(_contrast(picture, background))
    distance = np.abs(contrast)
    ink = grown(distance > max(threshold_between(distance), 3 * noise_of(contrast)), _EDGE)
    return _contrast(picture, background + _close_background(picture - background, ink))


def noise_of(contrast: Floats) -> float:
    """Return the standard deviation of most pixels, estimated from the median of their distance from 0."""
    return _DEVIATION * float(np.median(np.abs(contrast)))


def threshold_between(values: Floats) -> float:
    """Return what divides values above 0 best into two groups; infinite where there are none.

    Source: N. Otsu, A threshold selection method from gray-level histograms (1979), equation 18.
    """
    if values.max() <= 0:
        return float("inf")
    counts, edges = np.histogram(np.maximum(values, 0), 256)
    below = counts.cumsum()[:-1]
    above = counts.sum() - below
    sums = (counts * edges[1:]).cumsum()
    means_below, means_above = sums[:-1] / np.maximum(below, 1), (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(edges[1 + np.argmax(below * above * (means_below - means_above) ** 2)])


def smoothed(contrast: Floats) -> Floats:
    """Return contrast (H, W) with most of the noise of single pixels taken out of it, and little of a stroke."""
    framed = np.pad(contrast, 1, "edge")
    for lines in (framed, framed.T):
        lines[1:-1] = (lines[:-2] + 2 * lines[1:-1] + lines[2:]) / 4
    return framed[1:-1, 1:-1]


def _contrast(picture: Floats, background: Floats) -> Floats:
    difference = (picture - background) / np.maximum(background, _DARK)
    flat = difference.reshape(-1, difference.shape[2])
    _, directions = np.linalg.eigh(flat.T @ flat)
    contrast: Floats = difference @ directions[:, -1]
    return contrast


def _wide_background(picture: Floats) -> Floats:
    height, width, _ = picture.shape
    cells = min(_COARSE, height), min(_COARSE, width)
    down, right = (min(round(_REACH * max(cells)), count - 1) for count in cells)
    coarse = resampled(picture, cells)
    # Beyond the edge a slope goes on as a slope.
    framed = np.pad(coarse, ((down, down), (right, right), (0, 0)), "reflect", reflect_type="odd")
    windows = np.lib.stride_tricks.sliding_window_view(framed, (2 * down + 1, 2 * right + 1), axis=(0, 1))
    return interpolated(np.median(windows, axis=(3, 4)), (height, width))


def _close_background(residual: Floats, ink: Mask) -> Floats:
    """Return the local means (H, W, C) of what is not ink; 0 where there is nothing else."""
    height, width, _ = residual.shape
    cells = min(_CLOSE, height), min(_CLOSE, width)
    paper = ~ink[..., np.newaxis]
    # The small number draws cells with almost no paper to 0.
    share = _means_of_cells(resampled(paper.astype(np.float32), cells)) + 0.02
    return interpolated(_means_of_cells(resampled(residual * paper, cells)) / share, (height, width))


def _means_of_cells(cells: Floats) -> Floats:
    framed = np.pad(cells, ((2, 2), (2, 2), (0, 0)), "edge")
    windows = np.lib.stride_tricks.sliding_window_view(framed, (5, 5), axis=(0, 1))
    means: Floats = windows.mean(axis=(3, 4))
    return means
