"""The one loop nest behind convolution and its input gradient, and the one behind its weight gradient.

Both work on one block of `LANES` images at a time, in registers: a few output channels (rows) by a few
neighbouring positions (columns). Inputs are padded with zeros to the left and right beforehand, so no inner
loop has a condition; above and below, the loop over the window's rows is cut to those inside the input.
"""

from __future__ import annotations

from typing import NamedTuple

from nnkit.kernels.cpu import simd
from nnkit.kernels.cpu.compiler import kernel, parallel_kernel, prange
from nnkit.kernels.layout import LANES

# Rows x columns of the register block: as many accumulators as 32 vector registers hold beside the operands.
COLUMNS = 4


class Weights(NamedTuple):
    """How a correlation walks through its weights: the element at (0, 0, 0, 0), and the distances from it."""

    start: int
    output_channel: int
    input_channel: int
    row: int
    column: int


class Window(NamedTuple):
    """The window that slides over the input, as (height, width) pairs written out."""

    height: int
    width: int
    vertical_stride: int
    horizontal_stride: int
    vertical_dilation: int
    horizontal_dilation: int
    top_padding: int


@kernel
def window_span(start, dilation, count, size):
    """Return the first of `count` elements, `dilation` apart from `start` on, in an input of `size`, and their end."""
    first = 0
    if start < 0:
        first = (-start + dilation - 1) // dilation
    last = (size - 1 - start) // dilation + 1 if start < size else 0
    return first, max(first, min(last, count))


@kernel
def _accumulate(block, x, x_start, w, w_start, steps, walk, window, channels, rows, images):
    channel, x_row, position = steps
    first, last = rows
    for c in range(channels):
        for i in range(first, last):
            w_place = w_start + c * walk.input_channel + i * walk.row
            x_place = x_start + c * channel + i * window.vertical_dilation * x_row
            for j in range(window.width):
                block = simd.multiply_add(
                    block,
                    w,
                    w_place + j * walk.column,
                    walk.output_channel,
                    x,
                    x_place + j * window.horizontal_dilation * images,
                    position,
                )
    return block


@kernel
def _output_rows(wide, narrow, x, w, bias, out, channel, lane, group, walk, window):
    """Compute wide.rows output channels from `channel` on, for the images at `lane`."""
    _, input_height, input_width, images = x.shape
    _, height, width, _ = out.shape
    group_channels, first_channel = group
    position = window.horizontal_stride * images
    steps = (input_height * input_width * images, input_width * images, position)
    plane = height * width * images
    w_start = walk.start + channel * walk.output_channel
    for y in range(height):
        top = y * window.vertical_stride - window.top_padding
        rows = window_span(top, window.vertical_dilation, window.height, input_height)
        x_row = first_channel * steps[0] + top * steps[1] + lane
        out_row = channel * plane + y * width * images + lane
        column = 0
        while column + COLUMNS <= width:
            block = simd.row_values(wide, bias, channel, 1)
            x_start = x_row + column * position
            block = _accumulate(block, x, x_start, w, w_start, steps, walk, window, group_channels, rows, images)
            simd.store(block, out, out_row + column * images, plane, images)
            column += COLUMNS
        while column < width:
            strip = simd.row_values(narrow, bias, channel, 1)
            x_start = x_row + column * position
            strip = _accumulate(strip, x, x_start, w, w_start, steps, walk, window, group_channels, rows, images)
            simd.store(strip, out, out_row + column * images, plane, images)
            column += 1


@parallel_kernel
def correlate(x, w, bias, out, groups, walk, window):
    """Write to `out` the correlation of `x` with the weights plus the bias.

    Shapes: x (C, H, W', N') with its padding to the left and right included, w any contiguous array that
    `walk` describes, bias (O,), out (O, H', W'', N'). The channels of both fall into `groups` equal parts.
    """
    out_channels = out.shape[0] // groups
    in_channels = x.shape[0] // groups
    blocks = out.shape[3] // LANES
    # The split into tasks is fixed by the shapes alone and no two tasks write to the same place.
    for task in prange(blocks * groups):
        lane = task // groups * LANES
        group = task % groups
        span = (in_channels, group * in_channels)
        channel = group * out_channels
        end = channel + out_channels
        six, six_narrow = simd.zeros(w, 6, COLUMNS), simd.zeros(w, 6, 1)
        while channel + 6 <= end:
            _output_rows(six, six_narrow, x, w, bias, out, channel, lane, span, walk, window)
            channel += 6
        two, two_narrow = simd.zeros(w, 2, COLUMNS), simd.zeros(w, 2, 1)
        while channel + 2 <= end:
            _output_rows(two, two_narrow, x, w, bias, out, channel, lane, span, walk, window)
            channel += 2
        one, one_narrow = simd.zeros(w, 1, COLUMNS), simd.zeros(w, 1, 1)
        while channel < end:
            _output_rows(one, one_narrow, x, w, bias, out, channel, lane, span, walk, window)
            channel += 1


@kernel
def _weight_sums(block, x, grad, x_start, grad_start, steps, window, input_height, y_shift):
    """Add up grad x input over all positions for wide.rows channels and wide.columns window columns."""
    x_row, x_column, tap, plane, images, height, width = steps
    for y in range(height):
        source = y * window.vertical_stride + y_shift
        if source < 0 or source >= input_height:
            continue
        x_place = x_start + source * x_row
        grad_place = grad_start + y * width * images
        for column in range(width):
            block = simd.multiply_add_vectors(
                block,
                grad,
                grad_place + column * images,
                plane,
                x,
                x_place + column * x_column,
                tap,
            )
    return block


@kernel
def _weight_rows(wide, narrow, x, grad, partial, slot, channel, lane, group, window):
    """Add this block of images to the weight gradients of wide.rows output channels."""
    _, input_height, input_width, images = x.shape
    out_channels, height, width, _ = grad.shape
    group_channels, first_channel = group
    x_row = input_width * images
    tap = window.horizontal_dilation * images
    plane = height * width * images
    steps = (x_row, window.horizontal_stride * images, tap, plane, images, height, width)
    taps = group_channels * window.height * window.width
    grad_start = channel * plane + lane
    for c in range(group_channels):
        for i in range(window.height):
            y_shift = i * window.vertical_dilation - window.top_padding
            x_start = (first_channel + c) * input_height * x_row + lane
            target = (slot * out_channels + channel) * taps + (c * window.height + i) * window.width
            j = 0
            while j + 5 <= window.width:
                block = simd.broadcast(wide, 0.0)
                start = x_start + j * tap
                block = _weight_sums(block, x, grad, start, grad_start, steps, window, input_height, y_shift)
                simd.add_lane_sums(block, partial, target + j, taps, 1)
                j += 5
            while j < window.width:
                strip = simd.broadcast(narrow, 0.0)
                start = x_start + j * tap
                strip = _weight_sums(strip, x, grad, start, grad_start, steps, window, input_height, y_shift)
                simd.add_lane_sums(strip, partial, target + j, taps, 1)
                j += 1


@parallel_kernel
def correlate_weights(x, grad, partial, groups, window):
    """Add to `partial` the gradient of the weights of a correlation, in one slot per share of the images.

    Shapes: x (C, H, W', N') as in `correlate`, grad (O, H', W'', N'), partial (slots, O, C / groups * window),
    zero at the start. The sum over the slots, in their order, is the gradient: the same for any number of
    threads.
    """
    slots = partial.shape[0]
    out_channels = grad.shape[0] // groups
    in_channels = x.shape[0] // groups
    blocks = grad.shape[3] // LANES
    for slot in prange(slots):
        for block in range(slot * blocks // slots, (slot + 1) * blocks // slots):
            lane = block * LANES
            for group in range(groups):
                span = (in_channels, group * in_channels)
                channel = group * out_channels
                end = channel + out_channels
                four, four_narrow = simd.zeros(x, 4, 5), simd.zeros(x, 4, 1)
                while channel + 4 <= end:
                    _weight_rows(four, four_narrow, x, grad, partial, slot, channel, lane, span, window)
                    channel += 4
                two, two_narrow = simd.zeros(x, 2, 5), simd.zeros(x, 2, 1)
                while channel + 2 <= end:
                    _weight_rows(two, two_narrow, x, grad, partial, slot, channel, lane, span, window)
                    channel += 2
                one, one_narrow = simd.zeros(x, 1, 5), simd.zeros(x, 1, 1)
                while channel < end:
                    _weight_rows(one, one_narrow, x, grad, partial, slot, channel, lane, span, window)
                    channel += 1
