"""Images moved, turned, scaled and bent at random, cheaply enough to be done anew in every epoch.

Where the pixels of the result come from is one smooth field: a cubic B-spline over control points `SPACING`
pixels apart, as in Rueckert et al., "Nonrigid registration using free-form deformations" (1999). Such a spline
follows a straight line exactly, so the control points hold shift, rotation and scale as well, and the elastic
part of Simard et al., "Best practices for convolutional neural networks" (2003), is only noise added to them.

The work is done in short passes over an image in cache, each of a form that becomes vectors.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from nnkit.kernels.cpu import simd
from nnkit.kernels.cpu.compiler import kernel, parallel_kernel, prange
from nnkit.kernels.layout import LANES, Array

# Noise on control points so far apart is as smooth as Simard's after a Gaussian with a sigma of 4.6 pixels.
SPACING = 8
# The draws that an image takes before those of its control points: shift, rotation, scale.
PLAIN_DRAWS = 5
# Few, so that a small batch has work for many threads.
TASK_IMAGES = 8

_WORD_BITS = np.uint64(32)
_WORD_MASK = np.uint64(2**32 - 1)
_ROUNDS = 10
_FIRST_FACTOR, _SECOND_FACTOR = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_FIRST_STEP, _SECOND_STEP = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_UNUSED_BITS = np.uint64(8)
_UNIT = np.float32(2.0**-23)

_ZERO, _HALF, _ONE = np.float32(0), np.float32(0.5), np.float32(1)
_BYTE = np.uint32(255)


def _spline_weights() -> Array:
    """Return the weights (4, SPACING) that the control points around a pixel have, by its place between them."""
    t = np.arange(SPACING) / SPACING
    weights = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    return (np.array(weights) / 6).astype(np.float32)


def _lane_weights() -> Array:
    """Return the weights that the control points around `LANES` neighbouring pixels have for each of them."""
    cells = LANES // SPACING
    weights = np.zeros((cells + 3, LANES), np.float32)
    for cell in range(cells):
        weights[cell : cell + 4, cell * SPACING : (cell + 1) * SPACING] = WEIGHTS
    return weights


WEIGHTS = _spline_weights()
LANE_WEIGHTS = _lane_weights()
LANE_CELLS = LANES // SPACING
# The root mean square of the spline, in both directions, whose control points are uniform in -1 to 1.
NOISE = float((WEIGHTS.astype(np.float64) ** 2).sum(axis=0).mean() / math.sqrt(3))


class Workspace(NamedTuple):
    """What is computed on the way to one image; see `warp_image`."""

    draws: Array
    controls: Array
    spline_rows: Array
    framed: Array
    squares: Array
    down: Array
    right: Array
    words: Array


@kernel
def workspace(image_height, image_width, height, width):
    """Return memory for warping images of one size into images of another."""
    cells_down = (height + SPACING - 1) // SPACING
    vectors = (width + LANES - 1) // LANES
    points_down, points_across = cells_down + 3, vectors * LANE_CELLS + 3
    pitch = image_width + 2
    # Vectors reach beyond the last row and column.
    pixels = cells_down * SPACING * width + LANES
    return Workspace(
        np.empty((PLAIN_DRAWS + 2 * points_down * points_across + 3) // 4 * 4, np.float32),
        np.empty((2, points_down, points_across), np.float32),
        np.empty(2 * points_down * vectors * LANES, np.float32),
        np.zeros((image_height + 3) * pitch + 1, np.uint8),
        np.empty((image_height + 2) * pitch, np.uint32),
        np.empty(pixels, np.float32),
        np.empty(pixels, np.float32),
        np.empty(height * width, np.uint32),
    )


@kernel
def draw(key, index, draws):
    """Fill `draws`, whose length is a multiple of 4, with the numbers from -1 to 1 that belong to a key and an index.

    Source: Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011). The counter is
    made of the index and the place in `draws`.
    """
    for four in range(len(draws) // 4):
        first, second = np.uint64(four), np.uint64(0)
        third, fourth = np.uint64(index) & _WORD_MASK, np.uint64(index) >> _WORD_BITS
        low, high = key & _WORD_MASK, key >> _WORD_BITS
        for _ in range(_ROUNDS):
            # Products of 32-bit words fit into 64 bits, so nothing overflows.
            one, other = first * _FIRST_FACTOR, third * _SECOND_FACTOR
            first, third = (other >> _WORD_BITS) ^ second ^ low, (one >> _WORD_BITS) ^ fourth ^ high
            second, fourth = other & _WORD_MASK, one & _WORD_MASK
            low, high = (low + _FIRST_STEP) & _WORD_MASK, (high + _SECOND_STEP) & _WORD_MASK
        draws[4 * four] = np.float32(np.int32(first >> _UNUSED_BITS)) * _UNIT - _ONE
        draws[4 * four + 1] = np.float32(np.int32(second >> _UNUSED_BITS)) * _UNIT - _ONE
        draws[4 * four + 2] = np.float32(np.int32(third >> _UNUSED_BITS)) * _UNIT - _ONE
        draws[4 * four + 3] = np.float32(np.int32(fourth >> _UNUSED_BITS)) * _UNIT - _ONE


@kernel
def place_controls(draws, ranges, image_size, size, controls):
    """Write where in the image each control point of the result is: its row and column, counted from -1.

    The middle of the image is moved, and what is around it is scaled, then turned, then bent.

    Shapes:
        draws: at least PLAIN_DRAWS + two for each control point, between -1 and 1;
        ranges: shift in pixels, rotation in degrees, scale, and elastic: the root mean square of the displacements
            along each axis in pixels; draws multiply them;
        controls: (2, I, J), the first control point being one cell above and to the left of the first pixel.
    """
    shift, rotation, scale, elastic = ranges
    _, rows, columns = controls.shape
    angle = math.radians(rotation) * draws[2]
    cosine, sine = math.cos(angle), math.sin(angle)
    shorter, narrower = 1 / (1 + scale * draws[3]), 1 / (1 + scale * draws[4])
    middle_row, middle_column = (image_size[0] - 1) / 2, (image_size[1] - 1) / 2
    top = (size[0] - image_size[0]) // 2 + middle_row + shift * draws[0]
    left = (size[1] - image_size[1]) // 2 + middle_column + shift * draws[1]
    noise = PLAIN_DRAWS
    bend = elastic / NOISE
    for i in range(rows):
        down = (i - 1) * SPACING - top
        for j in range(columns):
            right = (j - 1) * SPACING - left
            controls[0, i, j] = (cosine * down + sine * right) * shorter + middle_row + 1 + bend * draws[noise]
            controls[1, i, j] = (cosine * right - sine * down) * narrower + middle_column + 1 + bend * draws[noise + 1]
            noise += 2


@kernel
def _interpolate_columns(controls, spline_rows):
    """Write the spline at every column, along each row of control points."""
    axes, rows, columns = controls.shape
    zero = simd.zeros(controls, 1, 1)
    place = 0
    for row in range(axes * rows):
        for cell in range(0, columns - 3, LANE_CELLS):
            vector = zero
            for k in range(LANE_CELLS + 3):
                vector = simd.multiply_add(vector, controls, row * columns + cell + k, 0, LANE_WEIGHTS, k * LANES, 0)
            simd.store(vector, spline_rows, place, 0, 0)
            place += LANES


@kernel
def _interpolate_rows(spline_rows, start, pitch, height, width, out):
    """Write the spline at every pixel of `height` rows, which are `width` apart in `out`."""
    zeros = simd.zeros(out, SPACING, 1)
    for row in range(0, height, SPACING):
        # From the right, so that what a vector has too much is where the next row is written later.
        for column in range(pitch - LANES, -1, -LANES):
            block = zeros
            for k in range(4):
                source = start + (row // SPACING + k) * pitch + column
                block = simd.multiply_add(block, WEIGHTS, k * SPACING, 1, spline_rows, source, 0)
            simd.store(block, out, row * width + column, width, 0)


@kernel
def _pack_squares(image, framed, squares):
    """Write each pixel with those to the right, below, and below to the right as the bytes of one word.

    So a place between four pixels is one memory access. The image has background around it, of which
    `framed` is expected to be zero already.
    """
    height, width = image.shape
    # Unsigned, since an index that could count from the end would keep the loops from becoming vectors.
    one, pitch = np.uint64(1), np.uint64(width + 2)
    place = pitch + one
    for row in range(height):
        for column in range(np.uint64(width)):
            framed[place + column] = image[row, column]
        place += pitch
    for i in range(np.uint64(len(squares))):
        squares[i] = (
            np.uint32(framed[i])
            | np.uint32(framed[i + one]) << np.uint32(8)
            | np.uint32(framed[i + pitch]) << np.uint32(16)
            | np.uint32(framed[i + pitch + one]) << np.uint32(24)
        )


@kernel
def _find_squares(down, right, height, width, words):
    """Write in which square each pixel of the result is, and leave how far down and to the right in it."""
    bottom, edge, pitch = np.float32(height + 1), np.float32(width + 1), np.int32(width + 2)
    for i in range(len(words)):
        # What is far outside is background, as the border is.
        y = _ZERO if down[i] < _ZERO else down[i]
        y = bottom if y > bottom else y
        x = _ZERO if right[i] < _ZERO else right[i]
        x = edge if x > edge else x
        row, column = np.int32(y), np.int32(x)
        words[i] = row * pitch + column
        down[i] = y - np.float32(row)
        right[i] = x - np.float32(column)


@kernel
def _blend(words, down, right, target):
    """Write the bytes between the four in each word."""
    for i in range(len(target)):
        word = words[i]
        upper_left = np.float32(np.int32(word & _BYTE))
        upper_right = np.float32(np.int32((word >> np.uint32(8)) & _BYTE))
        lower_left = np.float32(np.int32((word >> np.uint32(16)) & _BYTE))
        lower_right = np.float32(np.int32(word >> np.uint32(24)))
        upper = upper_left + right[i] * (upper_right - upper_left)
        lower = lower_left + right[i] * (lower_right - lower_left)
        target[i] = np.uint8(np.int32(upper + down[i] * (lower - upper) + _HALF))


@kernel
def warp_image(image, work, target):
    """Write an image whose pixels are taken from where the spline of `work.controls` says, between four pixels each.

    Shapes:
        image: uint8 (h, w), with background 0 around it; work: from `workspace`, see `place_controls`;
        target: uint8 (H, W).
    """
    height, width = target.shape
    _interpolate_columns(work.controls, work.spline_rows)
    half = len(work.spline_rows) // 2
    pitch = half // work.controls.shape[1]
    _interpolate_rows(work.spline_rows, 0, pitch, height, width, work.down)
    _interpolate_rows(work.spline_rows, half, pitch, height, width, work.right)
    _pack_squares(image, work.framed, work.squares)
    _find_squares(work.down, work.right, image.shape[0], image.shape[1], work.words)
    # A pass of its own: within one of the others this access would keep it from becoming fast vectors.
    for i in range(len(work.words)):
        work.words[i] = work.squares[work.words[i]]
    _blend(work.words, work.down, work.right, target.reshape(-1))


@parallel_kernel
def augment_images(images, indices, ranges, key, out):
    """Write images changed at random, as far as `ranges` allow, and as `key` and the index of each decide.

    No other image has a part in that, nor has how the work is shared out.

    Shapes:
        images: uint8 (M, h, w); indices: int64 (n,), each below M; ranges: float64 (4,), see `place_controls`;
        out: uint8 (n, H, W), with H >= h and W >= w. Nothing is checked here.
    """
    count, height, width = out.shape
    _, image_height, image_width = images.shape
    for task in prange((count + TASK_IMAGES - 1) // TASK_IMAGES):
        work = workspace(image_height, image_width, height, width)
        for i in range(task * TASK_IMAGES, min((task + 1) * TASK_IMAGES, count)):
            draw(key, indices[i], work.draws)
            place_controls(work.draws, ranges, (image_height, image_width), (height, width), work.controls)
            warp_image(images[indices[i]], work, out[i])
