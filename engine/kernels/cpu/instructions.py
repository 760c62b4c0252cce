"""What the executor understands: its instructions, and the memory that they work on.

A program is data: a table of instructions and a table of operands. Numba compiles the executor once, and no network
needs a compilation of its own. An instruction works on one block of `LANES` images; a program of one instruction is how
an operation runs eagerly, and a program of a whole training step is a plan.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from nnkit.kernels.layout import Array

# Operation codes, those beside each other that work alike.
# What moves and fills memory.
CLEAR = 1
FILL = 2
COPY = 3
SPREAD = 4
PLACE = 5
GATHER = 6
TRIM = 7
REPEAT = 8
# Convolutions and products.
CORRELATE = 9
CORRELATE_WEIGHTS = 10
MULTIPLY = 11
MULTIPLY_WEIGHTS = 12
# Sums.
ADD_SUMS = 13
ADD_ROWS = 14
# Element by element.
ADD = 15
SUBTRACT = 16
PRODUCT = 17
QUOTIENT = 18
SCALE = 19
SHIFT = 20
ABSOLUTE = 21
AT_LEAST = 22
AT_MOST = 23
ABOVE = 24
BELOW = 25
CHOOSE = 26
SQUARE_ROOT = 27
EXPONENTIAL = 28
EXPONENTIAL_MINUS_ONE = 29
LOGARITHM = 30
LOGARITHM_PLUS_ONE = 31
ERROR_FUNCTION = 32
RELU = 33
RELU_GRADIENT = 34
TANH = 35
TANH_GRADIENT = 36
SIGMOID = 37
SIGMOID_GRADIENT = 38
# Windows and borders.
MAX_POOL = 39
MAX_POOL_GRADIENT = 40
AVERAGE_POOL = 41
AVERAGE_POOL_GRADIENT = 42
PAD_CONSTANT = 43
PAD_REFLECT = 44
PAD_REFLECT_GRADIENT = 45
PAD_REPLICATE = 46
PAD_REPLICATE_GRADIENT = 47
PAD_CIRCULAR = 48
PAD_CIRCULAR_GRADIENT = 49
# Batch normalization.
BLOCK_MOMENTS = 50
MERGE_MOMENTS = 51
ADD_BLOCKS = 52
FOLLOW = 53
COUNT = 54
SCALES = 55
NORMALIZE = 56
NORMALIZE_SUMS = 57
SLOPES = 58
NORMALIZE_GRADIENT = 59
# Gates.
LSTM_CELL = 60
LSTM_CELL_GRADIENT = 61
# Losses.
LOG_SOFTMAX = 62
LOG_SOFTMAX_GRADIENT = 63
NLL_LOSS = 64
NLL_LOSS_GRADIENT = 65

UNARY = (SCALE, SHIFT, RELU, TANH, SIGMOID, SQUARE_ROOT, ABSOLUTE, AT_LEAST, AT_MOST, ABOVE, BELOW)
FUNCTIONS = (EXPONENTIAL, EXPONENTIAL_MINUS_ONE, LOGARITHM, LOGARITHM_PLUS_ONE, ERROR_FUNCTION)
BINARY = (ADD, SUBTRACT, PRODUCT, QUOTIENT, RELU_GRADIENT, TANH_GRADIENT, SIGMOID_GRADIENT)
# What works on all blocks of images at once: it waits for what comes before it, and what follows waits for it. Its
# kernel is told the number of all images, and finds each operand as the first block of the first slot does.
TOGETHER = (MERGE_MOMENTS, ADD_BLOCKS, FOLLOW, COUNT)
# By PyTorch's name for what stands beyond the border; the gradient of a constant border is a border of another size.
PADS = {"constant": PAD_CONSTANT, "reflect": PAD_REFLECT, "replicate": PAD_REPLICATE, "circular": PAD_CIRCULAR}
PAD_GRADIENTS = {
    "reflect": PAD_REFLECT_GRADIENT,
    "replicate": PAD_REPLICATE_GRADIENT,
    "circular": PAD_CIRCULAR_GRADIENT,
}


class Instruction(NamedTuple):
    """One step of a program; which fields count is said where its kernel is.

    `input` to `scratch` are numbers of operands, 0 is none. Sizes are elements of one image. `distance` is how far an
    element of an image is from its next element: neighbouring images are neighbours in memory. No kernel looks at
    `origin`: it is the number of the recorded operation that the instruction is part of, negative in its backward.
    """

    opcode: int
    input: int = 0
    other: int = 0
    bias: int = 0
    result: int = 0
    scratch: int = 0
    labels: int = 0
    distance: int = 0
    other_distance: int = 0
    length: int = 0
    groups: int = 1
    first_channel: int = 0
    first_result: int = 0
    channels: int = 0
    height: int = 0
    width: int = 0
    out_channels: int = 0
    out_height: int = 0
    out_width: int = 0
    kernel_height: int = 0
    kernel_width: int = 0
    vertical_stride: int = 0
    horizontal_stride: int = 0
    vertical_dilation: int = 0
    horizontal_dilation: int = 0
    top_padding: int = 0
    left_padding: int = 0
    right_padding: int = 0
    weight_start: int = 0
    weight_output_channel: int = 0
    weight_input_channel: int = 0
    weight_row: int = 0
    weight_column: int = 0
    once: int = 0
    origin: int = 0
    scalar: float = 0.0
    other_scalar: float = 0.0


class Operand(NamedTuple):
    """Where memory is: an address in bytes, and how many elements of the program's type it holds.

    (No `size`, which is something else of a NumPy record.) The steps are elements from one block of images, one slot of
    partial sums and one thread to the next.
    """

    address: int
    elements: int
    block_step: int = 0
    slot_step: int = 0
    thread_step: int = 0


_INSTRUCTION = np.dtype([(name, np.float64 if name.endswith("scalar") else np.int64) for name in Instruction._fields])
_OPERAND = np.dtype([(name, np.int64) for name in Operand._fields])


def instruction_table(instructions: Sequence[Instruction]) -> Array:
    """Return instructions as the executor takes them."""
    return np.array(list(instructions), _INSTRUCTION)


def operand_table(operands: Sequence[Operand]) -> Array:
    """Return operands as the executor takes them."""
    return np.array(list(operands), _OPERAND)


def phases(opcodes: Iterable[int]) -> list[tuple[int, int, bool]]:
    """Return the spans (first, end) of instructions between which all blocks of images meet, and which are together."""
    spans, start = [], 0
    for together, group in itertools.groupby(opcode in TOGETHER for opcode in opcodes):
        end = start + len(list(group))
        spans.append((start, end, together))
        start = end
    return spans


def as_numbers(table: Array) -> Array:
    """Return the memory of a table as int64 (rows, fields), in which a `scalar` is not a number that one can read."""
    return table.view(np.int64).reshape(len(table), -1)
