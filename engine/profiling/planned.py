"""The profile of a plan: the time of each instruction, told by the operation that it is part of."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.layout import LANES
from nnkit.plan.memory import Memory
from nnkit.plan.plan import Plan
from nnkit.plan.program import OPERAND_FIELDS
from nnkit.profiling.rows import Phase, Place, Row, forward_flops, gathered
from nnkit.recording import Call

_NAMES = {value: name for name, value in vars(codes).items() if name.isupper() and isinstance(value, int)}
# What instructions are beside the calculation that an operation is named after.
_ALWAYS = {codes.PLACE: "border", codes.COPY: "copy", codes.FILL: "constants"}
_BACKWARD = {
    codes.CORRELATE: "input gradient",
    codes.CORRELATE_WEIGHTS: "weight gradient",
    codes.MULTIPLY: "input gradient",
    codes.MULTIPLY_WEIGHTS: "weight gradient",
    codes.ADD_SUMS: "bias gradient",
    codes.ADD: "sum of gradients",
}
# Instructions that belong to no operation.
_OWN = {
    codes.GATHER: (Phase.FORWARD, "gather"),
    codes.CLEAR: (Phase.BACKWARD, "gradients set to 0"),
}


class PlanWatch:
    """Times the parts of a plan, for as long as its `with` block lasts; that is to hold one step.

    Args:
        plan: what takes the step.
        calls: what was recorded when it was made.
        places: where in the network each of them is.

    Attributes:
        overhead: see `TapeWatch`; here it is in machine code, and next to nothing.
    """

    overhead = 0.0

    def __init__(self, plan: Plan, calls: Sequence[Call], places: Sequence[Place]) -> None:
        # Numba takes half a second to import, so nothing that only looks at tensors waits for it.
        from nnkit.kernels.cpu.stopwatch import TimedExecutable

        self._plan, self._calls, self._places = plan, calls, places
        self._executable = plan.executable
        self._timed = TimedExecutable.like(plan.executable)
        self._known: set[tuple[int, str]] = set()
        rows = [self._row(step) for step in self._timed.program.view(np.recarray)]
        self._rows = gathered(rows)
        numbers = {row.key: number for number, row in enumerate(self._rows)}
        self._row_of = np.array([numbers[row.key] for row in rows])

    def __enter__(self) -> PlanWatch:
        self._timed.reset()
        self._adding = 0.0
        self._plan.executable = self._timed
        self._plan.add_up = self._add_up  # type: ignore[method-assign]
        return self

    def __exit__(self, *exception: object) -> None:
        self._plan.executable = self._executable
        del self._plan.add_up

    def rows(self) -> list[Row]:
        """Return what the step took."""
        seconds = np.bincount(self._row_of, self._timed.of_instructions()).tolist()
        size = 4 * sum(gradient.size for gradient in self._plan.gradients)
        return [
            *(row.taking(taken) for row, taken in zip(self._rows, seconds, strict=True)),
            Row(
                Phase.BACKWARD,
                "sum of partial gradients",
                seconds=self._adding,
                bytes_read=self._plan.slots * size,
                bytes_written=size,
            ),
            Row(Phase.AROUND, "threads: start and wait", seconds=self._timed.seconds - sum(seconds)),
        ]

    def _add_up(self) -> None:
        started = time.perf_counter()
        type(self._plan).add_up(self._plan)
        self._adding = time.perf_counter() - started

    def _row(self, step: Any) -> Row:
        """Return the row of an instruction, without its time."""
        opcode, origin = int(step.opcode), int(step.origin)
        read, written = self._traffic(step)
        if not origin:
            phase, name = _OWN.get(opcode, (Phase.AROUND, _NAMES[opcode].lower()))
            return Row(phase, name, bytes_read=read, bytes_written=written)
        call, place = self._calls[abs(origin) - 1], self._places[abs(origin) - 1]
        part = _ALWAYS.get(opcode, "" if origin > 0 else _BACKWARD.get(opcode, ""))
        # Several instructions can make up one part, such as those of the groups of a convolution.
        is_first = (origin, part) not in self._known
        self._known.add((origin, part))
        return Row(
            Phase.FORWARD if origin > 0 else Phase.BACKWARD,
            call.operation.__name__,
            place,
            part,
            calls=int(is_first),
            flops=self._flops(step, call, is_first=is_first),
            bytes_read=read,
            bytes_written=written,
        )

    def _flops(self, step: Any, call: Call, *, is_first: bool) -> int:
        if step.opcode in (codes.MULTIPLY, codes.MULTIPLY_WEIGHTS):
            # Of those that the plan takes: a gradient that nobody needs is left out, and some have a step in time each.
            return 2 * self._plan.batch * int(step.channels * step.out_channels)
        is_heavy = step.opcode in (codes.CORRELATE, codes.CORRELATE_WEIGHTS)
        return forward_flops(call) if is_first and is_heavy else 0

    def _traffic(self, step: Any) -> tuple[int, int]:
        """Return how many bytes an instruction reads and writes in all blocks of images."""
        read = written = 0
        if step.opcode == codes.CLEAR:
            return 0, 4 * LANES * int(step.length) * self._plan.slots
        for field in OPERAND_FIELDS:
            if not step[field]:
                continue
            size = self._size(step, field)
            if field == "result":
                written += size
                read += size if self._memory(step.result).is_sum else 0
            elif field != "scratch":
                read += size
            elif step.opcode == codes.MAX_POOL:
                written += size
        return read, written

    def _memory(self, number: int) -> Memory:
        return self._plan.program.operands[number][0].final()

    def _size(self, step: Any, field: str) -> int:
        batch, blocks = self._plan.batch, self._plan.program.blocks
        # What was merged into something larger still has its own size.
        own, offset = self._plan.program.operands[step[field]]
        memory = own.final()
        if field == "labels":
            return 8 * batch
        if memory.array is not None and memory.array.dtype == np.uint8:
            return batch * int(step.height * step.width)
        count = own.size - offset
        if not memory.of_images:
            return 4 * count * (self._plan.slots if memory.is_sum else 1)
        # An operand can be the first part of something larger.
        most = max(
            step.channels * max(step.height * step.width, step.length, 1),
            step.out_channels * max(step.out_height * step.out_width, 1),
            step.length,
        )
        return 4 * blocks * min(count, int(most) * LANES or count)
