"""What runs programs: an operation's own, or the plan of a whole step.

Each kind of instruction is a machine function of its own, compiled when a program first needs it and called through its
address. So no kernel is compiled into another function, and a change of the executor compiles one loop.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ir
import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

# Imported for the instructions that they name.
from nnkit.kernels.cpu import correlation, elementwise, gather, loss, pooling, product  # noqa: F401
from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.compiler import KERNELS, compiled, inner_kernel, kernel, parallel_kernel, prange
from nnkit.kernels.cpu.executor_python import run_python
from nnkit.kernels.cpu.instructions import Instruction, Operand
from nnkit.kernels.layout import LANES, Array

# Elements that one task of a sum works through: a share of the first-level cache.
TASK = 4096

_OPCODES = 1 + max(KERNELS)
_addresses: dict[np.dtype[Any], Array] = {}


@intrinsic
def _call(typingctx, function, step, x, other, bias, out, scratch, labels, images):
    """Call the machine function at an address; all arguments but the last are addresses."""

    def codegen(context, builder, signature, arguments):
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer] * 7 + [ir.IntType(64)])
        target = builder.inttoptr(arguments[0], kind.as_pointer())
        builder.call(target, [*(builder.inttoptr(each, pointer) for each in arguments[1:8]), arguments[8]])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 9), codegen


# Columns of the tables, as plain numbers: records would be looked at by Numba field by field at each call.
_OPCODE, _INPUT, _OTHER, _BIAS, _RESULT, _SCRATCH, _LABELS, ONCE = (
    Instruction._fields.index(name)
    for name in ("opcode", "input", "other", "bias", "result", "scratch", "labels", "once")
)
_ADDRESS, _BLOCK_STEP, _SLOT_STEP, _THREAD_STEP = (
    Operand._fields.index(name) for name in ("address", "block_step", "slot_step", "thread_step")
)


@inner_kernel
def _place(operands, number, itemsize, block, slot, thread):
    """Return the address of an operand for a block of images, as seen by a thread that works on a slot."""
    start = block * operands[number, _BLOCK_STEP] + slot * operands[number, _SLOT_STEP]
    return operands[number, _ADDRESS] + (start + thread * operands[number, _THREAD_STEP]) * itemsize


@inner_kernel
def perform(steps, number, record, operands, functions, itemsize, images, block, slot, thread):
    """Perform an instruction of a program, whose record is at an address, on a block of images."""
    _call(
        functions[steps[number, _OPCODE]],
        record,
        _place(operands, steps[number, _INPUT], itemsize, block, slot, thread),
        _place(operands, steps[number, _OTHER], itemsize, block, slot, thread),
        _place(operands, steps[number, _BIAS], itemsize, block, slot, thread),
        _place(operands, steps[number, _RESULT], itemsize, block, slot, thread),
        _place(operands, steps[number, _SCRATCH], itemsize, block, slot, thread),
        _place(operands, steps[number, _LABELS], 8, block, slot, thread),
        images,
    )


@kernel
def _run_slot(steps, operands, functions, address, itemsize, batch, slots, slot, thread, first, last):
    """Run a program on the blocks of a slot, from the one numbered first to the one before last."""
    blocks = (batch + LANES - 1) // LANES
    step_bytes = 8 * steps.shape[1]
    start, end = slot * blocks // slots, (slot + 1) * blocks // slots
    for block in range(start + first, min(start + last, end)):
        images = min(LANES, batch - block * LANES)
        for number in range(len(steps)):
            if steps[number, ONCE] and block != start:
                continue
            record = address + number * step_bytes
            perform(steps, number, record, operands, functions, itemsize, images, block, slot, thread)


@parallel_kernel
def _run(steps, operands, functions, address, itemsize, batch, slots, first, last):
    for slot in prange(slots):
        thread = numba.get_thread_id()
        _run_slot(steps, operands, functions, address, itemsize, batch, slots, slot, thread, first, last)


@kernel
def _run_alone(steps, operands, functions, address, itemsize, batch, slots, first, last):
    for slot in range(slots):
        _run_slot(steps, operands, functions, address, itemsize, batch, slots, slot, 0, first, last)


class Executable:
    """A program with its machine functions, compiled where they are not yet.

    Args:
        program: of `instruction_table`.
        operands: of `operand_table`.
        dtype: of all operands but labels and bytes.
    """

    def __init__(self, program: Array, operands: Array, dtype: np.dtype[Any]) -> None:
        self._program, self._operands, self._dtype = program, operands, dtype
        self._steps, self._places = codes.as_numbers(program), codes.as_numbers(operands)
        if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
            self._functions = functions_of(program, dtype)
            self._address = self._steps.__array_interface__["data"][0]

    def run(self, batch: int, slots: int, first: int = 0, last: int = 2**62, *, alone: bool = False) -> None:
        """Run the program on a batch in blocks of images, shared among slots of partial sums in a fixed order.

        Slot s has the blocks from s * blocks // slots on; of each slot's, those numbered first to last are worked on,
        so that much work can be cut into several calls. `alone` keeps it in this thread, with the same results: to wake
        another one takes longer than a small operation.
        """
        if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
            run_python(self._program, self._operands, self._dtype, batch, slots, first, last)
            return
        itemsize = self._dtype.itemsize
        start = _run_alone if alone else _run
        start(self._steps, self._places, self._functions, self._address, itemsize, batch, slots, first, last)


def functions_of(program: Array, dtype: np.dtype[Any]) -> Array:
    """Return the addresses of all instructions for a type, by opcode; those of the program are compiled."""
    known = _addresses.setdefault(dtype, np.zeros(_OPCODES, np.int64))
    for opcode in program["opcode"].tolist():
        if not known[opcode]:
            known[opcode] = compiled(opcode, dtype, program.dtype)
    return known


def threads() -> int:
    """Return how many threads may run a program at once."""
    count: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    return count


@parallel_kernel
def add_slots(partial, out):
    """Write to `out` (P,) the sum of the slots in `partial` (slots, P'), in their order."""
    size, slots = out.size, partial.shape[0]
    for task in prange((size + TASK - 1) // TASK):
        first, last = task * TASK, min((task + 1) * TASK, size)
        total = out[first:last]
        total[:] = partial[0, first:last]
        for slot in range(1, slots):
            total += partial[slot, first:last]
