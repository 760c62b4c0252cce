"""The CPU: NumPy for passes over memory, Numba for the loops that do the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.kernels.backend import AverageWindow, Border, Needs, Pair, Sliding, ThreeGradients, output_size, padded_size
from nnkit.kernels.cpu import eager_programs
from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.arrays import as_blocks, check_contiguous, layer_gradients, summed, through_chunks, walk_through
from nnkit.kernels.cpu.batch_statistics import BatchStatistics
from nnkit.kernels.cpu.classes import nll_loss, nll_loss_gradient
from nnkit.kernels.cpu.update_tables import CpuUpdates
from nnkit.kernels.layout import LANES, Array, blocks_for, check_out, empty_blocks, from_blocks
from nnkit.kernels.memory import aligned_like
from nnkit.kernels.updates import Update


class CpuBackend(BatchStatistics):
    """See `nnkit.kernels.backend.Backend`."""

    xp: Any = np

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
        sizes = (output_size(x.shape[2 + i], weight.shape[2 + i], sliding, i) for i in (0, 1))
        shape = (len(weight), *sizes)
        result = blocks_for((len(x), *shape), x.dtype, out)
        key = (x.shape[1:], weight.shape, bias is not None, shape, sliding, result.shape[-1], x.dtype)
        given = [np.ascontiguousarray(each) for each in (weight, bias) if each is not None]
        eager_programs.convolution(*key).run(as_blocks(x), *given, result)
        return from_blocks(result, len(x)) if out is None else out

    def transposed_convolution(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        shape: tuple[int, ...],
        sliding: Sliding,
        groups: int,
        out: Array | None = None,
    ) -> Array:
        """See `Backend.transposed_convolution`."""
        result = blocks_for(shape, x.dtype, out)
        key = (x.shape[1:], weight.shape, bias is not None, tuple(shape[1:]), sliding, result.shape[-1], x.dtype)
        given = [np.ascontiguousarray(each) for each in (weight, bias) if each is not None]
        eager_programs.transposed_convolution(*key).run(as_blocks(x), *given, result)
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
        shape = (grad.shape[1], x.shape[1] // groups, *kernel_size)
        if out is not None:
            check_contiguous(out, out, shape, grad.dtype)
        blocks = as_blocks(grad)
        key = (grad.shape[1:], x.shape[1:], shape, sliding, blocks.shape[-1], grad.dtype)
        return summed(eager_programs.convolution_weight_gradient(*key), (blocks, as_blocks(x)), shape, out)

    def channel_sums(self, grad: Array) -> Array:
        """See `Backend.channel_sums`."""
        blocks = as_blocks(grad)
        shape = grad.shape[1:]
        return summed(eager_programs.channel_sums(shape, blocks.shape[-1], grad.dtype), (blocks,), shape[:1], None)

    def convolution_gradients(
        self,
        grad: Array,
        x: Array | None,
        weight: Array | None,
        shape: tuple[int, ...],
        kernel_size: Pair,
        sliding: Sliding,
        groups: int,
        needs: Needs,
    ) -> ThreeGradients:
        """See `Backend.convolution_gradients`: one program, which reads the gradient for all three while it is near."""
        blocks = as_blocks(grad)
        kernels = (grad.shape[1], shape[1] // groups, *kernel_size)
        key = (grad.shape[1:], shape[1:], kernels, sliding, needs, blocks.shape[-1], grad.dtype)
        memory = None if weight is None else np.ascontiguousarray(weight)
        return layer_gradients(eager_programs.convolution_gradients(*key), blocks, x, memory, shape, kernels, needs)

    def product(self, x: Array, weight: Array, bias: Array | None, out: Array | None = None) -> Array:
        """See `Backend.product`."""
        batch, (channels, rows) = len(x), weight.shape
        result = blocks_for((batch, rows), x.dtype, out)
        memory, *strides = walk_through(weight)
        program = eager_programs.product(channels, rows, tuple(strides), bias is not None, result.shape[-1], x.dtype)
        given = () if bias is None else (np.ascontiguousarray(bias),)
        program.run(as_blocks(x), memory, *given, result)
        return from_blocks(result, batch) if out is None else out

    def product_transposed(self, grad: Array, x: Array, out: Array | None = None) -> Array:
        """See `Backend.product_transposed`."""
        channels, rows = x.shape[1], grad.shape[1]
        if out is not None:
            check_contiguous(out, out.T, (channels, rows), grad.dtype)
        blocks = as_blocks(grad)
        program = eager_programs.product_weight_gradient(channels, rows, blocks.shape[-1], grad.dtype)
        transposed = summed(program, (blocks, as_blocks(x)), (rows, channels), None if out is None else out.T)
        return transposed.T if out is None else out

    def product_gradients(self, grad: Array, x: Array | None, weight: Array | None, needs: Needs) -> ThreeGradients:
        """See `Backend.product_gradients`: one program, as for convolutions."""
        memory, strides = None, (0, 0)
        if weight is not None:
            channels = len(weight)
            memory, row, column = walk_through(weight)
            strides = row, column
        elif x is not None:
            channels = x.shape[1]
        else:
            return None, None, self.channel_sums(grad)
        blocks, rows = as_blocks(grad), grad.shape[1]
        program = eager_programs.product_gradients(channels, rows, strides, needs, blocks.shape[-1], grad.dtype)
        shape = (len(grad), channels)
        by_x, by_weight, by_bias = layer_gradients(program, blocks, x, memory, shape, (rows, channels), needs)
        return by_x, None if by_weight is None else by_weight.T, by_bias

    def relu_gradient(self, grad: Array, result: Array, out: Array | None = None) -> Array:
        """See `Backend.relu_gradient`."""
        if out is None:
            out = aligned_like(result) if result.dtype == grad.dtype else np.empty_like(result, grad.dtype)
        check_out(out, result.shape, grad.dtype)
        if not through_chunks(codes.RELU_GRADIENT, out, grad, result):
            # A NaN is not 0 and keeps its gradient, as in PyTorch.
            out[...] = np.where(result != 0, grad, grad.dtype.type(0))
        return out

    def relu(self, a: Array) -> Array:
        """See `Backend.relu`."""
        result = aligned_like(a)
        if not through_chunks(codes.RELU, result, a):
            np.maximum(a, a.dtype.type(0), out=result)
        return result

    def tanh_gradient(self, grad: Array, result: Array) -> Array:
        """See `Backend.tanh_gradient`."""
        slope: Array = grad * (1 - result * result)
        return slope

    def sigmoid(self, a: Array) -> Array:
        """See `Backend.sigmoid`."""
        # exp of a number that is never positive cannot overflow; the two halves mirror each other.
        small = np.exp(-np.abs(a))
        result: Array = np.where(a >= 0, 1, small) / (1 + small)
        return result

    def sigmoid_gradient(self, grad: Array, result: Array) -> Array:
        """See `Backend.sigmoid_gradient`."""
        slope: Array = grad * (result * (1 - result))
        return slope

    def erf(self, a: Array) -> Array:
        """See `Backend.erf`."""
        result = aligned_like(a)
        if not through_chunks(codes.ERROR_FUNCTION, result, a):
            # NumPy has none: a copy in memory that fills whole vectors.
            memory = np.zeros(max(1, -(-a.size // LANES)) * LANES, a.dtype)
            memory[: a.size] = a.reshape(-1)
            eager_programs.elementwise(codes.ERROR_FUNCTION, 1, 1, memory.size, a.dtype).run(memory, memory)
            result[...] = memory[: a.size].reshape(a.shape)
        return result

    def lstm_cell(self, inputs: Array, recurrent: Array, cell: Array) -> tuple[Array, Array]:
        """See `Backend.lstm_cell`."""
        batch, size = cell.shape
        hidden, state = (empty_blocks((batch, count * size), inputs.dtype) for count in (1, 6))
        program = eager_programs.lstm_cell(size, hidden.shape[-1], inputs.dtype)
        program.run(*(as_blocks(each) for each in (inputs, recurrent, cell)), hidden, state)
        return from_blocks(hidden, batch), from_blocks(state, batch)

    def lstm_cell_gradient(
        self, grad_hidden: Array | None, grad_cell: Array | None, state: Array, cell: Array
    ) -> Array:
        """See `Backend.lstm_cell_gradient`."""
        batch, size = cell.shape
        result = empty_blocks((batch, 5 * size), cell.dtype)
        given = (grad_hidden is not None, grad_cell is not None)
        program = eager_programs.lstm_cell_gradient(size, given, result.shape[-1], cell.dtype)
        grads = (each for each in (grad_hidden, grad_cell) if each is not None)
        program.run(*(as_blocks(each) for each in (*grads, cell, state)), result)
        return from_blocks(result, batch)

    def embed(self, a: Array, shape: tuple[int, ...], key: tuple[Any, ...]) -> Array:
        """See `Backend.embed`."""
        result = np.zeros(shape, a.dtype)
        result[key] = a
        return result

    def log_softmax(self, a: Array, axis: int | None) -> Array:
        """See `Backend.log_softmax`."""
        shifted = a - np.max(a, axis=axis, keepdims=True) if a.size else a
        result: Array = shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
        return result

    def log_softmax_gradient(self, grad: Array, result: Array, axis: int | None) -> Array:
        """See `Backend.log_softmax_gradient`."""
        slope: Array = grad - np.exp(result) * np.sum(grad, axis=axis, keepdims=True)
        return slope

    # Static: they need nothing of a backend.
    nll_loss = staticmethod(nll_loss)
    nll_loss_gradient = staticmethod(nll_loss_gradient)

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
        key = (x.shape[1:], final[1:], kernel_size, sliding, values.shape[-1], x.dtype)
        eager_programs.max_pool(*key).run(as_blocks(x), values, taps)
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
        key = (tuple(shape[1:]), grad.shape[1:], kernel_size, sliding, result.shape[-1], grad.dtype)
        eager_programs.max_pool_gradient(*key).run(as_blocks(grad), as_blocks(taps), result)
        return from_blocks(result, shape[0]) if out is None else out

    def average_pool(self, x: Array, shape: Pair, window: AverageWindow | None, out: Array | None = None) -> Array:
        """See `Backend.average_pool`."""
        final = (*x.shape[:2], *shape)
        result = blocks_for(final, x.dtype, out)
        eager_programs.average_pool(x.shape[1:], final[1:], window, result.shape[-1], x.dtype).run(as_blocks(x), result)
        return from_blocks(result, x.shape[0]) if out is None else out

    def average_pool_gradient(
        self, grad: Array, shape: tuple[int, ...], window: AverageWindow | None, out: Array | None = None
    ) -> Array:
        """See `Backend.average_pool_gradient`."""
        result = blocks_for(shape, grad.dtype, out)
        key = (tuple(shape[1:]), grad.shape[1:], window, result.shape[-1], grad.dtype)
        eager_programs.average_pool_gradient(*key).run(as_blocks(grad), result)
        return from_blocks(result, shape[0]) if out is None else out

    def pad(self, x: Array, border: Border, out: Array | None = None) -> Array:
        """See `Backend.pad`."""
        result = blocks_for((*x.shape[:2], *padded_size(x.shape, border)), x.dtype, out)
        eager_programs.pad(x.shape[1:], border, result.shape[-1], x.dtype).run(as_blocks(x), result)
        return from_blocks(result, x.shape[0]) if out is None else out

    def pad_gradient(self, grad: Array, shape: tuple[int, ...], border: Border, out: Array | None = None) -> Array:
        """See `Backend.pad_gradient`."""
        result = blocks_for(shape, grad.dtype, out)
        eager_programs.pad_gradient(tuple(shape[1:]), border, result.shape[-1], grad.dtype).run(as_blocks(grad), result)
        return from_blocks(result, shape[0]) if out is None else out

    def gather(
        self, images: Array, indices: Array, mean: float, std: float, size: Pair, out: Array | None = None
    ) -> Array:
        """See `Backend.gather`."""
        result = blocks_for((len(indices), 1, *size), np.float32, out)
        program = eager_programs.gather(images.shape, len(indices), result.shape[-1], size, mean, std)
        program.run(images, np.ascontiguousarray(indices, np.int64), result)
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

    def updates(self, updates: Sequence[Update]) -> CpuUpdates:
        """See `Backend.updates`."""
        return CpuUpdates(updates)
