"""Updates as their kernel takes them: tables of addresses and numbers."""

from __future__ import annotations

import itertools
import operator
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.kernels.memory import address
from nnkit.kernels.updates import Rule, Update


class CpuUpdates:
    """See `nnkit.kernels.updates.Updates`; all that can run at once is one call."""

    def __init__(self, updates: Sequence[Update]) -> None:
        numbers: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        independent = _independent(updates)
        for number, update in enumerate(updates):
            # Those that share memory are each a table of their own, and tables run in their order.
            numbers[update.kind, update.values.dtype, None if independent else number].append(number)
        self._tables = [_Table(each, [updates[number] for number in each]) for each in numbers.values()]

    def run(self, rules: Sequence[Rule], gradients: Sequence[Array]) -> None:
        """See `Updates.run`."""
        if len(self._tables) == 1:
            self._tables[0].run(rules, gradients)
            return
        for table in self._tables:
            table.run([rules[number] for number in table.numbers], [gradients[number] for number in table.numbers])


class _Table:
    """Updates by one kind of rule on arrays of one type.

    Args:
        numbers: which ones they are of all updates.
        updates: they themselves.
    """

    def __init__(self, numbers: list[int], updates: Sequence[Update]) -> None:
        # Numba takes half a second to import, so nothing that only looks at optimizers waits for it.
        from nnkit.kernels.cpu.updates import ARRAYS, chunks_of, runner

        kind, dtype = updates[0].kind, updates[0].values.dtype
        if dtype not in (np.float32, np.float64):
            raise ValueError(f"an update of {dtype}: expected float32 or float64")
        self.numbers = numbers
        self._dtype = dtype
        self._shapes = [update.values.shape for update in updates]
        self._rules: Sequence[Rule] = []
        self._rule_table = np.zeros((len(updates), len(kind._fields)), dtype)
        self._addresses = np.zeros((len(updates), ARRAYS), np.int64)
        self._gradients: list[Array] = []
        # Addresses do not keep arrays alive.
        self._memory: dict[tuple[int, int], Array] = {}
        # What is written to, where it has gaps, and what stands for it.
        self._copies: list[tuple[Array, Array]] = []
        for row, update in enumerate(updates):
            for column, array in ((0, update.values), *enumerate(update.state, start=2)):
                if array is not None:
                    self._place_written(row, column, array)
        self._run = runner(kind, chunks_of(self._shapes), self._addresses, self._rule_table)

    def run(self, rules: Sequence[Rule], gradients: Sequence[Array]) -> None:
        """See `Updates.run`."""
        # Most often there is one rule for all, and it is the one of the call before.
        distinct = rules[:1] if rules.count(rules[0]) == len(rules) else rules
        if distinct != self._rules:
            self._rule_table[:] = distinct
            self._rules = distinct
        if len(self._gradients) != len(gradients) or not all(map(operator.is_, gradients, self._gradients)):
            self._place_gradients(gradients)
        for array, copy in self._copies:
            copy[...] = array
        self._run()
        for array, copy in self._copies:
            array[...] = copy

    def _place_written(self, row: int, column: int, array: Array) -> None:
        if not array.flags.writeable:
            raise ValueError("an update of a read-only array: expected one that can be written to")
        memory = self._place(row, column, array)
        if memory is not array:
            self._copies.append((array, memory))

    def _place_gradients(self, gradients: Sequence[Array]) -> None:
        self._gradients = []
        # Of a gradient with gaps only the copy is known, which is of this call.
        known = [self._memory.get((row, 1)) for row in range(len(gradients))]
        for row, gradient in enumerate(gradients):
            if gradient is not known[row]:
                self._place(row, 1, gradient)
        self._gradients = [self._memory[row, 1] for row in range(len(gradients))]

    def _place(self, row: int, column: int, array: Array) -> Array:
        """Set one of the arrays of an update; return its memory, which is a copy where the array has gaps."""
        if array.shape != self._shapes[row] or array.dtype != self._dtype:
            raise ValueError(
                f"an update of {self._dtype} of shape {self._shapes[row]}: "
                f"expected all its arrays to be so, got {array.dtype} of {array.shape}"
            )
        memory = array if array.flags.c_contiguous and array.flags.aligned else np.array(array, order="C")
        self._addresses[row, column] = address(memory)
        self._memory[row, column] = memory
        return memory


def _independent(updates: Iterable[Update]) -> bool:
    """Return whether all memory that is written to is written to once."""
    written = (array for update in updates for array in (update.values, *update.state) if array is not None)
    spans = sorted(_span(array) for array in written if array.size)
    return all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


def _span(array: Array) -> tuple[int, int]:
    """Return the addresses of the first byte of an array and of the one behind its last."""
    start = address(array)
    reaches = [(size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True)]
    first, last = (sum(pick(reach, 0) for reach in reaches) for pick in (min, max))
    return start + first, start + last + array.itemsize
