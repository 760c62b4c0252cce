"""The operating system's clock in machine code: a look takes hundredths of a microsecond, and kernels microseconds."""

from __future__ import annotations

import ctypes
import functools
import time
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# The first one exists on macOS only, whose other clock counts microseconds.
_CLOCK = getattr(time, "CLOCK_UPTIME_RAW", getattr(time, "CLOCK_MONOTONIC", None))


@functools.cache
def clock_address() -> int:
    """Return the address that `nanoseconds` takes, or 0 where the system has no such clock."""
    if _CLOCK is None:
        return 0
    function: Any = ctypes.CDLL(None).clock_gettime
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@intrinsic
def nanoseconds(typingctx, clock):
    """Return what the clock at an address says."""

    def codegen(context, builder, signature, arguments):
        integer = ir.IntType(64)
        seconds_and_rest = cgutils.alloca_once(builder, ir.ArrayType(integer, 2))
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(32), seconds_and_rest.type])
        target = builder.inttoptr(arguments[0], kind.as_pointer())
        builder.call(target, [ir.Constant(ir.IntType(32), _CLOCK or 0), seconds_and_rest])
        seconds, rest = (builder.load(cgutils.gep_inbounds(builder, seconds_and_rest, 0, i)) for i in (0, 1))
        return builder.add(builder.mul(seconds, ir.Constant(integer, 10**9)), rest)

    return types.int64(types.int64), codegen
