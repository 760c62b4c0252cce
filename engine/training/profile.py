"""What a training step of a config spends its time on."""

from __future__ import annotations

import contextlib
import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nnkit.data import Batches
from nnkit.kernels import backend_for
from nnkit.kernels.backend import Pixels
from nnkit.optim import Optimizer
from nnkit.profiling import Layers, Phase, Place, PlanWatch, Row, TapeWatch, median_rows
from nnkit.recording import Call, Recording
from nnkit.settings import get_num_threads
from nnkit.tensors import Tensor
from nnkit.training.average import Average
from nnkit.training.build import check_components
from nnkit.training.fit import Training, train_step
from nnkit.training.machine import use_machine
from nnkit.training.run import prepare
from nnkit.training.schema import Config

# Measured in turns, so that the machine's moods hit both: some steps as they are, and as many that are watched.
TURN = 5
# How long steps are taken where it is not said how many, and how many there are at least.
SECONDS = 3.0
LEAST = 10
WARM_UP = 3


@dataclass(frozen=True)
class Profile:
    """What a training step takes.

    Attributes:
        config: what was profiled.
        batch_size: images of each step: those of the config, or all there are.
        threads: how many the step could use.
        peak_gflops: what they reach at most, in multiply-adds on the first-level cache, measured in the same run.
        tape: why the step ran on the tape and not as a plan; it completes "because of".
        rows: the parts of the step, in their order.
        seconds: the time of each step that was not watched.
    """

    config: Config
    batch_size: int
    threads: int
    peak_gflops: float
    tape: str | None
    rows: tuple[Row, ...]
    seconds: tuple[float, ...]


def profile(config: Config, steps: int | None = None) -> Profile:
    """Train for some steps and measure them; nothing is saved.

    Args:
        config: what to train.
        steps: how many steps to measure, and as many again to watch; some seconds of them where it is None.

    Raises:
        ConfigError: the config cannot work.
        DataError: the data set is missing or damaged.
        NonFiniteError: the loss became NaN or infinite.
    """
    from nnkit.kernels.cpu import peak, stopwatch  # Numba takes half a second to import.

    use_machine(config)
    check_components(config)
    training = prepare(config)
    training.network.train()
    if not stopwatch.available():
        training.replay.obstacle = "a system without a clock that machine code can read"
    taking = _Steps(training)
    # Before anything is recorded: it leaves tables for hooks behind, and a plan notices.
    calls, places = _forward_calls(training, *next(taking.batches))
    for _ in range(WARM_UP):
        taking.take()
    plan = training.replay.plan(*next(taking.batches))
    watch = TapeWatch(training.replay) if plan is None else PlanWatch(plan, calls, places)
    peak_before = peak.fma_peak(get_num_threads())
    seconds, watched = _alternate(taking, watch, steps)
    return Profile(
        config,
        taking.batch_size,
        get_num_threads(),
        max(peak_before, peak.fma_peak(get_num_threads())),
        training.replay.obstacle,
        tuple(median_rows(watched)),
        tuple(seconds),
    )


class _Steps:
    """Takes training steps as `fit` does, all of full batches and all at the beginning of the schedule."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self.batch_size = min(training.train.batch_size, len(training.train.image_set))
        self.batches = _full_batches(training.train, self.batch_size)
        # A schedule ends, and so must not go on for longer than a run.
        self._schedule = copy.deepcopy(training.schedule.scheduler.state_dict()) if training.schedule else {}

    def take(self) -> float:
        """Take a step and return its seconds."""
        started = time.perf_counter()
        train_step(self._training, *next(self.batches))
        seconds = time.perf_counter() - started
        self._begin_schedule()
        return seconds

    def watch(self, watch: PlanWatch | TapeWatch) -> list[Row]:
        """Take a step and return all its parts."""
        training, clocks = self._training, _Clocks()
        with contextlib.ExitStack() as stack:
            stack.enter_context(watch)
            for name in ("zero_grad", "step"):
                stack.enter_context(clocks.on(training.optimizer, name))
            if training.schedule and training.schedule.each_step:
                stack.enter_context(clocks.on(training.schedule.scheduler, "step"))
            if training.average:
                stack.enter_context(clocks.on(training.average, "update"))
            started = time.perf_counter()
            batch = next(self.batches)
            picked = time.perf_counter()
            train_step(training, *batch)
            ended = time.perf_counter()
        self._begin_schedule()
        picking = "picking and changing images" if training.train.augmentation else "picking images"
        rows = [
            Row(Phase.AROUND, picking, seconds=picked - started),
            *watch.rows(),
            _optimizer_row(training.optimizer, clocks.seconds[training.optimizer]),
        ]
        if training.schedule and training.schedule.each_step:
            scheduler = training.schedule.scheduler
            rows.append(Row(Phase.AROUND, f"schedule ({type(scheduler).__name__})", seconds=clocks.seconds[scheduler]))
        if training.average:
            rows.append(_average_row(training.average, clocks.seconds[training.average]))
        rest = ended - started - watch.overhead - sum(row.seconds for row in rows)
        return [*rows, Row(Phase.AROUND, "Python between", seconds=rest)]

    def _begin_schedule(self) -> None:
        if self._training.schedule:
            self._training.schedule.scheduler.load_state_dict(copy.deepcopy(self._schedule))


class _Clocks:
    """Adds up what methods of objects take, by object."""

    def __init__(self) -> None:
        self.seconds: dict[Any, float] = {}

    @contextlib.contextmanager
    def on(self, owner: Any, name: str) -> Iterator[None]:
        """Time a method for as long as the `with` block lasts."""
        method = getattr(owner, name)
        self.seconds.setdefault(owner, 0.0)

        def timed(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            result = method(*arguments, **options)
            self.seconds[owner] += time.perf_counter() - started
            return result

        setattr(owner, name, timed)
        try:
            yield
        finally:
            delattr(owner, name)


def _alternate(taking: _Steps, watch: PlanWatch | TapeWatch, steps: int | None) -> tuple[list[float], list[list[Row]]]:
    """Return the seconds of steps as they are, and the rows of as many that were watched."""
    seconds: list[float] = []
    watched: list[list[Row]] = []
    started = time.perf_counter()
    while len(seconds) < (steps or LEAST) or (not steps and time.perf_counter() - started < SECONDS):
        turn = min(TURN, (steps or TURN + len(seconds)) - len(seconds))
        seconds += [taking.take() for _ in range(turn)]
        watched += [taking.watch(watch) for _ in range(turn)]
    return seconds, watched


def _full_batches(batches: Batches, size: int) -> Iterator[tuple[Pixels, Tensor]]:
    """Yield the batches of all epochs without end, but for those at the end of an epoch that have fewer images."""
    epoch = 0
    while True:
        for images, labels in batches.pixels(epoch):
            if len(labels) == size:
                yield images, labels
        epoch += 1


def _forward_calls(training: Training, images: Pixels, labels: Tensor) -> tuple[list[Call], list[Place]]:
    """Return the operations of a forward pass, and where in the network they are."""
    with Recording() as recording, Layers(training.network, recording) as layers:
        logits = training.network(Tensor.detached(backend_for("cpu").gather(*images)))
        training.criterion(logits, labels)
    return recording.calls, layers.places()


def _optimizer_row(optimizer: Optimizer, seconds: float) -> Row:
    parameters = [each for group in optimizer.param_groups for each in group["params"] if each.grad is not None]
    states = [each for parameter in parameters for each in optimizer.state.get(parameter, {}).values()]
    kept = sum(each.array.nbytes for each in (*parameters, *states) if isinstance(each, Tensor))
    return Row(
        Phase.AROUND,
        f"optimizer ({type(optimizer).__name__})",
        seconds=seconds,
        bytes_read=kept + sum(parameter.grad.array.nbytes for parameter in parameters),
        bytes_written=kept,
    )


def _average_row(average: Average, seconds: float) -> Row:
    size = sum(parameter.array.nbytes for parameter in average.averaged().parameters())
    return Row(
        Phase.AROUND, "moving average of the parameters", seconds=seconds, bytes_read=2 * size, bytes_written=size
    )
