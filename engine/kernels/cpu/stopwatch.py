"""An executable that looks at the clock after each instruction."""

from __future__ import annotations

import time

import numba
import numpy as np

from nnkit.kernels.cpu.clock import clock_address
from nnkit.kernels.cpu.executor import Executable
from nnkit.kernels.layout import Array

# Threads write to rows of their own, and no two rows share a cache line.
_LINE = 8


def available() -> bool:
    """Return whether this system has a clock that machine code can read."""
    return clock_address() != 0


class TimedExecutable(Executable):
    """An executable that adds up the time of each instruction; `like` makes it of another one.

    Attributes:
        seconds: of all runs since `reset`.
    """

    @classmethod
    def like(cls, executable: Executable) -> TimedExecutable:
        """Return what runs the same program on the same memory."""
        made = cls(executable._program, executable._operands, executable._dtype)
        made._clock = clock_address()
        made.reset()
        return made

    @property
    def program(self) -> Array:
        """The instructions."""
        return self._program

    def reset(self) -> None:
        """Forget all times."""
        self.seconds = 0.0
        self._times = np.zeros((0, 0), np.int64)

    def run(self, batch: int, slots: int, window: int | None = None, *, alone: bool = False) -> None:
        """See `Executable.run`."""
        if len(self._times) != slots:
            self._times = np.zeros((slots, -(-len(self.program) // _LINE) * _LINE), np.int64)
        started = time.perf_counter()
        super().run(batch, slots, window, alone=alone)
        self.seconds += time.perf_counter() - started

    def of_instructions(self) -> Array:
        """Return the seconds of each instruction since `reset`, as if all threads had always been busy."""
        jit = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]
        workers = min(numba.get_num_threads(), len(self._times)) if jit else 1
        seconds: Array = self._times.sum(axis=0)[: len(self.program)] / (1e9 * max(workers, 1))
        return seconds
