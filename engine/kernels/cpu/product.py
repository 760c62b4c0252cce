"""The matrix products of a linear layer: weights times vectors of images, in registers."""

from __future__ import annotations

from nnkit.kernels.cpu import simd, simd_arithmetic
from nnkit.kernels.cpu.compiler import inner_kernel, instruction, kernel
from nnkit.kernels.cpu.correlation import FIRST
from nnkit.kernels.cpu.instructions import ADD_SUMS, MULTIPLY, MULTIPLY_WEIGHTS
from nnkit.kernels.layout import LANES


@inner_kernel
def _rows(block, w, x, bias, out, row, step):
    """Compute block.rows rows of the result from `row` on."""
    if step.bias:
        block = simd.row_values(block, bias, row, 1)
    distance, w_row, w_channel = step.distance, step.weight_output_channel, step.weight_input_channel
    place = step.weight_start + row * w_row
    for c in range(step.channels):
        block = simd.multiply_add(block, w, place + c * w_channel, w_row, x, c * distance, LANES)
    simd.store(block, out, row * distance, distance, LANES)


@instruction(MULTIPLY)
def multiply(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the matrix product of weights and `x` plus the bias of each row, if there is one.

    Shapes: x (C,), out (R,), bias (R,). The weight of row r and channel c is the element `weight_start` +
    r * `weight_output_channel` + c * `weight_input_channel` of other, which makes transposing free.
    """
    rows = step.out_channels
    row = FIRST
    while row + 8 <= rows:
        _rows(simd.zeros(out, 8, 1), other, x, bias, out, row, step)
        row += 8
    while row + 2 <= rows:
        _rows(simd.zeros(out, 2, 1), other, x, bias, out, row, step)
        row += 2
    if row < rows:
        _rows(simd.zeros(out, 1, 1), other, x, bias, out, row, step)


@kernel
def _weight_columns(four, one, grad, x, partial, row, features, step):
    """Add to the gradients of four.rows rows, from `row` on."""
    channels, distance = step.channels, step.distance
    column = 0
    while column + 4 * LANES <= features:
        block = simd.load(four, partial, row * channels + column, channels, LANES)
        for image in range(LANES):
            start = image * features + column
            block = simd.multiply_add(block, grad, row * distance + image, distance, x, start, LANES)
        simd.store(block, partial, row * channels + column, channels, LANES)
        column += 4 * LANES
    while column < features:
        strip = simd.load(one, partial, row * channels + column, channels, LANES)
        for image in range(LANES):
            start = image * features + column
            strip = simd.multiply_add(strip, grad, row * distance + image, distance, x, start, LANES)
        simd.store(strip, partial, row * channels + column, channels, LANES)
        column += LANES


@instruction(MULTIPLY_WEIGHTS)
def multiply_weights(step, x, other, bias, out, scratch, labels, images):
    """Add to `out` the gradient of the weights of `multiply`, summed over the images.

    Here the lanes hold features: x is transposed to (LANES, C'), with C' a multiple of LANES and zeros at the end. So
    the last vector of a row adds zeros to the first elements of the next row, whose own sums are stored later or are
    complete; behind the last row `out` has room for one more vector.

    Shapes: other (R,), x (C,), out (R, C), scratch (LANES * C').
    """
    channels, distance, rows = step.channels, step.distance, step.out_channels
    features = (channels + LANES - 1) // LANES * LANES
    for channel in range(0, features, LANES):
        block = simd.load_rows(simd.zeros(x, 16, 1), x, channel * distance, distance, channels - channel)
        simd.store(simd.transpose(block), scratch, channel, features, 0)
    row = FIRST
    while row + 4 <= rows:
        _weight_columns(simd.zeros(out, 4, 4), simd.zeros(out, 4, 1), other, scratch, out, row, features, step)
        row += 4
    while row < rows:
        _weight_columns(simd.zeros(out, 1, 4), simd.zeros(out, 1, 1), other, scratch, out, row, features, step)
        row += 1


@instruction(ADD_SUMS)
def add_sums(step, x, other, bias, out, scratch, labels, images):
    """Add to each element of `out` (C,) the sum over the images and the `length` positions of x (C, count)."""
    distance, count = step.distance, step.length
    for channel in range(step.channels):
        start = channel * count * distance
        four, one = simd.zeros(out, 1, 4), simd.zeros(out, 1, 1)
        position = 0
        while position + 4 <= count:
            four = simd_arithmetic.add(four, simd.load(four, x, start + position * distance, 0, distance))
            position += 4
        while position < count:
            one = simd_arithmetic.add(one, simd.load(one, x, start + position * distance, 0, 0))
            position += 1
        if count >= 4:
            simd.add_lane_sums(four, out, channel, 0, 0)
        simd.add_lane_sums(one, out, channel, 0, 0)
