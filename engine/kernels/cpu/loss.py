"""Softmax and the loss over a block of images."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.cpu import simd, simd_arithmetic, simd_math
from nnkit.kernels.cpu.compiler import instruction, kernel
from nnkit.kernels.cpu.instructions import LOG_SOFTMAX, LOG_SOFTMAX_GRADIENT, NLL_LOSS, NLL_LOSS_GRADIENT


@instruction(LOG_SOFTMAX)
def log_softmax(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the logarithm of the softmax of the `length` classes of x."""
    vector, distance = simd.zeros(out, 1, 1), step.distance
    greatest = simd.broadcast(vector, -np.inf)
    for i in range(step.length):
        greatest = simd_arithmetic.maximum(greatest, simd.load(vector, x, i * distance, 0, 0))
    total = vector
    for i in range(step.length):
        shifted = simd_arithmetic.subtract(simd.load(vector, x, i * distance, 0, 0), greatest)
        total = simd_arithmetic.add(total, simd_math.exponential(shifted))
        simd.store(shifted, out, i * distance, 0, 0)
    logarithm = simd_math.logarithm(total)
    for i in range(step.length):
        shifted = simd.load(vector, out, i * distance, 0, 0)
        simd.store(simd_arithmetic.subtract(shifted, logarithm), out, i * distance, 0, 0)


@instruction(LOG_SOFTMAX_GRADIENT)
def log_softmax_gradient(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the gradient of the input of `log_softmax`, given that of its other."""
    vector, distance = simd.zeros(out, 1, 1), step.distance
    total = vector
    for i in range(step.length):
        total = simd_arithmetic.add(total, simd.load(vector, x, i * distance, 0, 0))
    for i in range(step.length):
        probability = simd_math.exponential(simd.load(vector, other, i * distance, 0, 0))
        share = simd_arithmetic.multiply(probability, total)
        value = simd_arithmetic.subtract(simd.load(vector, x, i * distance, 0, 0), share)
        simd.store(value, out, i * distance, 0, 0)


@instruction(NLL_LOSS)
def nll_loss(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` the negative log probability of the labels of the first `images` images.

    Labels are classes, which nothing checks.
    """
    for image in range(images):
        out[image] = -x[labels[image] * step.distance + image]


@instruction(NLL_LOSS_GRADIENT)
def nll_loss_gradient(step, x, other, bias, out, scratch, labels, images):
    """Write to `out` (C,) minus `scalar` at the labels of the first `images` images, and 0 elsewhere."""
    vector, distance = simd.zeros(out, 1, 1), step.distance
    for i in range(step.length):
        simd.store(vector, out, i * distance, 0, 0)
    for image in range(images):
        out[labels[image] * distance + image] = -step.scalar


@kernel
def read_step(losses, blocks, logits):
    """Write to `logits` (N, K) those in blocks (N' / LANES, K, LANES), and return the sum of the losses (N,).

    As a float32 it is infinite where theirs is.
    """
    lanes, total = blocks.shape[2], 0.0
    for image in range(len(losses)):
        total += losses[image]
        for number in range(logits.shape[1]):
            logits[image, number] = blocks[image // lanes, number, image % lanes]
    return np.float32(total)
