"""Batch normalization: what a block of images adds to the statistics of a batch, and what these make of the block.

The images beyond the batch, which fill up its last block, count nowhere, and their gradient is 0.
"""

from __future__ import annotations

import numpy as np

from nnkit.kernels.cpu import simd, simd_arithmetic
from nnkit.kernels.cpu.compiler import inner_kernel, instruction
from nnkit.kernels.cpu.instructions import (
    ADD_BLOCKS,
    BLOCK_MOMENTS,
    COUNT,
    FOLLOW,
    MERGE_MOMENTS,
    NORMALIZE,
    NORMALIZE_GRADIENT,
    NORMALIZE_SUMS,
    SCALES,
    SLOPES,
)
from nnkit.kernels.layout import LANES


@inner_kernel
def _add_images(block, out, place, images):
    """Add to an element the sum of the lanes that are images."""
    simd.add_lane_sums(simd.first_lanes(block, images), out, place, 0, 0)


@instruction(BLOCK_MOMENTS)
def block_moments(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` (2, C) the mean of each channel of x (C, count), and the sum of the squared distances from it."""
    distance, channels, count = step.distance, step.channels, step.length // step.channels
    for channel in range(channels):
        start = channel * count * distance
        four, one = simd.zeros(out, 1, 4), simd.zeros(out, 1, 1)
        whole = count // 4 * 4
        for position in range(0, whole, 4):
            four = simd_arithmetic.add(four, simd.load(four, x, start + position * distance, 0, distance))
        for position in range(whole, count):
            one = simd_arithmetic.add(one, simd.load(one, x, start + position * distance, 0, 0))
        out[channel] = 0
        _add_images(four, out, channel, images)
        _add_images(one, out, channel, images)
        out[channel] /= images * count
        four, one = simd.zeros(out, 1, 4), simd.zeros(out, 1, 1)
        mean, narrow = simd.row_values(four, out, channel, 0), simd.row_values(one, out, channel, 0)
        for position in range(0, whole, 4):
            away = simd_arithmetic.subtract(simd.load(four, x, start + position * distance, 0, distance), mean)
            four = simd_arithmetic.fused(away, away, four)
        for position in range(whole, count):
            rest = simd_arithmetic.subtract(simd.load(one, x, start + position * distance, 0, 0), narrow)
            one = simd_arithmetic.fused(rest, rest, one)
        out[channels + channel] = 0
        _add_images(four, out, channels + channel, images)
        _add_images(one, out, channels + channel, images)


@instruction(MERGE_MOMENTS)
def merge_moments(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` (2, C) mean and variance of all images, given what `block_moments` has left in x (blocks, 2, C).

    Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
    """
    channels = step.channels
    for channel in range(channels):
        mean, squares, seen = 0.0, 0.0, 0
        for block in range((images + LANES - 1) // LANES):
            count = min(images - block * LANES, LANES) * (step.length // channels)
            place = 2 * block * channels + channel
            seen += count
            away = np.float64(x[place]) - mean
            mean += away * count / seen
            squares += np.float64(x[place + channels]) + away * away * count * (seen - count) / seen
        out[channel] = mean
        out[channels + channel] = squares / seen


@instruction(ADD_BLOCKS)
def add_blocks(step, x, other, bias, out, scratch, labels, images):
    """Write to `scratch` (length,) the sums of x (blocks, length) over the blocks, `other_distance` apart.

    They are added to `out`, too, where that is given.
    """
    for number in range(step.length):
        total = 0.0
        for block in range((images + LANES - 1) // LANES):
            total += np.float64(x[block * step.other_distance + number])
        scratch[number] = total
        if step.result:
            out[number] += total


@instruction(FOLLOW)
def follow(step, x, other, bias, out, scratch, labels, images):
    """Move `out` (length,) towards x times `other_scalar` by the share `scalar`, or 1 / labels[0] if there are any."""
    share = step.scalar
    if step.labels:
        share = 1.0 / labels[0]
    for number in range(step.length):
        out[number] = (1 - share) * np.float64(out[number]) + share * step.other_scalar * np.float64(x[number])


@instruction(COUNT)
def count(step, x, other, bias, out, scratch, labels, images):
    """Add 1 to labels[0]."""
    labels[0] += 1


@instruction(SCALES)
def scales(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` (3, C) what `normalize` subtracts, multiplies by and adds.

    Shapes: the mean x (C,), the variance `other` (C,), the weight `scratch` (C,), the bias (C,); without mean or bias
    these are 0, without a weight it is 1. `scalar` is added to the variance.
    """
    channels = step.channels
    for channel in range(channels):
        scale = 1.0 / np.sqrt(np.float64(other[channel]) + step.scalar)
        if step.scratch:
            scale *= np.float64(scratch[channel])
        out[channel] = 0
        out[channels + channel] = scale
        out[2 * channels + channel] = 0
        if step.input:
            out[channel] = x[channel]
        if step.bias:
            out[2 * channels + channel] = bias[channel]


@instruction(NORMALIZE)
def normalize(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` x (C, count) by channels, given what `scales` has written."""
    distance, channels, count = step.distance, step.channels, step.length // step.channels
    one = simd.zeros(out, 1, 1)
    for channel in range(channels):
        mean = simd.row_values(one, other, channel, 0)
        scale = simd.row_values(one, other, channels + channel, 0)
        shift = simd.row_values(one, other, 2 * channels + channel, 0)
        for position in range(channel * count, (channel + 1) * count):
            away = simd_arithmetic.subtract(simd.load(one, x, position * distance, 0, 0), mean)
            simd.store(simd_arithmetic.fused(away, scale, shift), out, position * distance, 0, 0)


@instruction(NORMALIZE_SUMS)
def normalize_sums(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` (2, C) the sums of x (C, count) over images and positions, times the normalized input and alone.

    Shapes: x is the gradient of the result, `other` (C, count) the input, the bias what `scales` has written for it.
    """
    distance, channels, count = step.distance, step.channels, step.length // step.channels
    one = simd.zeros(out, 1, 1)
    for channel in range(channels):
        mean, scale = simd.row_values(one, bias, channel, 0), simd.row_values(one, bias, channels + channel, 0)
        total, product = simd.zeros(out, 1, 1), simd.zeros(out, 1, 1)
        for position in range(channel * count, (channel + 1) * count):
            grad = simd.load(one, x, position * distance, 0, 0)
            away = simd_arithmetic.subtract(simd.load(one, other, position * distance, 0, 0), mean)
            product = simd_arithmetic.fused(grad, away, product)
            total = simd_arithmetic.add(total, grad)
        out[channel] = 0
        out[channels + channel] = 0
        _add_images(simd_arithmetic.multiply(product, scale), out, channel, images)
        _add_images(total, out, channels + channel, images)


@instruction(SLOPES)
def slopes(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` (4, C) what `normalize_gradient` takes.

    Shapes: x (2, C) the sums of `normalize_sums` over all images, the mean `other` (C,), the variance `bias` (C,), the
    weight `scratch` (C,), if there is one. `scalar` is added to the variance, and `other_scalar` is how many elements a
    channel has in all images.
    """
    channels = step.channels
    for channel in range(channels):
        inverse = 1.0 / np.sqrt(np.float64(bias[channel]) + step.scalar)
        slope = inverse
        if step.scratch:
            slope *= np.float64(scratch[channel])
        out[channel] = other[channel]
        out[channels + channel] = slope
        out[2 * channels + channel] = -slope * inverse * np.float64(x[channel]) / step.other_scalar
        out[3 * channels + channel] = -slope * np.float64(x[channels + channel]) / step.other_scalar


@instruction(NORMALIZE_GRADIENT)
def normalize_gradient(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the gradient of the input, where the statistics are those of the batch and change with it.

    Shapes: x (C, count) the gradient of the result, `other` (C, count) the input, the bias (4, C) of `slopes`.
    """
    distance, channels, count = step.distance, step.channels, step.length // step.channels
    one = simd.zeros(out, 1, 1)
    for channel in range(channels):
        mean = simd.row_values(one, bias, channel, 0)
        slope = simd.row_values(one, bias, channels + channel, 0)
        by_variance = simd.row_values(one, bias, 2 * channels + channel, 0)
        by_mean = simd.row_values(one, bias, 3 * channels + channel, 0)
        for position in range(channel * count, (channel + 1) * count):
            away = simd_arithmetic.subtract(simd.load(one, other, position * distance, 0, 0), mean)
            result = simd_arithmetic.fused(away, by_variance, by_mean)
            result = simd_arithmetic.fused(simd.load(one, x, position * distance, 0, 0), slope, result)
            simd.store(simd.first_lanes(result, images), out, position * distance, 0, 0)
