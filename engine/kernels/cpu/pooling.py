"""Pooling over a block of images, and its gradients."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.cpu import simd, simd_arithmetic
from nnkit.kernels.cpu.compiler import inner_kernel, instruction, kernel
from nnkit.kernels.cpu.correlation import window_span
from nnkit.kernels.cpu.instructions import AVERAGE_POOL, AVERAGE_POOL_GRADIENT, MAX_POOL, MAX_POOL_GRADIENT


@instruction(MAX_POOL)
def max_pool(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the maximum under each window, and to `scratch` which element of the window it was.

    The first of equal elements counts, and NaN is greater than every number, as in PyTorch; a window with no element
    inside gives minus infinity. Shapes: x (C, H, W), out and scratch (C, H', W'). The numbers of elements have the
    type of the values, so that one kind of vector serves.
    """
    pairs = step.kernel_height == 2 and step.kernel_width == 2
    dense = step.vertical_dilation == 1 and step.horizontal_dilation == 1
    inside = (
        step.top_padding == 0
        and step.left_padding == 0
        and (step.out_height - 1) * step.vertical_stride + 2 <= step.height
        and (step.out_width - 1) * step.horizontal_stride + 2 <= step.width
    )
    if pairs and dense and inside:
        _pool_pairs(x, out, scratch, step)
    else:
        _pool_windows(x, out, scratch, step)


@kernel
def _pool_pairs(x, out, taps, step):
    """Take the maximum of windows of 2 x 2 inside of the image, as most are: without loops it takes half the time."""
    distance, row = step.distance, step.width * step.distance
    first, one = simd.zeros(out, 1, 1), simd.broadcast(simd.zeros(out, 1, 1), 1.0)
    two, three = simd.broadcast(one, 2.0), simd.broadcast(one, 3.0)
    target = 0
    for channel in range(step.channels):
        for y in range(step.out_height):
            place = (channel * step.height + y * step.vertical_stride) * row
            for _ in range(step.out_width):
                a, b = simd.load(one, x, place, 0, 0), simd.load(one, x, place + distance, 0, 0)
                c, d = simd.load(one, x, place + row, 0, 0), simd.load(one, x, place + row + distance, 0, 0)
                upper, lower = simd.where_greater(b, a, b, a), simd.where_greater(d, c, d, c)
                tap = simd.where_greater(
                    lower, upper, simd.where_greater(d, c, three, two), simd.where_greater(b, a, one, first)
                )
                simd.store(simd.where_greater(lower, upper, lower, upper), out, target, 0, 0)
                simd.store(tap, taps, target, 0, 0)
                place += step.horizontal_stride * distance
                target += distance


@kernel
def _pool_windows(x, out, scratch, step):
    """Take the maximum of windows of any kind."""
    distance, input_height, input_width = step.distance, step.height, step.width
    horizontal_dilation, kernel_width = step.horizontal_dilation, step.kernel_width
    vector = simd.zeros(out, 1, 1)
    for channel in range(step.channels):
        for y in range(step.out_height):
            top = y * step.vertical_stride - step.top_padding
            first_row, last_row = window_span(top, step.vertical_dilation, step.kernel_height, input_height)
            for column in range(step.out_width):
                left = column * step.horizontal_stride - step.left_padding
                first, last = window_span(left, horizontal_dilation, kernel_width, input_width)
                # Not the first element: a dilated window can step over a narrow image and have none inside.
                best = simd.broadcast(vector, -np.inf)
                tap = simd.broadcast(vector, first_row * kernel_width + first)
                for i in range(first_row, last_row):
                    row = (channel * input_height + top + i * step.vertical_dilation) * input_width + left
                    for j in range(first, last):
                        value = simd.load(vector, x, (row + j * horizontal_dilation) * distance, 0, 0)
                        number = simd.broadcast(vector, i * kernel_width + j)
                        tap = simd.where_greater(value, best, number, tap)
                        best = simd.where_greater(value, best, value, best)
                target = ((channel * step.out_height + y) * step.out_width + column) * distance
                simd.store(best, out, target, 0, 0)
                simd.store(tap, scratch, target, 0, 0)


@instruction(MAX_POOL_GRADIENT)
def max_pool_gradient(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` each gradient at the place that its maximum came from.

    Shapes: x and other (C, H', W'), out (C, H, W).
    """
    tiles = (
        step.vertical_dilation == 1
        and step.horizontal_dilation == 1
        and step.vertical_stride == step.kernel_height
        and step.horizontal_stride == step.kernel_width
        and step.top_padding == 0
        and step.left_padding == 0
        and step.out_height * step.kernel_height == step.height
        and step.out_width * step.kernel_width == step.width
    )
    if tiles:
        _spread_tiles(x, other, out, step)
    else:
        _add_windows(x, other, out, step)


@kernel
def _spread_tiles(grad, taps, grad_input, step):
    """Write the gradient where each element of the input belongs to exactly one window."""
    distance, input_width = step.distance, step.width
    kernel_height, kernel_width = step.kernel_height, step.kernel_width
    vector = simd.zeros(grad_input, 1, 1)
    for row in range(step.channels * step.out_height):
        for column in range(step.out_width):
            source = (row * step.out_width + column) * distance
            value = simd.load(vector, grad, source, 0, 0)
            tap = simd.load(vector, taps, source, 0, 0)
            for i in range(kernel_height):
                place = ((row * kernel_height + i) * input_width + column * kernel_width) * distance
                for j in range(kernel_width):
                    share = simd.add_where_equal(vector, tap, i * kernel_width + j, value)
                    simd.store(share, grad_input, place + j * distance, 0, 0)


@kernel
def _add_windows(grad, taps, grad_input, step):
    """Add up the gradients where windows overlap or leave elements out."""
    distance, input_height, input_width = step.distance, step.height, step.width
    vector = simd.zeros(grad_input, 1, 1)
    for place in range(step.channels * input_height * input_width):
        simd.store(vector, grad_input, place * distance, 0, 0)
    for channel in range(step.channels):
        for y in range(step.out_height):
            top = y * step.vertical_stride - step.top_padding
            first_row, last_row = window_span(top, step.vertical_dilation, step.kernel_height, input_height)
            for column in range(step.out_width):
                left = column * step.horizontal_stride - step.left_padding
                first, last = window_span(left, step.horizontal_dilation, step.kernel_width, input_width)
                source = ((channel * step.out_height + y) * step.out_width + column) * distance
                value = simd.load(vector, grad, source, 0, 0)
                tap = simd.load(vector, taps, source, 0, 0)
                for i in range(first_row, last_row):
                    row = (channel * input_height + top + i * step.vertical_dilation) * input_width + left
                    for j in range(first, last):
                        place = (row + j * step.horizontal_dilation) * distance
                        total = simd.load(vector, grad_input, place, 0, 0)
                        total = simd.add_where_equal(total, tap, i * step.kernel_width + j, value)
                        simd.store(total, grad_input, place, 0, 0)


@inner_kernel
def _extent(place, stride, padding, kernel_size, size, places):
    """Return where the window at a place begins and ends in an axis of `size`, and its length with the border.

    Without a stride the windows of all places cover the axis as evenly as they can.
    """
    if stride == 0:
        first, end = place * size // places, ((place + 1) * size + places - 1) // places
        return first, end, end - first
    start = place * stride - padding
    end = min(start + kernel_size, size + padding)
    return max(start, 0), min(end, size), end - start


@inner_kernel
def _rows_and_columns(step, y, column):
    """Return the first row and column of a window and their ends, and what to divide its sum by."""
    vertical, horizontal = step.vertical_stride, step.horizontal_stride
    top, bottom, height = _extent(y, vertical, step.top_padding, step.kernel_height, step.height, step.out_height)
    left, right, width = _extent(column, horizontal, step.left_padding, step.kernel_width, step.width, step.out_width)
    divisor = step.scalar
    if divisor == 0:
        # All elements count, those of the border among them, or only those inside.
        divisor = float(height * width) if step.other_scalar else float((bottom - top) * (right - left))
    return top, bottom, left, right, divisor


@instruction(AVERAGE_POOL)
def average_pool(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the sum of each window divided by `scalar`, or where that is 0 by the number of its elements.

    Those of the border are counted if `other_scalar` is not 0. Without strides the windows are spread evenly. A window
    with no element inside gives 0. Shapes: x (C, H, W), out (C, H', W').
    """
    distance = step.distance
    vector = simd.zeros(out, 1, 1)
    target = 0
    for channel in range(step.channels):
        for y in range(step.out_height):
            for place in range(step.out_width):
                top, bottom, left, right, divisor = _rows_and_columns(step, y, place)
                total = vector
                for row in range(channel * step.height + top, channel * step.height + bottom):
                    for column in range(left, right):
                        value = simd.load(vector, x, (row * step.width + column) * distance, 0, 0)
                        total = simd_arithmetic.add(total, value)
                if top < bottom and left < right:
                    total = simd_arithmetic.divide(total, simd.broadcast(vector, divisor))
                simd.store(total, out, target, 0, 0)
                target += distance


@instruction(AVERAGE_POOL_GRADIENT)
def average_pool_gradient(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the sum of the shares that each element has in the gradients x (C, H', W'); out (C, H, W)."""
    distance = step.distance
    vector = simd.zeros(out, 1, 1)
    for place in range(step.channels * step.height * step.width):
        simd.store(vector, out, place * distance, 0, 0)
    source = 0
    for channel in range(step.channels):
        for y in range(step.out_height):
            for place in range(step.out_width):
                top, bottom, left, right, divisor = _rows_and_columns(step, y, place)
                share = simd_arithmetic.divide(simd.load(vector, x, source, 0, 0), simd.broadcast(vector, divisor))
                for row in range(channel * step.height + top, channel * step.height + bottom):
                    for column in range(left, right):
                        target = (row * step.width + column) * distance
                        total = simd_arithmetic.add(simd.load(vector, out, target, 0, 0), share)
                        simd.store(total, out, target, 0, 0)
                source += distance
