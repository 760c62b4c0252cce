"""One side of the benchmark in a process of its own: reads requests as lines of JSON and answers each in a line.

    python benchmarks/worker.py nnkit|pytorch

It blocks while it has nothing to do, and answers only when its threads have gone to sleep, so that it leaves the
machine to the other side.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from typing import Any, TextIO

from cases import Case

FIRST_STEPS = 3
CALIBRATION_SECONDS = 0.1
LOOKS_AT_CLOCK = 8
# A pool that has finished spins before it sleeps; looked at for so long, so many times.
LOOK_SECONDS, LOOKS = 0.005, 200
BUSY = 0.1


class Worker:
    def __init__(self, side: Any) -> None:
        self._side = side
        self._prepared: dict[str, tuple[Case, Any, float]] = {}

    def describe(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._side.description()
        return answer

    def prepare(self, name: str, case: dict[str, Any]) -> dict[str, float]:
        """Make a case ready; return what its first steps gave."""
        made = Case(**case)
        self._side.use_threads(made.threads)
        runner = self._side.prepare(made)
        runner.run(FIRST_STEPS)
        outcome = runner.outcome()
        steps = 1
        while (seconds := runner.run(steps)) < CALIBRATION_SECONDS:
            steps *= 2
        self._prepared[name] = made, runner, seconds / steps
        return {"outcome": outcome}

    def run(self, name: str, seconds: float) -> dict[str, float]:
        """Take steps of a case for so long; return how much was done in a second."""
        case, runner, step_seconds = self._prepared[name]
        self._side.use_threads(case.threads)
        # The clock is looked at now and then; on a busy machine steps take longer than they did before.
        some = max(1, round(seconds / step_seconds / LOOKS_AT_CLOCK))
        # The other side has emptied the caches; a step that is long does not notice.
        if some > 1:
            runner.run(1)
        steps, taken = 0, 0.0
        while taken < seconds:
            taken += runner.run(some)
            steps += some
        return {"rate": steps * runner.amount / taken}

    def forget(self) -> dict[str, float]:
        self._prepared.clear()
        return {}


def wait_for_threads() -> None:
    """Return when this process uses no CPU any more."""
    for _ in range(LOOKS):
        started = time.process_time()
        time.sleep(LOOK_SECONDS)
        if time.process_time() - started < BUSY * LOOK_SECONDS:
            return


def serve(worker: Worker, requests: TextIO, answers: TextIO) -> None:
    """Answer requests until there are no more; each answer says what this process did since the one before."""
    used, since = time.process_time(), time.perf_counter()
    for line in requests:
        waited = {"waited": time.perf_counter() - since, "used_waiting": time.process_time() - used}
        request = json.loads(line)
        answer = getattr(worker, request.pop("do"))(**request)
        wait_for_threads()
        used, since = time.process_time(), time.perf_counter()
        answers.write(json.dumps(answer | waited) + "\n")
        answers.flush()


def main() -> None:
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(Worker(importlib.import_module(f"{sys.argv[1]}_side")), sys.stdin, answers)


if __name__ == "__main__":
    main()
