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
TURN_ROWS = 9
# Convolutions and products.
CORRELATE = 10
CORRELATE_WEIGHTS = 11
MULTIPLY = 12
MULTIPLY_WEIGHTS = 13
# Sums.
ADD_SUMS = 14
ADD_ROWS = 15
# Element by element.
ADD = 16
SUBTRACT = 17
PRODUCT = 18
QUOTIENT = 19
SCALE = 20
SHIFT = 21
ABSOLUTE = 22
AT_LEAST = 23
AT_MOST = 24
ABOVE = 25
BELOW = 26
CHOOSE = 27
SQUARE_ROOT = 28
EXPONENTIAL = 29
EXPONENTIAL_MINUS_ONE = 30
LOGARITHM = 31
LOGARITHM_PLUS_ONE = 32
ERROR_FUNCTION = 33
RELU = 34
RELU_GRADIENT = 35
TANH = 36
TANH_GRADIENT = 37
SIGMOID = 38
SIGMOID_GRADIENT = 39
# Windows and borders.
MAX_POOL = 40
MAX_POOL_GRADIENT = 41
AVERAGE_POOL = 42
AVERAGE_POOL_GRADIENT = 43
PAD_CONSTANT = 44
PAD_REFLECT = 45
PAD_REFLECT_GRADIENT = 46
PAD_REPLICATE = 47
PAD_REPLICATE_GRADIENT = 48
PAD_CIRCULAR = 49
PAD_CIRCULAR_GRADIENT = 50
# Batch normalization.
BLOCK_MOMENTS = 51
MERGE_MOMENTS = 52
ADD_BLOCKS = 53
FOLLOW = 54
COUNT = 55
SCALES = 56
NORMALIZE = 57
NORMALIZE_SUMS = 58
SLOPES = 59
NORMALIZE_GRADIENT = 60
# Gates.
LSTM_CELL = 61
LSTM_CELL_GRADIENT = 62
# Losses.
LOG_SOFTMAX = 63
LOG_SOFTMAX_GRADIENT = 64
NLL_LOSS = 65
NLL_LOSS_GRADIENT = 66

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
