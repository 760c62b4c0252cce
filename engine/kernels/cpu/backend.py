"""The CPU: NumPy for passes over memory, Numba for the loops that do the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from nnkit.kernels.backend import Pair, Sliding, output_size
from nnkit.kernels.layout import Array, batch_to_end, blocks_for, check_out, from_blocks, padded, to_blocks

# Shares of a batch whose weight gradients are summed apart: fixed, so that no result depends on the threads.
WEIGHT_GRADIENT_SLOTS = 16


class _Kernels(NamedTuple):
    """The compiled modules, imported together when the first heavy operation runs."""

    correlation: Any
    elementwise: Any
    gather: Any
    pooling: Any
    product: Any


class CpuBackend:
    """See `nnkit.kernels.backend.Backend`."""

    xp: Any = np

    @cached_property
    def _kernels(self) -> _Kernels:
        # Numba takes half a second to import, so nothing that only looks at tensors waits for it.
        from nnkit.kernels.cpu import correlation, elementwise, gather, pooling, product

        return _Kernels(correlation, elementwise, gather, pooling, product)

    def convolution(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        sliding: Sliding,
        groups: int,
        out: Array | None = None,
    ) -> Array:
        """See `Backend.convolution`."""
        kernels = self._kernels.correlation
        out_channels, group_channels, height, width = weight.shape
        batch = len(x)
        shape = (
            batch,
            out_channels,
            *(output_size(x.shape[2 + i], weight.shape[2 + i], sliding, i) for i in (0, 1)),
        )
        result = blocks_for(shape, x.dtype, out)
        weight = np.ascontiguousarray(weight)
        if bias is None:
            bias = np.zeros(out_channels, x.dtype)
        walk = kernels.Weights(0, group_channels * height * width, height * width, width, 1)
        window = kernels.Window(height, width, *sliding.stride, *sliding.dilation, sliding.padding[0])
        source = pad_columns(to_blocks(x), sliding.padding[1], sliding.padding[1])
        kernels.correlate(source, weight, np.ascontiguousarray(bias), result, groups, walk, window)
        return from_blocks(result, batch) if out is None else out

    def convolution_input_gradient(
        self,
        grad: Array,
        weight: Array,
        shape: tuple[int, ...],
        sliding: Sliding,
        groups: int,
        out: Array | None = None,
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
        dilation, padding = sliding.dilation, sliding.padding
        top = (height - 1) * dilation[0] - padding[0]
        left = (width - 1) * dilation[1] - padding[1]
        result = blocks_for(shape, grad.dtype, out)
        spread = spread_out(to_blocks(grad), sliding.stride)
        # The right border is whatever makes the result as wide as the input, also where the stride left a rest.
        right = shape[3] + (width - 1) * dilation[1] - left - spread.shape[2]
        source = pad_columns(spread, left, right)
        window = kernels.Window(height, width, 1, 1, *dilation, top)
        no_bias = np.zeros(shape[1], grad.dtype)
        kernels.correlate(source, weight, no_bias, result, groups, walk, window)
        return from_blocks(result, shape[0]) if out is None else out

    def convolution_weight_gradient(
        self,
        grad: Array,
        x: Array,
        kernel_size: Pair,
        sliding: Sliding,
        groups: int,
        out: Array | None = None,
    ) -> Array:
        """See `Backend.convolution_weight_gradient`."""
        kernels = self._kernels.correlation
        blocks = to_blocks(grad)
        source = pad_columns(to_blocks(x), sliding.padding[1], sliding.padding[1])
        shape = (grad.shape[1], x.shape[1] // groups, *kernel_size)
        if out is None:
            out = np.empty(shape, grad.dtype)
        check_contiguous(out, out, shape, grad.dtype)
        slots = min(max(blocks.shape[-1] // 16, 1), WEIGHT_GRADIENT_SLOTS)
        partial = np.zeros((slots, shape[0], shape[1] * shape[2] * shape[3]), grad.dtype)
        window = kernels.Window(*kernel_size, *sliding.stride, *sliding.dilation, sliding.padding[0])
        kernels.correlate_weights(source, blocks, partial, groups, window)
        np.add.reduce(partial, axis=0, out=out.reshape(partial.shape[1:]))
        return out

    def product(self, x: Array, weight: Array, bias: Array | None, out: Array | None = None) -> Array:
        """See `Backend.product`."""
        batch, out_features = x.shape[0], weight.shape[1]
        result = blocks_for((batch, out_features), x.dtype, out)
        if bias is None:
            bias = np.zeros(out_features, x.dtype)
        memory, row, channel = walk_through(weight)
        self._kernels.product.multiply(memory, channel, row, to_blocks(x), np.ascontiguousarray(bias), result)
        return from_blocks(result, batch) if out is None else out

    def product_transposed(self, grad: Array, x: Array, out: Array | None = None) -> Array:
        """See `Backend.product_transposed`; here the lanes hold features, and the images are summed over."""
        batch, in_features = x.shape
        features = np.zeros((batch, padded(in_features)), x.dtype)
        features[:, :in_features] = x
        blocks = to_blocks(grad)
        out_features, images = blocks.shape
        if out is not None:
            check_contiguous(out, out.T, (in_features, out_features), grad.dtype)
        # Features that fill up the last lanes are computed too, and only memory of one's own has room for them.
        direct = out is not None and features.shape[1] == in_features
        result = out.T if out is not None and direct else np.empty((out_features, features.shape[1]), grad.dtype)
        no_bias = np.zeros(out_features, grad.dtype)
        self._kernels.product.multiply(blocks, images, 1, features, no_bias, result)
        if out is None:
            return result[:, :in_features].T
        if not direct:
            out.T[...] = result[:, :in_features]
        return out

    def relu_gradient(self, grad: Array, result: Array, out: Array | None = None) -> Array:
        """See `Backend.relu_gradient`; a mask of random signs is what `numpy.where` is slowest at."""
        if out is None:
            out = np.empty_like(result, grad.dtype)
        check_out(out, result.shape, grad.dtype)
        memory = _flat(result)
        if memory is None or any(each.strides != result.strides or each.dtype != result.dtype for each in (grad, out)):
            out[...] = np.where(result != 0, grad, grad.dtype.type(0))
        else:
            self._kernels.elementwise.relu_gradient(_flat(grad), memory, _flat(out))
        return out

    def max_pool(
        self,
        x: Array,
        shape: Pair,
        kernel_size: Pair,
        sliding: Sliding,
        out: tuple[Array, Array] | None = None,
    ) -> tuple[Array, Array]:
        """See `Backend.max_pool`."""
        final = (*x.shape[:2], *shape)
        values, taps = (blocks_for(final, x.dtype, each) for each in out or (None, None))
        window = self._kernels.correlation.Window(*kernel_size, *sliding.stride, *sliding.dilation, sliding.padding[0])
        self._kernels.pooling.max_pool(to_blocks(x), values, taps, sliding.padding[1], window)
        return out or (from_blocks(values, x.shape[0]), from_blocks(taps, x.shape[0]))

    def max_pool_gradient(
        self,
        grad: Array,
        taps: Array,
        shape: tuple[int, ...],
        kernel_size: Pair,
        sliding: Sliding,
        out: Array | None = None,
    ) -> Array:
        """See `Backend.max_pool_gradient`."""
        result = blocks_for(shape, grad.dtype, out)
        window = self._kernels.correlation.Window(*kernel_size, *sliding.stride, *sliding.dilation, sliding.padding[0])
        self._kernels.pooling.max_pool_gradient(to_blocks(grad), to_blocks(taps), result, sliding.padding[1], window)
        return from_blocks(result, shape[0]) if out is None else out

    def gather(
        self, images: Array, indices: Array, mean: float, std: float, size: Pair, out: Array | None = None
    ) -> Array:
        """See `Backend.gather`."""
        result = blocks_for((len(indices), 1, *size), np.float32, out)
        self._kernels.gather.gather_images(images, indices, np.float32(mean), np.float32(std), result)
        return from_blocks(result, len(indices)) if out is None else out

    def augment(
        self,
        images: Array,
        indices: Array,
        ranges: Sequence[float],
        key: int,
        size: Pair,
        out: Array | None = None,
    ) -> Array:
        """See `Backend.augment`."""
        # Not with the other kernels: few runs need this one.
        from nnkit.kernels.cpu.augment import augment_images

        shape = (len(indices), *size)
        if out is None:
            out = np.empty(shape, np.uint8)
        check_contiguous(out, out, shape, np.uint8)
        augment_images(images, indices, np.array(ranges, np.float64), np.uint64(key), out)
        return out


def _flat(array: Array) -> Array | None:
    """Return the elements in the order of memory, or None where they do not fill it."""
    if array.flags.c_contiguous:
        return array.reshape(-1)
    blocks = batch_to_end(array) if array.ndim else array
    return blocks.reshape(-1) if blocks.flags.c_contiguous else None


def check_contiguous(out: Array, memory: Array, shape: tuple[int, ...], dtype: Any) -> None:
    """Refuse an array `out` that is not of this shape and type, or that does not fill `memory` in its order.

    Raises:
        ValueError: it is not.
    """
    check_out(out, shape, dtype)
    if not memory.flags.c_contiguous:
        raise ValueError(f"out of shape {out.shape}: expected the memory of a weight, without gaps and in its order")


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
