"""Arrays on their way into programs and out of them: memory that is filled, walked through, or added up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.kernels.backend import Needs, ThreeGradients
from nnkit.kernels.cpu import eager_programs
from nnkit.kernels.cpu.eager import EagerProgram
from nnkit.kernels.layout import LANES, Array, batch_to_end, check_out, empty_blocks, from_blocks, to_blocks
from nnkit.kernels.memory import aligned

# Types of images in rows that a program turns into blocks.
_TURNED = (np.dtype(np.float32), np.dtype(np.float64))
# Numbers in slots that NumPy adds up in the time in which another thread wakes up.
FEW_SUMS = 2**15


def _flat(array: Array) -> Array | None:
    """Return the elements in the order of memory, or None where they do not fill it."""
    if array.flags.c_contiguous:
        return array.reshape(-1)
    blocks = batch_to_end(array) if array.ndim else array
    return blocks.reshape(-1) if blocks.flags.c_contiguous else None


def as_blocks(array: Array) -> Array:
    """Return the blocks that hold `array`, as `to_blocks` does; images in rows are copied by a program of their own."""
    batch, count = len(array), math.prod(array.shape[1:])
    if not array.flags.c_contiguous or min(batch, count) < LANES or array.dtype not in _TURNED:
        return to_blocks(array)
    blocks = empty_blocks(array.shape, array.dtype)
    eager_programs.turned_rows(count, batch, array.dtype).run(array, blocks)
    return blocks


def check_contiguous(out: Array, memory: Array, shape: tuple[int, ...], dtype: Any) -> None:
    """Refuse an array `out` that is not of this shape and type, or that does not fill `memory` in its order.

    Raises:
        ValueError: it is not.
    """
    check_out(out, shape, dtype)
    if not memory.flags.c_contiguous:
        raise ValueError(f"out of shape {out.shape}: expected the memory of a weight, without gaps and in its order")


def summed(program: EagerProgram, arrays: Sequence[Array], shape: tuple[int, ...], out: Array | None) -> Array:
    """Run a program on arrays and slots for its sums; return these together, in `out` if it is given."""
    size = math.prod(shape)
    (partial,) = program.empty_slots(size)
    program.run(*arrays, partial)
    if out is None:
        return added(partial, size).reshape(shape)
    added(partial, size, out.reshape(-1))
    return out


def added(partial: Array, size: int, out: Array | None = None) -> Array:
    """Return the sum of the slots (slots, P) as far as the first `size` elements, in `out` if it is given."""
    if out is None:
        if len(partial) == 1:
            return partial[0, :size]
        out = aligned((size,), partial.dtype)
    if partial.size <= FEW_SUMS:
        return np.add.reduce(partial[:, :size], axis=0, out=out)
    from nnkit.kernels.cpu.executor import add_slots

    add_slots(partial, out)
    return out


def layer_gradients(
    program: EagerProgram,
    grad: Array,
    x: Array | None,
    weight: Array | None,
    shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    needs: Needs,
) -> ThreeGradients:
    """Run a program for the gradients of the input of `shape`, the weight and the bias of a layer, where needed.

    Args:
        program: `eager_programs.convolution_gradients` or `eager_programs.product_gradients`.
        grad: blocks.
        x: the input, if the gradient of the weight is needed.
        weight: its memory, if the gradient of the input is needed.
        shape: that of the input.
        weight_shape: that of the gradient of the weight, its output channels first.
        needs: which ones are needed.
    """
    counts = eager_programs.sum_counts(weight_shape, needs)
    sums = program.empty_slots(*counts)
    arrays = [grad, *sums]
    if x is not None:
        arrays.append(as_blocks(x))
    if weight is not None:
        blocks = empty_blocks(shape, grad.dtype)
        arrays += [weight, blocks]
    program.run(*arrays)
    by_x = None if weight is None else from_blocks(blocks, shape[0])
    by_weight = by_bias = None
    if sums:
        width = sums[0].shape[1]
        total = added(sums[0], width)
        if needs[1]:
            by_weight = total[: counts[0]].reshape(weight_shape)
        if needs[2]:
            start = width - sums[-1].shape[1]
            by_bias = total[start : start + counts[-1]]
    return by_x, by_weight, by_bias


def through_chunks(opcode: int, out: Array, *inputs: Array) -> bool:
    """Run an instruction on the flat memory of arrays, if they are laid out in the same way and without gaps."""
    if any(each.strides != out.strides or each.dtype != out.dtype for each in inputs) or out.dtype.kind != "f":
        return False
    memory = _flat(out)
    chunk = 0 if memory is None else eager_programs.chunk_of(memory.size)
    if chunk:
        program = eager_programs.elementwise(opcode, len(inputs), out.size // chunk, chunk, out.dtype)
        program.run(*inputs, out)
    return chunk > 0


def walk_through(matrix: Array) -> tuple[Array, int, int]:
    """Return contiguous memory and the distances of a matrix's rows and columns in it, copying only if needed."""
    if matrix.flags.c_contiguous:
        return matrix, matrix.shape[1], 1
    if matrix.flags.f_contiguous:
        return matrix.T, 1, matrix.shape[0]
    return np.ascontiguousarray(matrix), matrix.shape[1], 1
