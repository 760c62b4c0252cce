"""The gates of recurrent layers."""

from __future__ import annotations

from nnkit.kernels.cpu import simd, simd_arithmetic, simd_math
from nnkit.kernels.cpu.compiler import inner_kernel, instruction
from nnkit.kernels.cpu.instructions import LSTM_CELL, LSTM_CELL_GRADIENT


@instruction(LSTM_CELL)
def lstm_cell(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` (H,) the hidden state that follows the cell state `bias` (H,); H is `length`.

    The gates i, f, g and o, one after the other, are functions of the sum of x (4 H,) and `other` (4 H,). `scratch`
    (6 H,) gets what they are, the new cell state and its hyperbolic tangent.
    """
    vector = simd.zeros(out, 1, 1)
    distance, part = step.distance, step.length * step.distance
    for i in range(0, part, distance):
        gate_i = simd_arithmetic.add(simd.load(vector, x, i, 0, 0), simd.load(vector, other, i, 0, 0))
        gate_f = simd_arithmetic.add(simd.load(vector, x, i + part, 0, 0), simd.load(vector, other, i + part, 0, 0))
        gate_g = simd_arithmetic.add(
            simd.load(vector, x, i + 2 * part, 0, 0), simd.load(vector, other, i + 2 * part, 0, 0)
        )
        gate_o = simd_arithmetic.add(
            simd.load(vector, x, i + 3 * part, 0, 0), simd.load(vector, other, i + 3 * part, 0, 0)
        )
        gate_i, gate_f = simd_math.sigmoid(gate_i), simd_math.sigmoid(gate_f)
        gate_g, gate_o = simd_math.hyperbolic_tangent(gate_g), simd_math.sigmoid(gate_o)
        cell = simd_arithmetic.multiply(gate_f, simd.load(vector, bias, i, 0, 0))
        cell = simd_arithmetic.add(cell, simd_arithmetic.multiply(gate_i, gate_g))
        squashed = simd_math.hyperbolic_tangent(cell)
        simd.store(gate_i, scratch, i, 0, 0)
        simd.store(gate_f, scratch, i + part, 0, 0)
        simd.store(gate_g, scratch, i + 2 * part, 0, 0)
        simd.store(gate_o, scratch, i + 3 * part, 0, 0)
        simd.store(cell, scratch, i + 4 * part, 0, 0)
        simd.store(squashed, scratch, i + 5 * part, 0, 0)
        simd.store(simd_arithmetic.multiply(gate_o, squashed), out, i, 0, 0)


@instruction(LSTM_CELL_GRADIENT)
def lstm_cell_gradient(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` (5 H,) the gradients of the sums that the gates of `lstm_cell` are made of, and of `bias`.

    x and `other` (H,) are the gradients of the new hidden and cell states; either can be missing and is 0 then.
    """
    vector = simd.zeros(out, 1, 1)
    one = simd.broadcast(vector, 1.0)
    distance, part = step.distance, step.length * step.distance
    for i in range(0, part, distance):
        gate_i, gate_f = simd.load(vector, scratch, i, 0, 0), simd.load(vector, scratch, i + part, 0, 0)
        gate_g = simd.load(vector, scratch, i + 2 * part, 0, 0)
        gate_o = simd.load(vector, scratch, i + 3 * part, 0, 0)
        squashed = simd.load(vector, scratch, i + 5 * part, 0, 0)
        by_hidden, by_cell = vector, vector
        if step.input:
            by_hidden = simd.load(vector, x, i, 0, 0)
        if step.other:
            by_cell = simd.load(vector, other, i, 0, 0)
        by_o = simd_arithmetic.multiply(by_hidden, squashed)
        slope = simd_arithmetic.subtract(one, simd_arithmetic.multiply(squashed, squashed))
        through = simd_arithmetic.multiply(simd_arithmetic.multiply(by_hidden, gate_o), slope)
        by_cell = simd_arithmetic.add(by_cell, through)
        by_i = simd_arithmetic.multiply(by_cell, gate_g)
        by_f = simd_arithmetic.multiply(by_cell, simd.load(vector, bias, i, 0, 0))
        by_g = simd_arithmetic.multiply(by_cell, gate_i)
        slope_g = simd_arithmetic.subtract(one, simd_arithmetic.multiply(gate_g, gate_g))
        simd.store(simd_arithmetic.multiply(by_i, _sigmoid_slope(one, gate_i)), out, i, 0, 0)
        simd.store(simd_arithmetic.multiply(by_f, _sigmoid_slope(one, gate_f)), out, i + part, 0, 0)
        simd.store(simd_arithmetic.multiply(by_g, slope_g), out, i + 2 * part, 0, 0)
        simd.store(simd_arithmetic.multiply(by_o, _sigmoid_slope(one, gate_o)), out, i + 3 * part, 0, 0)
        simd.store(simd_arithmetic.multiply(by_cell, gate_f), out, i + 4 * part, 0, 0)


@inner_kernel
def _sigmoid_slope(one, result):
    return simd_arithmetic.multiply(result, simd_arithmetic.subtract(one, result))
