"""Borders around images, and their gradients."""

from __future__ import annotations

from nnkit.kernels.cpu import simd, simd_arithmetic
from nnkit.kernels.cpu.compiler import inner_kernel, instruction
from nnkit.kernels.cpu.instructions import (
    PAD_CIRCULAR,
    PAD_CIRCULAR_GRADIENT,
    PAD_GRADIENTS,
    PAD_REFLECT,
    PAD_REFLECT_GRADIENT,
    PAD_REPLICATE,
    PAD_REPLICATE_GRADIENT,
    PADS,
)


@inner_kernel
def _origin(opcode, position, size):
    """Return which of `size` elements stands at a position, which may be beyond them; -1 is none of them."""
    if 0 <= position < size:
        return position
    if opcode in (PAD_REPLICATE, PAD_REPLICATE_GRADIENT):
        return min(max(position, 0), size - 1)
    if opcode in (PAD_REFLECT, PAD_REFLECT_GRADIENT):
        return -position if position < 0 else 2 * (size - 1) - position
    if opcode in (PAD_CIRCULAR, PAD_CIRCULAR_GRADIENT):
        return position % size
    return -1


@instruction(*PADS.values())
def pad(step, x, other, bias, out, scratch, labels, images):
    """Write x to `out`, from `top_padding` and `left_padding` on, and around it `scalar` or what the opcode says.

    A padding below zero leaves out rows or columns of x. Shapes: x (C, H, W), out (C, H', W').
    """
    distance, opcode = step.distance, step.opcode
    vector = simd.zeros(out, 1, 1)
    constant = simd.broadcast(vector, step.scalar)
    target = 0
    for channel in range(step.channels):
        for y in range(step.out_height):
            row = _origin(opcode, y - step.top_padding, step.height)
            start = (channel * step.height + row) * step.width
            for position in range(step.out_width):
                column = _origin(opcode, position - step.left_padding, step.width)
                if row < 0 or column < 0:
                    simd.store(constant, out, target, 0, 0)
                else:
                    simd.store(simd.load(vector, x, (start + column) * distance, 0, 0), out, target, 0, 0)
                target += distance


@instruction(*PAD_GRADIENTS.values())
def pad_gradient(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the sum of the gradients of all places at which each element stands.

    Shapes: x (C, H', W'), the gradient of what `pad` has written; out (C, H, W).
    """
    distance, opcode = step.distance, step.opcode
    vector = simd.zeros(out, 1, 1)
    for place in range(step.channels * step.height * step.width):
        simd.store(vector, out, place * distance, 0, 0)
    source = 0
    for channel in range(step.channels):
        for y in range(step.out_height):
            row = _origin(opcode, y - step.top_padding, step.height)
            start = (channel * step.height + row) * step.width
            for position in range(step.out_width):
                place = (start + _origin(opcode, position - step.left_padding, step.width)) * distance
                total = simd.load(vector, out, place, 0, 0)
                total = simd_arithmetic.add(total, simd.load(vector, x, source, 0, 0))
                simd.store(total, out, place, 0, 0)
                source += distance
