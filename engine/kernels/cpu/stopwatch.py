"""The executor once more, with a look at the clock after each instruction.

The clock is the operating system's, called by its address from machine code: some hundredths of a microsecond, where
the instructions of a step take microseconds.
"""

from __future__ import annotations

import ctypes
import functools
import time
from typing import Any

import llvmlite.ir as ir
import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from nnkit.kernels.cpu.compiler import parallel_kernel, prange
from nnkit.kernels.cpu.executor import ONCE, Executable, perform
from nnkit.kernels.cpu.executor_python import run_python
from nnkit.kernels.layout import LANES, Array

# The first one exists on macOS only, whose other clock counts microseconds.
_CLOCK = getattr(time, "CLOCK_UPTIME_RAW", getattr(time, "CLOCK_MONOTONIC", None))
# Threads write to rows of their own, and no two rows share a cache line.
_LINE = 8


def available() -> bool:
    """Return whether this system has a clock that machine code can read."""
    return _CLOCK is not None


@intrinsic
def _nanoseconds(typingctx, function, clock):
    """Return what `clock_gettime`, at an address, says of a clock."""

    def codegen(context, builder, signature, arguments):
        integer = ir.IntType(64)
        seconds_and_rest = cgutils.alloca_once(builder, ir.ArrayType(integer, 2))
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(32), seconds_and_rest.type])
        target = builder.inttoptr(arguments[0], kind.as_pointer())
        builder.call(target, [builder.trunc(arguments[1], ir.IntType(32)), seconds_and_rest])
        seconds, rest = (builder.load(cgutils.gep_inbounds(builder, seconds_and_rest, 0, i)) for i in (0, 1))
        return builder.add(builder.mul(seconds, ir.Constant(integer, 10**9)), rest)

    return types.int64(types.int64, types.int64), codegen


@parallel_kernel
def _run(steps, operands, functions, address, itemsize, batch, slots, first, last, clock_address, clock, sums):
    blocks = (batch + LANES - 1) // LANES
    step_bytes = 8 * steps.shape[1]
    for slot in prange(slots):
        thread = numba.get_thread_id()
        start, end = slot * blocks // slots, (slot + 1) * blocks // slots
        before = _nanoseconds(clock_address, clock)
        for block in range(start + first, min(start + last, end)):
            images = min(LANES, batch - block * LANES)
            for number in range(len(steps)):
                if steps[number, ONCE] and block != start:
                    continue
                record = address + number * step_bytes
                perform(steps, number, record, operands, functions, itemsize, images, block, slot, thread)
                now = _nanoseconds(clock_address, clock)
                sums[slot, number] += now - before
                before = now


class TimedExecutable(Executable):
    """An executable that adds up the time of each instruction; `like` makes it of another one.

    Attributes:
        seconds: of all runs since `reset`.
    """

    @classmethod
    def like(cls, executable: Executable) -> TimedExecutable:
        """Return what runs the same program on the same memory."""
        made = cls(executable._program, executable._operands, executable._dtype)
        made.reset()
        return made

    @property
    def program(self) -> Array:
        """The instructions."""
        return self._program

    def reset(self) -> None:
        """Forget all times."""
        self.seconds = 0.0
        self._sums = np.zeros((0, 0), np.int64)

    def run(self, batch: int, slots: int, first: int = 0, last: int = 2**62, *, alone: bool = False) -> None:
        """See `Executable.run`; `alone` changes nothing here."""
        window = (batch, slots, first, last)
        if len(self._sums) != slots:
            self._sums = np.zeros((slots, -(-len(self.program) // _LINE) * _LINE), np.int64)
        started = time.perf_counter()
        if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
            run_python(self.program, self._operands, self._dtype, *window, self._sums)
        else:
            tables = (self._steps, self._places, self._functions, self._address, self._dtype.itemsize)
            _run(*tables, *window, _clock_address(), _CLOCK, self._sums)
        self.seconds += time.perf_counter() - started

    def of_instructions(self) -> Array:
        """Return the seconds of each instruction since `reset`, as if all threads had always been busy."""
        jit = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]
        workers = min(numba.get_num_threads(), len(self._sums)) if jit else 1
        seconds: Array = self._sums.sum(axis=0)[: len(self.program)] / (1e9 * max(workers, 1))
        return seconds


@functools.cache
def _clock_address() -> int:
    function: Any = ctypes.CDLL(None).clock_gettime
    address = ctypes.cast(function, ctypes.c_void_p).value
    return address or 0
