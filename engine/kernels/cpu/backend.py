"""The CPU: NumPy for passes over memory, Numba for the loops that do the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.kernels.backend import Pair, Sliding, output_size
from nnkit.kernels.cpu.program import EagerProgram, Weights
from nnkit.kernels.cpu.update_tables import CpuUpdates
from nnkit.kernels.layout import LANES, Array, batch_to_end, blocks_for, check_out, from_blocks, to_blocks
from nnkit.kernels.memory import aligned_like
from nnkit.kernels.updates import Update

# Shares of a batch whose weight gradients are summed apart: fixed, so that no result depends on the threads.
SLOTS = 16


class CpuBackend:
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
        shape = (len(x), len(weight), *sizes)
        result = blocks_for(shape, x.dtype, out)
        program = EagerProgram(result.shape[-1], x.dtype)
        shapes = (x.shape[1:], weight.shape, shape[1:])
        bias_memory = None if bias is None else np.ascontiguousarray(bias)
        program.convolution(
            program.blocks(to_blocks(x)),
            _kernels(program, weight),
            program.whole(bias_memory),
            program.blocks(result),
            shapes,
            sliding,
        )
        program.run()
        return from_blocks(result, len(x)) if out is None else out

    def convolution_input_gradient(
        self,
        grad: Array,
        weight: Array,
        shape: tuple[int, ...],
        sliding: Sliding,
        groups: int,
        out: Array | None = None,
    ) -> Array:
        """See `Backend.convolution_input_gradient`."""
        result = blocks_for(shape, grad.dtype, out)
        program = EagerProgram(result.shape[-1], grad.dtype)
        shapes = (grad.shape[1:], weight.shape, shape[1:])
        program.convolution_input_gradient(
            program.blocks(to_blocks(grad)), _kernels(program, weight), program.blocks(result), shapes, sliding
        )
        program.run()
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
        if out is None:
            out = np.empty(shape, grad.dtype)
        check_contiguous(out, out, shape, grad.dtype)
        blocks = to_blocks(grad)
        program = EagerProgram(blocks.shape[-1], grad.dtype)
        partial = _partial_sums(program, out.size)
        program.convolution_weight_gradient(
            program.blocks(blocks),
            program.blocks(to_blocks(x)),
            program.slots(partial),
            (grad.shape[1:], x.shape[1:], shape),
            sliding,
        )
        program.run(len(partial))
        np.add.reduce(partial[:, : out.size], axis=0, out=out.reshape(-1))
        return out

    def product(self, x: Array, weight: Array, bias: Array | None, out: Array | None = None) -> Array:
        """See `Backend.product`."""
        batch, (channels, rows) = len(x), weight.shape
        result = blocks_for((batch, rows), x.dtype, out)
        program = EagerProgram(result.shape[-1], x.dtype)
        bias_memory = None if bias is None else np.ascontiguousarray(bias)
        memory, channel, row = walk_through(weight)
        walk = Weights(program.whole(memory), 0, row, channel)
        program.product(
            program.blocks(to_blocks(x)), walk, program.whole(bias_memory), program.blocks(result), channels, rows
        )
        program.run()
        return from_blocks(result, batch) if out is None else out

    def product_transposed(self, grad: Array, x: Array, out: Array | None = None) -> Array:
        """See `Backend.product_transposed`."""
        channels, rows = x.shape[1], grad.shape[1]
        if out is not None:
            check_contiguous(out, out.T, (channels, rows), grad.dtype)
        blocks = to_blocks(grad)
        program = EagerProgram(blocks.shape[-1], grad.dtype)
        partial = _partial_sums(program, channels * rows)
        program.product_weight_gradient(
            program.blocks(blocks), program.blocks(to_blocks(x)), program.slots(partial), channels, rows
        )
        program.run(len(partial))
        memory = np.empty((rows, channels), grad.dtype) if out is None else out.T
        np.add.reduce(partial[:, : memory.size], axis=0, out=memory.reshape(-1))
        return memory.T if out is None else out

    def relu_gradient(self, grad: Array, result: Array, out: Array | None = None) -> Array:
        """See `Backend.relu_gradient`; a mask of random signs is what `numpy.where` is slowest at."""
        if out is None:
            out = aligned_like(result) if result.dtype == grad.dtype else np.empty_like(result, grad.dtype)
        check_out(out, result.shape, grad.dtype)
        memory = _flat(result)
        if memory is None or any(each.strides != result.strides or each.dtype != result.dtype for each in (grad, out)):
            out[...] = np.where(result != 0, grad, grad.dtype.type(0))
        else:
            from nnkit.kernels.cpu.elementwise import relu_gradient

            relu_gradient(_flat(grad), memory, _flat(out))
        return out

    def relu(self, a: Array) -> Array:
        """See `Backend.relu`."""
        result: Array = np.maximum(a, a.dtype.type(0), out=aligned_like(a))
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

    def log_softmax(self, a: Array, axis: int | None) -> Array:
        """See `Backend.log_softmax`."""
        shifted = a - np.max(a, axis=axis, keepdims=True) if a.size else a
        result: Array = shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
        return result

    def log_softmax_gradient(self, grad: Array, result: Array, axis: int | None) -> Array:
        """See `Backend.log_softmax_gradient`."""
        slope: Array = grad - np.exp(result) * np.sum(grad, axis=axis, keepdims=True)
        return slope

    def nll_loss(
        self, log_probabilities: Array, target: Array, weight: Array | None, ignore_index: int
    ) -> tuple[Array, Array | None]:
        """See `Backend.nll_loss`."""
        ignored = target == ignore_index
        outside = (target.astype(np.int64).view(np.uint64) >= log_probabilities.shape[1]) & ~ignored
        if outside.any():
            raise IndexError(f"Target {int(target[outside][0])} is out of bounds.")
        picked = np.where(ignored, 0, target)
        factors = None
        if weight is not None or ignored.any():
            ones = np.ones(len(target), log_probabilities.dtype)
            factors = np.where(ignored, 0, ones if weight is None else weight[picked])
        chosen = log_probabilities[np.arange(len(picked)), picked]
        return -chosen if factors is None else np.where(ignored, 0, -factors * chosen), factors

    def nll_loss_gradient(
        self, target: Array, factors: Array | None, share: Array, shape: tuple[int, ...], ignore_index: int
    ) -> Array:
        """See `Backend.nll_loss_gradient`."""
        out = np.zeros(shape[::-1], share.dtype).T
        if factors is None:
            out[np.arange(len(target)), target] = -share
            return out
        # Where nothing counts the mean divides by 0, and the gradient of what is ignored is 0 all the same.
        ignored = target == ignore_index
        slope = np.where(ignored, 0, -factors * share)
        out[np.arange(len(target)), np.where(ignored, 0, target)] = slope
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
        program = EagerProgram(values.shape[-1], x.dtype)
        program.max_pool(
            program.blocks(to_blocks(x)),
            program.blocks(values),
            program.blocks(taps),
            (x.shape[1:], final[1:]),
            kernel_size,
            sliding,
        )
        program.run()
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
        program = EagerProgram(result.shape[-1], grad.dtype)
        program.max_pool_gradient(
            program.blocks(to_blocks(grad)),
            program.blocks(to_blocks(taps)),
            program.blocks(result),
            (shape[1:], grad.shape[1:]),
            kernel_size,
            sliding,
        )
        program.run()
        return from_blocks(result, shape[0]) if out is None else out

    def gather(
        self, images: Array, indices: Array, mean: float, std: float, size: Pair, out: Array | None = None
    ) -> Array:
        """See `Backend.gather`."""
        result = blocks_for((len(indices), 1, *size), np.float32, out)
        program = EagerProgram(len(indices), result.dtype, result.shape[-1])
        program.gather(
            program.bytes(images),
            program.labels(np.ascontiguousarray(indices, np.int64)),
            program.blocks(result),
            (images.shape[1:], size),
            mean,
            std,
        )
        program.run()
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


def _kernels(program: EagerProgram, weight: Array) -> Weights:
    """Return the weights of a convolution, copied if they have gaps, as an operand."""
    weight = np.ascontiguousarray(weight)
    _, group_channels, height, width = weight.shape
    return Weights(program.whole(weight), 0, group_channels * height * width, height * width, width, 1)


def _partial_sums(program: EagerProgram, size: int) -> Array:
    """Return zeros (slots, size and a vector more), one slot per share of the images."""
    slots = min(max(program.distance // LANES, 1), SLOTS)
    return np.zeros((slots, size + LANES), program.dtype)


def walk_through(matrix: Array) -> tuple[Array, int, int]:
    """Return contiguous memory and the distances of a matrix's rows and columns in it, copying only if needed."""
    if matrix.flags.c_contiguous:
        return matrix, matrix.shape[1], 1
    if matrix.flags.f_contiguous:
        return matrix.T, 1, matrix.shape[0]
    return np.ascontiguousarray(matrix), matrix.shape[1], 1
