"""The loop nest behind convolutions, transposed or not, and the one behind their weight gradients.

Both work on one block of `LANES` images, in registers: a few output channels (rows) by a few neighbouring positions
(columns). Inputs are padded with zeros to the left and right beforehand, so no inner loop has a condition; a window's
rows and columns that see nothing but padding are left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nnkit.kernels.cpu import simd
from nnkit.kernels.cpu.compiler import inner_kernel, instruction, kernel
from nnkit.kernels.cpu.instructions import CORRELATE, CORRELATE_WEIGHTS

# Where loops over positions begin. For a literal 0 Numba would compile what they call once more.
FIRST = np.int64(0)


class Steps(NamedTuple):
    """Distances in elements: of the input's channels, rows and positions, of a tap, and of the weights."""

    channel: int
    row: int
    position: int
    tap_row: int
    tap: int
    weight_output_channel: int
    weight_input_channel: int
    weight_row: int
    weight_column: int


class Span(NamedTuple):
    """The part of a window that is inside of the input, and how many channels it goes through."""

    channels: int
    first_row: int
    last_row: int
    first_column: int
    last_column: int


@inner_kernel
def window_span(start, dilation, count, size):
    """Return the first of `count` elements, `dilation` apart from `start` on, in an input of `size`, and their end."""
    if dilation == 1:  # without the divisions, which would cost as much as a short strip
        first = max(-start, 0)
        last = size - start
    else:
        first = (-start + dilation - 1) // dilation if start < 0 else 0
        last = (size - 1 - start) // dilation + 1 if start < size else 0
    return first, max(first, min(last, count))


@inner_kernel
def _accumulate(block, x, x_start, w, w_start, steps, span):
    for c in range(span.channels):
        for i in range(span.first_row, span.last_row):
            w_place = w_start + c * steps.weight_input_channel + i * steps.weight_row
            x_place = x_start + c * steps.channel + i * steps.tap_row
            for j in range(span.first_column, span.last_column):
                place = w_place + j * steps.weight_column
                tap = x_place + j * steps.tap
                block = simd.multiply_add(block, w, place, steps.weight_output_channel, x, tap, steps.position)
    return block


@inner_kernel
def _strip(block, x, w, bias, out, x_row, out_row, w_start, channel, column, step, steps, rows):
    """Compute the block's output channels and positions, from `channel` and `column` on."""
    if step.bias:
        block = simd.row_values(block, bias, step.first_result + channel, 1)
    channels, first_row, last_row = rows
    left = column * step.horizontal_stride
    right = left + (simd.columns(block) - 1) * step.horizontal_stride
    dilation, count = step.horizontal_dilation, step.kernel_width
    # A tap counts if it meets the image at any of the positions.
    first, _ = window_span(right - step.left_padding, dilation, count, step.width)
    _, last = window_span(left, dilation, count, step.width - step.right_padding)
    span = Span(channels, first_row, last_row, first, max(first, last))
    block = _accumulate(block, x, x_row + column * steps.position, w, w_start, steps, span)
    distance = step.distance
    simd.store(block, out, out_row + column * distance, step.out_height * step.out_width * distance, distance)


@inner_kernel
def _whole_strips(step):
    """Return the first and last column at which four positions see no padding."""
    if step.left_padding == 0 and step.right_padding == 0:
        return 0, step.out_width
    stride = step.horizontal_stride
    reach = 3 * stride + (step.kernel_width - 1) * step.horizontal_dilation
    last = step.width - step.right_padding - 1 - reach
    return (step.left_padding + stride - 1) // stride, last // stride if last >= 0 else -1


@kernel
def _output_rows(wide, narrow, x, w, bias, out, channel, first_channel, step, steps):
    """Compute wide.rows output channels from `channel` on; there are at least as many columns as narrow.columns."""
    distance, width, top_dilation = step.distance, step.out_width, step.vertical_dilation
    w_start = step.weight_start + channel * steps.weight_output_channel
    first_whole, last_whole = _whole_strips(step)
    for y in range(step.out_height):
        top = y * step.vertical_stride - step.top_padding
        first, last = window_span(top, top_dilation, step.kernel_height, step.height)
        rows = (step.channels // step.groups, first, last)
        x_row = first_channel * steps.channel + top * steps.row
        out_row = ((step.first_result + channel) * step.out_height + y) * width * distance
        column = FIRST
        while column < width:
            # At the borders narrow strips leave out more of what is only padding.
            if column + simd.columns(wide) <= width and first_whole <= column <= last_whole:
                _strip(wide, x, w, bias, out, x_row, out_row, w_start, channel, column, step, steps, rows)
                column += simd.columns(wide)
            else:
                # The last strip begins where it still fits, and computes some positions once more.
                column = min(column, width - simd.columns(narrow))
                _strip(narrow, x, w, bias, out, x_row, out_row, w_start, channel, column, step, steps, rows)
                column += simd.columns(narrow)


@instruction(CORRELATE)
def correlate(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the correlation of `x` with the weights plus the bias, if there is one.

    Shapes: x (C, H, W') with `left_padding` and `right_padding` zeros in W', other in any order that the weight fields
    describe, bias (O,), out (O, H', W''). The channels of both fall into `groups` equal parts, and begin at
    `first_channel` and `first_result`.
    """
    out_channels = step.out_channels // step.groups
    distance = step.distance
    row = step.width * distance
    steps = Steps(
        step.height * row,
        row,
        step.horizontal_stride * distance,
        step.vertical_dilation * row,
        step.horizontal_dilation * distance,
        step.weight_output_channel,
        step.weight_input_channel,
        step.weight_row,
        step.weight_column,
    )
    for group in range(step.groups):
        first = step.first_channel + group * (step.channels // step.groups)
        channel = group * out_channels
        end = channel + out_channels
        if step.out_width == 1:
            wide = simd.zeros(out, 6, 1)
            while channel + 6 <= end:
                _output_rows(wide, wide, x, other, bias, out, channel, first, step, steps)
                channel += 6
            wide = simd.zeros(out, 1, 1)
            while channel < end:
                _output_rows(wide, wide, x, other, bias, out, channel, first, step, steps)
                channel += 1
        # 6 and 4 rows keep the machine busy, fewer do not: so 20 = 6 + 6 + 4 + 4.
        wide, narrow = simd.zeros(out, 6, 4), simd.zeros(out, 6, 2)
        while channel + 10 <= end or channel + 6 == end:
            _output_rows(wide, narrow, x, other, bias, out, channel, first, step, steps)
            channel += 6
        wide, narrow = simd.zeros(out, 4, 4), simd.zeros(out, 4, 2)
        while channel + 4 <= end:
            _output_rows(wide, narrow, x, other, bias, out, channel, first, step, steps)
            channel += 4
        wide, narrow = simd.zeros(out, 1, 4), simd.zeros(out, 1, 2)
        while channel < end:
            _output_rows(wide, narrow, x, other, bias, out, channel, first, step, steps)
            channel += 1


@inner_kernel
def _weight_sums(block, x, grad, x_start, grad_start, first, last, step):
    """Add up grad x input over all positions for block.rows channels and block.columns window columns."""
    distance = step.distance
    x_row = step.width * distance * step.vertical_stride
    x_column = step.horizontal_stride * distance
    grad_row = step.out_width * distance
    tap, plane = step.horizontal_dilation * distance, step.out_height * grad_row
    for y in range(first, last):
        x_place = x_start + y * x_row
        grad_place = grad_start + y * grad_row
        for column in range(step.out_width):
            x_position, position = x_place + column * x_column, grad_place + column * distance
            block = simd.multiply_add_vectors(block, grad, position, plane, x, x_position, tap)
    return block


@kernel
def _weight_rows(five, three, one, x, grad, partial, channel, first_channel, step):
    """Add this block of images to the weight gradients of five.rows output channels."""
    distance, group_channels = step.distance, step.channels // step.groups
    x_row = step.width * distance
    tap = step.horizontal_dilation * distance
    taps = group_channels * step.kernel_height * step.kernel_width
    grad_start = channel * step.out_height * step.out_width * distance
    for c in range(group_channels):
        for i in range(step.kernel_height):
            shift = i * step.vertical_dilation - step.top_padding
            # The output rows at which this row of the window is inside of the input.
            first, last = window_span(shift, step.vertical_stride, step.out_height, step.height)
            x_start = (first_channel + c) * step.height * x_row + shift * x_row
            target = channel * taps + (c * step.kernel_height + i) * step.kernel_width
            j = 0
            while j + 5 <= step.kernel_width:
                block = _weight_sums(five, x, grad, x_start + j * tap, grad_start, first, last, step)
                simd.add_lane_sums(block, partial, target + j, taps, 1)
                j += 5
            while j + 3 <= step.kernel_width:
                block = _weight_sums(three, x, grad, x_start + j * tap, grad_start, first, last, step)
                simd.add_lane_sums(block, partial, target + j, taps, 1)
                j += 3
            while j < step.kernel_width:
                block = _weight_sums(one, x, grad, x_start + j * tap, grad_start, first, last, step)
                simd.add_lane_sums(block, partial, target + j, taps, 1)
                j += 1


@instruction(CORRELATE_WEIGHTS)
def correlate_weights(step, x, other, bias, out, scratch, labels, images):
    """Add to `out` the gradient of the weights of a correlation.

    Shapes: x (C, H, W') as in `correlate`, other (O, H', W''), out (O, C / groups, kH, kW).
    """
    out_channels = step.out_channels // step.groups
    for group in range(step.groups):
        first = group * (step.channels // step.groups)
        channel = group * out_channels
        end = channel + out_channels
        five, three, one = simd.zeros(out, 4, 5), simd.zeros(out, 4, 3), simd.zeros(out, 4, 1)
        while channel + 4 <= end:
            _weight_rows(five, three, one, x, other, out, channel, first, step)
            channel += 4
        five, three, one = simd.zeros(out, 2, 5), simd.zeros(out, 2, 3), simd.zeros(out, 2, 1)
        while channel + 2 <= end:
            _weight_rows(five, three, one, x, other, out, channel, first, step)
            channel += 2
        five, three, one = simd.zeros(out, 1, 5), simd.zeros(out, 1, 3), simd.zeros(out, 1, 1)
        while channel < end:
            _weight_rows(five, three, one, x, other, out, channel, first, step)
            channel += 1
