"""Two worker processes that take turns, and what their rounds come to."""

from __future__ import annotations

import dataclasses
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from cases import Contest

HERE = Path(__file__).parent
TESTS = HERE.parent / "tests"
# Of a loss or an accuracy after the first steps; the sides add up in another order.
TOLERANCE = 2e-3
# The ways in which PyTorch's idle threads can wait for the next parallel loop; it gets what suits each network best.
WAITING: tuple[dict[str, str], ...] = ({}, {"GOMP_SPINCOUNT": "5000"}, {"OMP_WAIT_POLICY": "passive"})

Spread = dict[str, float]


class Worker:
    """A process of one side, which works only when it is asked to.

    Attributes:
        waited: seconds that it had nothing to do.
        used_waiting: CPU seconds that it used all the same.
    """

    def __init__(self, side: str, environment: Mapping[str, str] | None = None) -> None:
        self.side = side
        self.waited = self.used_waiting = 0.0
        path = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), side],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, **(environment or {})},
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer to a request, which the process works on while this one sleeps."""
        stdin, stdout = self._process.stdin, self._process.stdout
        stdin.write(json.dumps({"do": do, **arguments}) + "\n")  # type: ignore[union-attr]
        stdin.flush()  # type: ignore[union-attr]
        line = stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise RuntimeError(f"the process of {self.side} ended during {do} {arguments}")
        answer: dict[str, Any] = json.loads(line)
        self.waited += answer.pop("waited")
        self.used_waiting += answer.pop("used_waiting")
        return answer


def run(workers: Mapping[str, Worker], contest: Contest, rounds: int, turn: float) -> dict[str, list[float]]:
    """Return how much each entrant got done in a second, in each round.

    Args:
        workers: by the names that the contest uses.
        contest: the entrants, which take a turn each in every round.
        rounds: how many.
        turn: seconds that a turn takes, and the rest of the step that it ends in.

    Raises:
        RuntimeError: the sides do not compute the same.
    """
    outcomes = {
        name: workers[side].ask("prepare", name=name, case=dataclasses.asdict(case))["outcome"]
        for name, (side, case) in contest.items()
    }
    check_same_work(contest, outcomes)
    rates: dict[str, list[float]] = {name: [] for name in contest}
    order = list(contest)
    for _ in range(rounds):
        for name in order:
            rates[name].append(workers[contest[name][0]].ask("run", name=name, seconds=turn)["rate"])
        # Nobody always goes first.
        order = [*order[1:], order[0]]
    for side in {side for side, _ in contest.values()}:
        workers[side].ask("forget")
    return rates


def check_same_work(contest: Contest, outcomes: Mapping[str, float]) -> None:
    """Raise RuntimeError unless entrants with the same work got the same from their first steps."""
    first: dict[tuple[object, ...], float] = {}
    for name, (_, case) in contest.items():
        expected = first.setdefault((case.work, case.network, case.batch_size, case.augment), outcomes[name])
        if abs(outcomes[name] - expected) > TOLERANCE * max(1.0, abs(expected)):
            raise RuntimeError(f"{name} got {outcomes[name]} from its first steps of {case}, and not {expected}")


def spread(values: Sequence[float], digits: int = 4) -> Spread:
    """Return the median of the rounds and their quartiles."""
    low, median, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return {name: float(f"{value:.{digits}g}") for name, value in (("median", median), ("low", low), ("high", high))}


def compared(first: Sequence[float], second: Sequence[float], how: Callable[[float, float], float]) -> Spread:
    """Return what two entrants come to in the same round, over all rounds."""
    return spread([how(*pair) for pair in zip(first, second, strict=True)])


def ratio(first: Sequence[float], second: Sequence[float]) -> Spread:
    """Return how many times the first is as fast as the second."""
    return compared(first, second, lambda a, b: a / b)
