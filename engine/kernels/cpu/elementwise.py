"""Passes over the elements of a block of images."""

from __future__ import annotations

from nnkit.kernels.cpu import simd, simd_arithmetic, simd_math
from nnkit.kernels.cpu.compiler import instruction
from nnkit.kernels.cpu.instructions import (
    ABOVE,
    ABSOLUTE,
    ADD,
    ADD_ROWS,
    AT_LEAST,
    AT_MOST,
    BELOW,
    BINARY,
    CHOOSE,
    CLEAR,
    COPY,
    ERROR_FUNCTION,
    EXPONENTIAL,
    EXPONENTIAL_MINUS_ONE,
    FILL,
    FUNCTIONS,
    LOGARITHM,
    LOGARITHM_PLUS_ONE,
    PLACE,
    PRODUCT,
    QUOTIENT,
    RELU,
    RELU_GRADIENT,
    REPEAT,
    SCALE,
    SHIFT,
    SIGMOID,
    SIGMOID_GRADIENT,
    SPREAD,
    SQUARE_ROOT,
    SUBTRACT,
    TANH,
    TANH_GRADIENT,
    TRIM,
    TURN_ROWS,
    UNARY,
)
from nnkit.kernels.layout import LANES


@instruction(FILL)
def fill(step, x, other, bias, out, scratch, labels, images):
    """Write `scalar` to the `length` elements of each image."""
    vector = simd.broadcast(simd.zeros(out, 1, 1), step.scalar)
    for i in range(step.length):
        simd.store(vector, out, i * step.distance, 0, 0)


@instruction(CLEAR)
def clear(step, x, other, bias, out, scratch, labels, images):
    """Write zeros to the first `length` vectors of `out`."""
    vector = simd.zeros(out, 1, 1)
    for i in range(step.length):
        simd.store(vector, out, i * LANES, 0, 0)


@instruction(TURN_ROWS)
def turn_rows(step, x, other, bias, out, scratch, labels, images):
    """Write x (images, length), whose images are rows, to `out` (length, LANES), with zeros where there is no image.

    There are at least LANES elements in a row; the last of them are read and written with what comes before them.
    """
    empty = simd.zeros(x, 16, 1)
    for start in range(0, step.length, LANES):
        first = min(start, step.length - LANES)
        rows = simd.load_rows(empty, x, first, step.length, images)
        simd.store(simd.transpose(rows), out, first * step.distance, step.distance, 0)


@instruction(TRIM)
def trim(step, x, other, bias, out, scratch, labels, images):
    """Write zeros to the `length` elements of what is no image in a last block that is not full."""
    for i in range(step.length):
        for lane in range(images, LANES):
            out[i * step.distance + lane] = 0


@instruction(REPEAT)
def repeat(step, x, other, bias, out, scratch, labels, images):
    """Write the `length` elements of the last image to what is no image in a last block that is not full."""
    for i in range(step.length):
        for lane in range(images, LANES):
            out[i * step.distance + lane] = out[i * step.distance + images - 1]


@instruction(COPY)
def copy(step, x, other, bias, out, scratch, labels, images):
    """Write the `length` elements of each image, `distance` apart in x, to `out`, `other_distance` apart there."""
    vector = simd.zeros(out, 1, 1)
    for i in range(step.length):
        simd.store(simd.load(vector, x, i * step.distance, 0, 0), out, i * step.other_distance, 0, 0)


@instruction(PLACE)
def place(step, x, other, bias, out, scratch, labels, images):
    """Write x (C, H, W) into zeros (C, H', W'): its rows and columns a stride apart, `left_padding` from the left.

    A padding below zero leaves out columns of x.
    """
    distance = step.distance
    vector = simd.zeros(out, 1, 1)
    if step.vertical_stride == 1 and step.horizontal_stride == 1:
        # The common case, a border to the left and right, writes nothing twice.
        left = step.left_padding
        first, last = max(left, 0), min(left + step.width, step.out_width)
        for row in range(step.channels * step.height):
            source, target = (row * step.width - left) * distance, row * step.out_width * distance
            for column in range(first):
                simd.store(vector, out, target + column * distance, 0, 0)
            for column in range(first, last):
                value = simd.load(vector, x, source + column * distance, 0, 0)
                simd.store(value, out, target + column * distance, 0, 0)
            for column in range(last, step.out_width):
                simd.store(vector, out, target + column * distance, 0, 0)
        return
    for i in range(step.channels * step.out_height * step.out_width):
        simd.store(vector, out, i * distance, 0, 0)
    for channel in range(step.channels):
        for y in range(step.height):
            row = (channel * step.height + y) * step.width
            target = (channel * step.out_height + y * step.vertical_stride) * step.out_width
            for column in range(step.width):
                position = step.left_padding + column * step.horizontal_stride
                if 0 <= position < step.out_width:
                    value = simd.load(vector, x, (row + column) * distance, 0, 0)
                    simd.store(value, out, (target + position) * distance, 0, 0)


@instruction(*UNARY)
def unary(step, x, other, bias, out, scratch, labels, images):
    """Write a function of each element of x to `out`, which may be x."""
    vector = simd.zeros(out, 1, 1)
    opcode, distance = step.opcode, step.distance
    scalar, ones = simd.broadcast(vector, step.scalar), simd.broadcast(vector, 1.0)
    for i in range(step.length):
        value = simd.load(vector, x, i * distance, 0, 0)
        if opcode == RELU:
            value = simd_arithmetic.maximum(value, vector)
        elif opcode == TANH:
            value = simd_math.hyperbolic_tangent(value)
        elif opcode == SIGMOID:
            value = simd_math.sigmoid(value)
        elif opcode == SCALE:
            value = simd_arithmetic.multiply(value, scalar)
        elif opcode == SHIFT:
            value = simd_arithmetic.add(value, scalar)
        elif opcode == SQUARE_ROOT:
            value = simd_arithmetic.square_root(value)
        elif opcode == ABSOLUTE:
            value = simd_arithmetic.absolute(value)
        elif opcode == AT_LEAST:
            value = simd_arithmetic.maximum(value, scalar)
        elif opcode == AT_MOST:
            value = simd_arithmetic.minimum(value, scalar)
        elif opcode == ABOVE:
            value = simd_arithmetic.where_less(scalar, value, ones, vector)
        elif opcode == BELOW:
            value = simd_arithmetic.where_less(value, scalar, ones, vector)
        simd.store(value, out, i * distance, 0, 0)


@instruction(*FUNCTIONS)
def function(step, x, other, bias, out, scratch, labels, images):
    """Write an exponential, a logarithm or the error function of each element of x to `out`, which may be x."""
    vector = simd.zeros(out, 1, 1)
    opcode, distance = step.opcode, step.distance
    for i in range(step.length):
        value = simd.load(vector, x, i * distance, 0, 0)
        if opcode == EXPONENTIAL:
            value = simd_math.exponential(value)
        elif opcode == EXPONENTIAL_MINUS_ONE:
            value = simd_math.exponential_minus_one(value)
        elif opcode == LOGARITHM:
            value = simd_math.logarithm(value)
        elif opcode == LOGARITHM_PLUS_ONE:
            value = simd_math.logarithm_plus_one(value)
        elif opcode == ERROR_FUNCTION:
            value = simd_math.error_function(value)
        simd.store(value, out, i * distance, 0, 0)


@instruction(CHOOSE)
def choose(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the elements of `other` where those of x are not 0, and those of `bias` elsewhere.

    Where there is no operand for one of them, it is `scalar` or `other_scalar` everywhere.
    """
    vector = simd.zeros(out, 1, 1)
    yes, no = simd.broadcast(vector, step.scalar), simd.broadcast(vector, step.other_scalar)
    distance = step.distance
    for i in range(step.length):
        if step.other:
            yes = simd.load(vector, other, i * distance, 0, 0)
        if step.bias:
            no = simd.load(vector, bias, i * distance, 0, 0)
        condition = simd.load(vector, x, i * distance, 0, 0)
        simd.store(simd_arithmetic.where_nonzero(condition, yes, no), out, i * distance, 0, 0)


@instruction(ADD_ROWS)
def add_rows(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` (C,) the sums of the rows of x (C, `length`)."""
    vector = simd.zeros(out, 1, 1)
    for channel in range(step.channels):
        total = vector
        for i in range(channel * step.length, (channel + 1) * step.length):
            total = simd_arithmetic.add(total, simd.load(vector, x, i * step.distance, 0, 0))
        simd.store(total, out, channel * step.distance, 0, 0)


@instruction(SPREAD)
def spread(step, x, other, bias, out, scratch, labels, images):
    """Write to the `length` elements of each image those of x, `other_distance` apart, which is the same for all."""
    vector = simd.zeros(out, 1, 1)
    for i in range(step.length):
        simd.store(simd.broadcast(vector, x[i * step.other_distance]), out, i * step.distance, 0, 0)


@instruction(*BINARY)
def binary(step, x, other, bias, out, scratch, labels, images):
    """Write a function of the elements of x and `other` to `out`, which may be one of them."""
    vector = simd.zeros(out, 1, 1)
    ones = simd.broadcast(vector, 1.0)
    opcode, distance = step.opcode, step.distance
    for i in range(step.length):
        first = simd.load(vector, x, i * distance, 0, 0)
        second = simd.load(vector, other, i * distance, 0, 0)
        if opcode == ADD:
            first = simd_arithmetic.add(first, second)
        elif opcode == SUBTRACT:
            first = simd_arithmetic.subtract(first, second)
        elif opcode == PRODUCT:
            first = simd_arithmetic.multiply(first, second)
        elif opcode == QUOTIENT:
            first = simd_arithmetic.divide(first, second)
        elif opcode == RELU_GRADIENT:
            # A NaN is not 0 and keeps its gradient, as in PyTorch.
            first = simd_arithmetic.where_nonzero(second, first, vector)
        elif opcode == TANH_GRADIENT:
            slope = simd_arithmetic.subtract(ones, simd_arithmetic.multiply(second, second))
            first = simd_arithmetic.multiply(first, slope)
        elif opcode == SIGMOID_GRADIENT:
            slope = simd_arithmetic.multiply(second, simd_arithmetic.subtract(ones, second))
            first = simd_arithmetic.multiply(first, slope)
        simd.store(first, out, i * distance, 0, 0)
