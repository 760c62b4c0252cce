"""Programs of one operation, made when it first meets arrays of some sizes."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from nnkit.kernels.backend import AverageWindow, Border, Needs, Pair, Sliding, padded_size
from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.eager import EagerProgram
from nnkit.kernels.cpu.program import Affine, Shape, Weights
from nnkit.kernels.layout import LANES, padded

# Elements that are one block of an operation on flat memory, at most: a share of the first-level cache.
CHUNK = 4096

# A program is some kilobytes; a network has some dozens of them for each batch size.
_cached = functools.lru_cache(maxsize=1024)


@_cached
def turned_rows(count: int, batch: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on rows (N, `count`), one image after the other, and the blocks of these images."""
    program = EagerProgram(batch, dtype, padded(batch))
    rows, target = program.rows(count), program.blocks(count)
    program.add(codes.TURN_ROWS, input=rows, result=target, length=count)
    return program


@_cached
def convolution(
    shape: Shape, kernels: Shape, has_bias: bool, result: Shape, sliding: Sliding, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program on x, contiguous weights, a bias if there is one, and the result; shapes are of one image."""
    program = EagerProgram(batch, dtype)
    x, weight = program.blocks(*shape), program.whole(math.prod(kernels))
    bias, target = program.whole(kernels[0]) if has_bias else 0, program.blocks(*result)
    program.convolution(x, _walk(weight, kernels), bias, target, (shape, kernels, result), sliding)
    return program


@_cached
def transposed_convolution(
    shape: Shape, kernels: Shape, has_bias: bool, result: Shape, sliding: Sliding, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program on x, contiguous weights, a bias if there is one, and the result; shapes are of one image."""
    program = EagerProgram(batch, dtype)
    x, weight = program.blocks(*shape), program.whole(math.prod(kernels))
    bias, target = program.whole(result[0]) if has_bias else 0, program.blocks(*result)
    program.transposed_convolution(x, _walk(weight, kernels), bias, target, (shape, kernels, result), sliding)
    return program


@_cached
def convolution_gradients(
    grad: Shape, shape: Shape, kernels: Shape, sliding: Sliding, needs: Needs, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program on what `_gradient_operands` declares, for the gradients that are needed."""
    program = EagerProgram(batch, dtype)
    source, sums, x, weight, target = _gradient_operands(program, grad, shape, kernels, needs)
    if needs[1]:
        program.convolution_weight_gradient(source, x, sums[0], (grad, shape, kernels), sliding)
    if needs[2]:
        program.channel_sums(source, sums[-1], grad)
    if needs[0]:
        program.transposed_convolution(source, _walk(weight, kernels), 0, target, (grad, kernels, shape), sliding)
    return program


@_cached
def convolution_weight_gradient(
    grad: Shape, shape: Shape, kernels: Shape, sliding: Sliding, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program on the gradient of the result, x and `empty_slots`."""
    program = EagerProgram(batch, dtype)
    source, x, (target,) = program.blocks(*grad), program.blocks(*shape), program.sums(math.prod(kernels))
    program.convolution_weight_gradient(source, x, target, (grad, shape, kernels), sliding)
    return program


@_cached
def product(channels: int, rows: int, strides: Pair, has_bias: bool, batch: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on x, a matrix whose channels and rows are `strides` apart, a bias, and the result."""
    program = EagerProgram(batch, dtype)
    x, weight = program.blocks(channels), program.whole(channels * rows)
    bias, target = program.whole(rows) if has_bias else 0, program.blocks(rows)
    program.product(x, Weights(weight, 0, strides[1], strides[0]), bias, target, channels, rows)
    return program


@_cached
def product_gradients(
    channels: int, rows: int, strides: Pair, needs: Needs, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program as `convolution_gradients` does; the matrix has channels and rows that are `strides` apart."""
    program = EagerProgram(batch, dtype)
    source, sums, x, weight, target = _gradient_operands(program, (rows,), (channels,), (rows, channels), needs)
    if needs[1]:
        program.product_weight_gradient(source, x, sums[0], channels, rows)
    if needs[2]:
        program.channel_sums(source, sums[-1], (rows,))
    if needs[0]:
        program.product(source, Weights(weight, 0, *strides), 0, target, rows, channels)
    return program


@_cached
def product_weight_gradient(channels: int, rows: int, batch: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on the gradient of the result, x and `empty_slots`."""
    program = EagerProgram(batch, dtype)
    grad, x, (target,) = program.blocks(rows), program.blocks(channels), program.sums(channels * rows)
    program.product_weight_gradient(grad, x, target, channels, rows)
    return program


@_cached
def lstm_cell(size: int, batch: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on the two parts of the gates, the cell state, and the results; `size` is of the states."""
    program = EagerProgram(batch, dtype)
    inputs, recurrent, cell = (program.blocks(count * size) for count in (4, 4, 1))
    hidden, state = program.blocks(size), program.blocks(6 * size)
    fields = {"input": inputs, "other": recurrent, "bias": cell, "result": hidden, "scratch": state}
    program.add(codes.LSTM_CELL, **fields, length=size)
    return program


@_cached
def lstm_cell_gradient(size: int, given: tuple[bool, bool], batch: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on the gradients of the next states that are given, the cell state, the state, the result."""
    program = EagerProgram(batch, dtype)
    by_hidden, by_cell = (program.blocks(size) if each else 0 for each in given)
    cell, state, result = (program.blocks(count * size) for count in (1, 6, 5))
    fields = {"input": by_hidden, "other": by_cell, "bias": cell, "result": result, "scratch": state}
    program.add(codes.LSTM_CELL_GRADIENT, **fields, length=size)
    return program


@_cached
def max_pool(
    shape: Shape, result: Shape, kernel_size: Pair, sliding: Sliding, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program on x, the maxima and their taps."""
    program = EagerProgram(batch, dtype)
    x, values, taps = program.blocks(*shape), program.blocks(*result), program.blocks(*result)
    program.max_pool(x, values, taps, (shape, result), kernel_size, sliding)
    return program


@_cached
def max_pool_gradient(
    shape: Shape, result: Shape, kernel_size: Pair, sliding: Sliding, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program on the gradient of the maxima, their taps and the gradient of x."""
    program = EagerProgram(batch, dtype)
    grad, taps, target = program.blocks(*result), program.blocks(*result), program.blocks(*shape)
    program.max_pool_gradient(grad, taps, target, (shape, result), kernel_size, sliding)
    return program


@_cached
def average_pool(
    shape: Shape, result: Shape, window: AverageWindow | None, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program on x and the averages."""
    program = EagerProgram(batch, dtype)
    x, target = program.blocks(*shape), program.blocks(*result)
    program.average_pool(x, target, (shape, result), window)
    return program


@_cached
def average_pool_gradient(
    shape: Shape, result: Shape, window: AverageWindow | None, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program on the gradient of the averages and the gradient of x."""
    program = EagerProgram(batch, dtype)
    grad, target = program.blocks(*result), program.blocks(*shape)
    program.average_pool_gradient(grad, target, (shape, result), window)
    return program


@_cached
def pad(shape: Shape, border: Border, batch: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on x (C, H, W) and on x with a border."""
    program = EagerProgram(batch, dtype)
    x, target = program.blocks(*shape), program.blocks(shape[0], *padded_size(shape, border))
    program.pad(x, target, shape, border)
    return program


@_cached
def pad_gradient(shape: Shape, border: Border, batch: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on the gradient of what has a border and the gradient of x (C, H, W)."""
    program = EagerProgram(batch, dtype)
    grad, target = program.blocks(shape[0], *padded_size(shape, border)), program.blocks(*shape)
    program.pad_gradient(grad, target, shape, border)
    return program


@_cached
def gather(images: Shape, count: int, distance: int, size: Pair, mean: float, std: float) -> EagerProgram:
    """Return a program on bytes (M, H, W), `count` places in them and the result."""
    program = EagerProgram(count, np.dtype(np.float32), distance)
    pixels, places, target = program.bytes(math.prod(images)), program.labels(), program.blocks(*size)
    program.gather(pixels, places, target, (images[1:], size), mean, std)
    return program


@_cached
def channel_sums(shape: Shape, batch: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on arrays (N, C, ...), whose `shape` is that of one image, and `empty_slots`."""
    program = EagerProgram(batch, dtype)
    x, (target,) = program.blocks(*shape), program.sums(shape[0])
    program.channel_sums(x, target, shape)
    return program


@_cached
def channel_moments(shape: Shape, batch: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on x (N, C, ...), whose `shape` is that of one image, and its statistics (2, C)."""
    program = EagerProgram(batch, dtype, padded(batch))
    x, target = program.blocks(*shape), program.whole(2 * shape[0])
    program.channel_moments(x, target, shape[0], math.prod(shape))
    return program


@_cached
def normalization(
    shape: Shape, has_weight: bool, has_bias: bool, eps: float, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program on x, the mean, the variance, a weight and a bias if there are any, and the result."""
    program = EagerProgram(batch, dtype, padded(batch))
    x, affine = program.blocks(*shape), _affine(program, shape[0], has_weight, has_bias, eps)
    program.normalization(x, program.blocks(*shape), affine, shape[0], math.prod(shape))
    return program


@_cached
def normalization_sums(shape: Shape, eps: float, batch: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on the gradient, x, the mean, the variance, and the sums (2, C)."""
    program = EagerProgram(batch, dtype, padded(batch))
    channels = shape[0]
    grad, x, affine = program.blocks(*shape), program.blocks(*shape), _affine(program, channels, False, False, eps)
    sums = program.whole(2 * channels)
    partial = program.normalization_sums(grad, x, affine, channels, math.prod(shape))
    program.add(codes.ADD_BLOCKS, input=partial, scratch=sums, length=2 * channels, other_distance=2 * channels)
    return program


@_cached
def normalization_input_gradient(
    shape: Shape, has_weight: bool, has_totals: bool, eps: float, batch: int, dtype: np.dtype[Any]
) -> EagerProgram:
    """Return a program on the gradient, x, mean, variance, a weight if there is one, totals, and the gradient of x."""
    program = EagerProgram(batch, dtype, padded(batch))
    channels = shape[0]
    grad, x, affine = program.blocks(*shape), program.blocks(*shape), _affine(program, channels, has_weight, False, eps)
    totals, target = program.whole(2 * channels) if has_totals else 0, program.blocks(*shape)
    program.normalization_input_gradient(grad, x, target, affine, totals, channels, math.prod(shape), batch)
    return program


@_cached
def chunk_of(size: int) -> int:
    """Return how many elements of flat memory are a block, so that blocks are equal and near `CHUNK`; 0 if none are."""
    vectors, rest = divmod(size, LANES)
    fitting = (count for count in range(CHUNK // LANES, 0, -1) if vectors % count == 0)
    chunk = next(fitting, 0) * LANES
    return chunk if not rest and vectors and chunk >= min(size, CHUNK // 8) else 0


@_cached
def elementwise(opcode: int, inputs: int, chunks: int, chunk: int, dtype: np.dtype[Any]) -> EagerProgram:
    """Return a program on one or two inputs in flat memory and the result, all of `chunks` times `chunk` elements."""
    program = EagerProgram(chunks * LANES, dtype, LANES)
    operands = [program.chunks(chunks, chunk) for _ in range(inputs + 1)]
    names = dict(zip(("input", "other"), operands[:-1], strict=False))
    program.add(opcode, **names, result=operands[-1], length=chunk // LANES)
    return program


def sum_counts(weight: Shape, needs: Needs) -> list[int]:
    """Return of how many sums each gradient consists that is needed of a weight, of this shape, and its bias."""
    return [count for count, needed in ((math.prod(weight), needs[1]), (weight[0], needs[2])) if needed]


def _gradient_operands(
    program: EagerProgram, grad: Shape, shape: Shape, weight: Shape, needs: Needs
) -> tuple[int, list[int], int, int, int]:
    """Declare the gradient of a result and what is needed of: `empty_slots`, x, the weight and the gradient of x."""
    source, sums = program.blocks(*grad), program.sums(*sum_counts(weight, needs))
    x = program.blocks(*shape) if needs[1] else 0
    matrix, target = (program.whole(math.prod(weight)), program.blocks(*shape)) if needs[0] else (0, 0)
    return source, sums, x, matrix, target


def _affine(program: EagerProgram, channels: int, has_weight: bool, has_bias: bool, eps: float) -> Affine:
    mean, variance = program.whole(channels), program.whole(channels)
    weight, bias = (program.whole(channels) if given else 0 for given in (has_weight, has_bias))
    return Affine(mean, variance, weight, bias, eps)


def _walk(weight: int, kernels: Shape) -> Weights:
    _, group_channels, height, width = kernels
    return Weights(weight, 0, group_channels * height * width, height * width, width, 1)
