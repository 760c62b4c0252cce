"""A second process that compiles kernels while the first one is busy with the largest: both write to one cache.

The correlation takes as long as all other instructions together, and Numba compiles one function at a time. So the
first run ever of a command starts this module beside itself, and finds in the cache what it has done.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys

from nnkit.kernels.cpu import compiler


def start() -> None:
    """Compile ahead in a process that ends with this one, if machine code is kept at all."""
    if compiler.is_kept():
        nothing = subprocess.DEVNULL
        command = [sys.executable, "-m", "nnkit.kernels.cpu.ahead"]
        # Where no process can be started, it takes longer, and that is all.
        with contextlib.suppress(OSError):
            process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
            atexit.register(_stop, process, os.getpid())


def _stop(process: subprocess.Popen[bytes], owner: int) -> None:
    # A process that was forked from the owner ends before it.
    if os.getpid() == owner:
        process.terminate()
        process.wait()


def compile_others(parent: int) -> None:
    """Compile all instructions on float32 but the correlation, for as long as the parent process lives."""
    import numpy as np

    from nnkit.kernels.cpu import instructions as codes
    from nnkit.kernels.cpu.executor import functions_of

    # The first ones are what most networks need.
    for opcode in sorted(compiler.KERNELS):
        if opcode != codes.CORRELATE and os.getppid() == parent:
            functions_of(codes.instruction_table([codes.Instruction(opcode)]), np.dtype(np.float32))


if __name__ == "__main__":
    compile_others(os.getppid())
