"""The rows of a profile, and what an operation has to calculate."""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from nnkit import ops
from nnkit.recording import Call


class Phase(Enum):
    """What a part of a step belongs to: the calculation, its differentiation, or what is around both."""

    FORWARD = "forward"
    BACKWARD = "backward"
    AROUND = "around"


class Place(NamedTuple):
    """Where an operation is: in a layer, or outside of layers behind one; either is empty where there is none."""

    layer: str = ""
    after: str = ""


@dataclass(frozen=True)
class Row:
    """A part of a step, as often as it occurs in one.

    Attributes:
        phase: what it belongs to.
        operation: the operation's class, or what is done around operations.
        place: the layer; operations of one kind that are behind the same layer share a row.
        part: which part of the operation it is; empty if it is all of it.
        calls: how often a step has it.
        seconds: the time that it takes.
        flops: 2 for each multiply-add of a convolution or matrix product; nothing else is counted.
        bytes_read: the memory that it reads, each operand once.
        bytes_written: the memory that it writes, each operand once.
    """

    phase: Phase
    operation: str
    place: Place = Place()  # noqa: RUF009 (it cannot change)
    part: str = ""
    calls: int = 1
    seconds: float = 0.0
    flops: int = 0
    bytes_read: int = 0
    bytes_written: int = 0

    @property
    def name(self) -> str:
        """What it is, in words."""
        layer, after = self.place
        name = f"{layer} ({self.operation})" if layer else self.operation
        if after and not layer:
            name += f" after {after}"
        return f"{name}, {self.part}" if self.part else name

    @property
    def key(self) -> tuple[Phase, str]:
        """What rows that are one row share."""
        return self.phase, self.name

    def taking(self, seconds: float) -> Row:
        """Return the same row with another time."""
        return dataclasses.replace(self, seconds=seconds)

    def plus(self, other: Row) -> Row:
        """Return both as one row, which is called like this one."""
        return dataclasses.replace(
            self,
            calls=self.calls + other.calls,
            seconds=self.seconds + other.seconds,
            flops=self.flops + other.flops,
            bytes_read=self.bytes_read + other.bytes_read,
            bytes_written=self.bytes_written + other.bytes_written,
        )


def gathered(rows: Iterable[Row]) -> list[Row]:
    """Return rows of which those that are called the same are one, in the order in which they first occur."""
    found: dict[tuple[Phase, str], Row] = {}
    for row in rows:
        found[row.key] = found[row.key].plus(row) if row.key in found else row
    return list(found.values())


def median_rows(steps: Sequence[Sequence[Row]]) -> list[Row]:
    """Return the rows of a typical step: all that occur in any of the steps, each with its median time."""
    times: dict[tuple[Phase, str], list[float]] = {}
    rows: dict[tuple[Phase, str], Row] = {}
    for row in itertools.chain.from_iterable(steps):
        rows.setdefault(row.key, row)
        times.setdefault(row.key, []).append(row.seconds)
    return [row.taking(statistics.median(times[key])) for key, row in rows.items()]


# Of operations that multiply and add: which of their inputs are the factors.
FACTORS: dict[type[ops.Operation], tuple[int, int]] = {
    ops.Convolution: (0, 1),
    ops.TransposedConvolution: (0, 1),
    ops.Addmm: (1, 2),
    ops.Mm: (0, 1),
    ops.Bmm: (0, 1),
    ops.Mv: (0, 1),
    ops.Dot: (0, 1),
    ops.LstmLayer: (0, 1),
}


def forward_flops(call: Call) -> int:
    """Return 2 for each multiply-add of an operation's result, the bias not counted.

    The gradient of each factor takes as many. Those with the zeros of a padding count as well.
    """
    if call.operation not in FACTORS:
        return 0
    first, second = (call.inputs[number] for number in FACTORS[call.operation])
    if call.operation is ops.LstmLayer:
        # Each step multiplies the input by one matrix and the hidden state by another.
        steps, batch, _ = first.shape
        return 2 * steps * batch * sum(int(weight.numel()) for weight in call.inputs[1:3])
    # Each element of the result is a sum of products; each input of a transposed convolution is a factor of several.
    counted = first if call.operation is ops.TransposedConvolution else call.results[0]
    has_kernels = call.operation in (ops.Convolution, ops.TransposedConvolution)
    per_element = second.numel() // len(second) if has_kernels else first.shape[-1]
    return 2 * int(counted.numel()) * int(per_element)


def differentiated_factors(call: Call) -> int:
    """Return how many factors of an operation need a gradient."""
    return sum(call.needs_input_grad[number] for number in FACTORS.get(call.operation, ()))
