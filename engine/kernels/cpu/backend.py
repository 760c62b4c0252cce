"""The CPU: NumPy for passes over memory, Numba for the loops that do the arithmetic."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from nnkit.kernels.backend import Pair
from nnkit.kernels.layout import Array, empty_blocks, from_blocks, padded, to_blocks

# Shares of a batch whose weight gradients are summed apart: fixed, so that no result depends on the threads.
WEIGHT_GRADIENT_SLOTS = 16


class _Kernels(NamedTuple):
    """The compiled modules, imported together when the first heavy operation runs."""

    correlation: Any
    elementwise: Any
    pooling: Any
    product: Any


class CpuBackend:
    """See `nnkit.kernels.backend.Backend`."""

    xp: Any = np

    @cached_property
    def _kernels(self) -> _Kernels:
        # Numba takes half a second to import, so nothing that only looks at tensors waits for it.
        from nnkit.kernels.cpu import correlation, elementwise, pooling, product

        return _Kernels(correlation, elementwise, pooling, product)

    def convolution(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        groups: int,
    ) -> Array:
        """See `Backend.convolution`."""
        kernels = self._kernels.correlation
        out_channels, group_channels, height, width = weight.shape
        batch, _, input_height, input_width = x.shape
        shape = (
            batch,
            out_channels,
            output_size(input_height, height, stride[0], padding[0], dilation[0]),
            output_size(input_width, width, stride[1], padding[1], dilation[1]),
        )
        out = empty_blocks(shape, x.dtype)
        weight = np.ascontiguousarray(weight)
        if bias is None:
            bias = np.zeros(out_channels, x.dtype)
        walk = kernels.Weights(0, group_channels * height * width, height * width, width, 1)
        window = kernels.Window(height, width, *stride, *dilation, padding[0])
        source = pad_columns(to_blocks(x), padding[1], padding[1])
        kernels.correlate(source, weight, np.ascontiguousarray(bias), out, groups, walk, window)
        return from_blocks(out, batch)

    def convolution_input_gradient(
        self,
        grad: Array,
        weight: Array,
        shape: tuple[int, ...],
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        groups: int,
    ) -> Array:
        """See `Backend.convolution_input_gradient`.

        It is a correlation of the output gradient, spread out by the stride, with the weights turned by 180
        degrees and their channels exchanged; the turning is in how the weights are walked through.
        """
        kernels = self._kernels.correlation
        out_channels, group_channels, height, width = weight.shape
        if groups > 1:
            # Exchanging the channels of each group apart makes the walk uniform again.
            weight = weight.reshape(groups, -1, group_channels, height, width).swapaxes(1, 2)
            weight = np.ascontiguousarray(weight).reshape(-1, out_channels // groups, height, width)
            output_channel, input_channel = out_channels // groups * height * width, height * width
        else:
            weight = np.ascontiguousarray(weight)
            output_channel, input_channel = height * width, group_channels * height * width
        walk = kernels.Weights(height * width - 1, output_channel, input_channel, -width, -1)
        top = (height - 1) * dilation[0] - padding[0]
        left = (width - 1) * dilation[1] - padding[1]
        out = empty_blocks(shape, grad.dtype)
        spread = spread_out(to_blocks(grad), stride)
        # The right border is whatever makes the result as wide as the input, also where the stride left a rest.
        right = shape[3] + (width - 1) * dilation[1] - left - spread.shape[2]
        source = pad_columns(spread, left, right)
        window = kernels.Window(height, width, 1, 1, *dilation, top)
        no_bias = np.zeros(shape[1], grad.dtype)
        kernels.correlate(source, weight, no_bias, out, groups, walk, window)
        return from_blocks(out, shape[0])

    def convolution_weight_gradient(
        self,
        grad: Array,
        x: Array,
        kernel_size: Pair,
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        groups: int,
    ) -> Array:
        """See `Backend.convolution_weight_gradient`."""
        kernels = self._kernels.correlation
        blocks = to_blocks(grad)
        source = pad_columns(to_blocks(x), padding[1], padding[1])
        shape = (grad.shape[1], x.shape[1] // groups, *kernel_size)
        slots = min(max(blocks.shape[-1] // 16, 1), WEIGHT_GRADIENT_SLOTS)
        partial = np.zeros((slots, shape[0], shape[1] * shape[2] * shape[3]), grad.dtype)
        window = kernels.Window(*kernel_size, *stride, *dilation, padding[0])
        kernels.correlate_weights(source, blocks, partial, groups, window)
        return np.add.reduce(partial, axis=0).reshape(shape)

    def product(self, x: Array, weight: Array, bias: Array | None) -> Array:
        """See `Backend.product`."""
        batch, out_features = x.shape[0], weight.shape[1]
        out = empty_blocks((batch, out_features), x.dtype)
        if bias is None:
            bias = np.zeros(out_features, x.dtype)
        memory, row, channel = walk_through(weight)
        self._kernels.product.multiply(memory, channel, row, to_blocks(x), np.ascontiguousarray(bias), out)
        return from_blocks(out, batch)

    def product_transposed(self, grad: Array, x: Array) -> Array:
        """See `Backend.product_transposed`; here the lanes hold features, and the images are summed over."""
        batch, in_features = x.shape
        features = np.zeros((batch, padded(in_features)), x.dtype)
        features[:, :in_features] = x
        blocks = to_blocks(grad)
        out_features, images = blocks.shape
        out = np.empty((out_features, features.shape[1]), grad.dtype)
        no_bias = np.zeros(out_features, grad.dtype)
        self._kernels.product.multiply(blocks, images, 1, features, no_bias, out)
        return out[:, :in_features].T

    def relu_gradient(self, grad: Array, result: Array) -> Array:
        """See `Backend.relu_gradient`; a mask of random signs is what `numpy.where` is slowest at."""
        memory = _flat(result)
        if memory is None or grad.strides != result.strides or grad.dtype != result.dtype:
            return np.where(result != 0, grad, grad.dtype.type(0))
        out = np.empty_like(result)
        self._kernels.elementwise.relu_gradient(_flat(grad), memory, _flat(out))
        return out

    def max_pool(
        self, x: Array, shape: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair
    ) -> tuple[Array, Array]:
        """See `Backend.max_pool`."""
        out = empty_blocks((*x.shape[:2], *shape), x.dtype)
        taps = np.empty_like(out)
        window = self._kernels.correlation.Window(*kernel_size, *stride, *dilation, padding[0])
        self._kernels.pooling.max_pool(to_blocks(x), out, taps, padding[1], window)
        return from_blocks(out, x.shape[0]), from_blocks(taps, x.shape[0])

    def max_pool_gradient(
        self,
        grad: Array,
        taps: Array,
        shape: tuple[int, ...],
        kernel_size: Pair,
        stride: Pair,
        padding: Pair,
        dilation: Pair,
    ) -> Array:
        """See `Backend.max_pool_gradient`."""
        out = empty_blocks(shape, grad.dtype)
        window = self._kernels.correlation.Window(*kernel_size, *stride, *dilation, padding[0])
        self._kernels.pooling.max_pool_gradient(to_blocks(grad), to_blocks(taps), out, padding[1], window)
        return from_blocks(out, shape[0])


def _flat(array: Array) -> Array | None:
    """Return the elements in the order of memory, or None where they do not fill it."""
    if array.flags.c_contiguous:
        return array.reshape(-1)
    blocks = np.moveaxis(array, 0, -1) if array.ndim else array
    return blocks.reshape(-1) if blocks.flags.c_contiguous else None


def output_size(size: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
    """Return how many places a window has along an axis of `size` elements."""
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def pad_columns(blocks: Array, left: int, right: int) -> Array:
    """Return blocks (C, H, W, N') with zero columns added; a negative number takes columns away."""
    if left == 0 and right == 0:
        return blocks
    channels, height, width, images = blocks.shape
    out = np.zeros((channels, height, width + left + right, images), blocks.dtype)
    inner = blocks[:, :, max(-left, 0) : width - max(-right, 0)]
    out[:, :, max(left, 0) : max(left, 0) + inner.shape[2]] = inner
    return out


def spread_out(blocks: Array, stride: Pair) -> Array:
    """Return blocks (C, H, W, N') with stride - 1 zeros between neighbouring rows and columns."""
    if stride == (1, 1):
        return blocks
    channels, height, width, images = blocks.shape
    shape = (channels, (height - 1) * stride[0] + 1, (width - 1) * stride[1] + 1, images)
    out = np.zeros(shape, blocks.dtype)
    out[:, :: stride[0], :: stride[1]] = blocks
    return out


def walk_through(matrix: Array) -> tuple[Array, int, int]:
    """Return contiguous memory and the distances of a matrix's rows and columns in it, copying only if needed."""
    if matrix.flags.c_contiguous:
        return matrix, matrix.shape[1], 1
    if matrix.flags.f_contiguous:
        return matrix.T, 1, matrix.shape[0]
    return np.ascontiguousarray(matrix), matrix.shape[1], 1
