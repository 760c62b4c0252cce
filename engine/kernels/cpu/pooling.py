"""Max pooling over blocks of images, and its gradient."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.cpu import simd
from nnkit.kernels.cpu.compiler import parallel_kernel, prange
from nnkit.kernels.cpu.correlation import window_span
from nnkit.kernels.layout import LANES


@parallel_kernel
def max_pool(x, out, taps, left_padding, window):
    """Write to `out` the maximum under each window, and to `taps` which element of the window it was.

    The first of equal elements counts, and NaN is greater than every number, as in PyTorch; a window with no element
    inside gives minus infinity. Shapes: x (C, H, W, N'), out and taps (C, H', W', N'). The taps have the type of the
    values, so that one kind of vector serves.
    """
    channels, input_height, input_width, images = x.shape
    _, height, width, _ = out.shape
    for channel in prange(channels):
        vector = simd.zeros(x, 1, 1)
        for y in range(height):
            top = y * window.vertical_stride - window.top_padding
            first_row, last_row = window_span(top, window.vertical_dilation, window.height, input_height)
            for column in range(width):
                left = column * window.horizontal_stride - left_padding
                first, last = window_span(left, window.horizontal_dilation, window.width, input_width)
                target = ((channel * height + y) * width + column) * images
                for lane in range(0, images, LANES):
                    # Not the first element: a dilated window can step over a narrow image and have none inside.
                    best = simd.broadcast(vector, -np.inf)
                    tap = simd.broadcast(vector, first_row * window.width + first)
                    for i in range(first_row, last_row):
                        row = channel * input_height + top + i * window.vertical_dilation
                        for j in range(first, last):
                            place = (row * input_width + left + j * window.horizontal_dilation) * images
                            value = simd.load(vector, x, place + lane, 0, 0)
                            number = simd.broadcast(vector, i * window.width + j)
                            tap = simd.where_greater(value, best, number, tap)
                            best = simd.where_greater(value, best, value, best)
                    simd.store(best, out, target + lane, 0, 0)
                    simd.store(tap, taps, target + lane, 0, 0)


@parallel_kernel
def max_pool_gradient(grad, taps, grad_input, left_padding, window):
    """Write to `grad_input` each gradient at the place that its maximum came from.

    Shapes: grad and taps (C, H', W', N'), grad_input (C, H, W, N').
    """
    channels, input_height, input_width, images = grad_input.shape
    _, height, width, _ = grad.shape
    for channel in prange(channels):
        vector = simd.zeros(grad, 1, 1)
        for place in range(input_height * input_width * images // LANES):
            simd.store(vector, grad_input, (channel * input_height * input_width * images) + place * LANES, 0, 0)
        for y in range(height):
            top = y * window.vertical_stride - window.top_padding
            first_row, last_row = window_span(top, window.vertical_dilation, window.height, input_height)
            for column in range(width):
                left = column * window.horizontal_stride - left_padding
                first, last = window_span(left, window.horizontal_dilation, window.width, input_width)
                source = ((channel * height + y) * width + column) * images
                for lane in range(0, images, LANES):
                    value = simd.load(vector, grad, source + lane, 0, 0)
                    tap = simd.load(vector, taps, source + lane, 0, 0)
                    for i in range(first_row, last_row):
                        row = channel * input_height + top + i * window.vertical_dilation
                        for j in range(first, last):
                            column_place = left + j * window.horizontal_dilation
                            place = (row * input_width + column_place) * images + lane
                            total = simd.load(vector, grad_input, place, 0, 0)
                            number = grad.dtype.type(i * window.width + j)
                            total = simd.add_where_equal(total, tap, number, value)
                            simd.store(total, grad_input, place, 0, 0)
