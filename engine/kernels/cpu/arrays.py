"""Arrays on their way into programs and out of them: memory that is filled, walked through, or added up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.kernels.cpu import eager
from nnkit.kernels.cpu.eager import EagerProgram
from nnkit.kernels.layout import Array, batch_to_end, check_out
from nnkit.kernels.memory import aligned


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


def summed(program: EagerProgram, arrays: Sequence[Array], shape: tuple[int, ...], out: Array | None) -> Array:
    """Run a program on arrays and slots for its sums; return these together, in `out` if it is given."""
    size = math.prod(shape)
    partial = program.empty_slots(size)
    program.run(*arrays, partial)
    if len(partial) == 1 and out is None:
        return partial[0, :size].reshape(shape)
    if out is None:
        out = aligned(shape, partial.dtype)
    from nnkit.kernels.cpu.executor import add_slots

    add_slots(partial, out.reshape(-1))
    return out


def through_chunks(opcode: int, out: Array, *inputs: Array) -> bool:
    """Run an instruction on the flat memory of arrays, if they are laid out in the same way and without gaps."""
    if any(each.strides != out.strides or each.dtype != out.dtype for each in inputs) or out.dtype.kind != "f":
        return False
    memory = _flat(out)
    chunk = 0 if memory is None else eager.chunk_of(memory.size)
    if chunk:
        program = eager.elementwise(opcode, len(inputs), out.size // chunk, chunk, out.dtype)
        program.run(*inputs, out)
    return chunk > 0


def walk_through(matrix: Array) -> tuple[Array, int, int]:
    """Return contiguous memory and the distances of a matrix's rows and columns in it, copying only if needed."""
    if matrix.flags.c_contiguous:
        return matrix, matrix.shape[1], 1
    if matrix.flags.f_contiguous:
        return matrix.T, 1, matrix.shape[0]
    return np.ascontiguousarray(matrix), matrix.shape[1], 1
