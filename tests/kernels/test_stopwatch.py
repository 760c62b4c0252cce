"""Programs that are timed, and the peak that their rates are compared with."""

import numpy as np
import pytest

from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.executor import Executable
from nnkit.kernels.cpu.instructions import Instruction, Operand
from nnkit.kernels.cpu.peak import fma_peak
from nnkit.kernels.cpu.stopwatch import TimedExecutable
from nnkit.kernels.layout import LANES

COUNT = 50


def program(blocks):
    """Return x, 2 x and 2 x + 1 of some blocks of images, and what calculates them; the factor is set once a slot."""
    x, doubled, result = np.random.default_rng(0).random((3, blocks, COUNT, LANES), np.float32)
    unused = np.zeros(LANES, np.float32)
    step = COUNT * LANES
    operands = [
        Operand(0, 0),
        *(Operand(each.ctypes.data, each.size, block_step=step) for each in (x, doubled, result)),
    ]
    operands.append(Operand(unused.ctypes.data, unused.size))
    table = codes.instruction_table(
        [
            Instruction(codes.CLEAR, result=4, length=1, once=1),
            Instruction(codes.SCALE, input=1, result=2, length=COUNT, distance=LANES, scalar=2.0),
            Instruction(codes.SHIFT, input=2, result=3, length=COUNT, distance=LANES, scalar=1.0),
        ]
    )
    executable = Executable(table, codes.operand_table(operands), np.dtype(np.float32))
    return x, result, executable, unused


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_a_timed_program_calculates_the_same_and_knows_what_each_instruction_takes(slots):
    x, result, executable, _alive = program(5)
    timed = TimedExecutable.like(executable)
    timed.run(5 * LANES - 3, slots)
    np.testing.assert_array_equal(result, x * 2 + 1)
    seconds = timed.of_instructions()
    assert seconds.shape == (3,)
    assert (seconds > 0).all()
    assert seconds.sum() <= timed.seconds


def test_times_add_up_until_they_are_forgotten():
    _, _, executable, _alive = program(4)
    timed = TimedExecutable.like(executable)
    timed.run(4 * LANES, 2, 1)
    first = timed.of_instructions()
    timed.run(4 * LANES, 2)
    assert (timed.of_instructions() > first).all()
    timed.reset()
    assert timed.seconds == 0
    timed.run(4 * LANES, 2)
    assert timed.of_instructions()[0] > 0


def test_the_peak_is_that_of_all_threads():
    assert fma_peak(1, repeats=2) > 0
    assert fma_peak(2, repeats=2) > 0
