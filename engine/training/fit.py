"""The training loop, as a stream of events that others show, record or stop."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnkit.data import Batches
from nnkit.errors import NonFiniteError
from nnkit.kernels.backend import Pixels
from nnkit.kernels.layout import Array
from nnkit.models import Network
from nnkit.optim import Optimizer
from nnkit.plan import Replay
from nnkit.random import default_generator
from nnkit.tensors import Tensor
from nnkit.training.build import Criterion, Schedule
from nnkit.training.evaluate import Evaluation, evaluate
from nnkit.training.gradients import clip_gradients


@dataclass(frozen=True)
class StepDone:
    """One step of an epoch; loss and accuracy are means over the epoch so far, `step` counts from its start."""

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float
    images_per_second: float


@dataclass(frozen=True)
class EpochDone:
    """One epoch, and what it came to. `improved` says that no epoch before it was as accurate."""

    epoch: int
    step: int
    lr: float
    train_loss: float
    train_accuracy: float
    train_seconds: float
    images_per_second: float
    test: Evaluation
    validation: Evaluation | None
    improved: bool


@dataclass(frozen=True)
class OnTape:
    """Steps run on the tape and not as a plan, which is slower; `reason` completes "because of"."""

    reason: str


Event = StepDone | EpochDone | OnTape


@dataclass
class Training:
    """All that a run changes, and how far it is: `epoch` and `step` count what is done.

    `plans` says whether steps may be replayed without Python; without it all of them run on the tape.
    """

    network: Network
    criterion: Criterion
    optimizer: Optimizer
    schedule: Schedule | None
    train: Batches
    test: Batches
    validation: Batches | None
    epochs: int
    clip_grad_norm: float | None = None
    epoch: int = 0
    step: int = 0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    plans: bool = True

    def __post_init__(self) -> None:
        self.replay = Replay(self.network, self.criterion, enabled=self.plans)
        self._told = self._obstacle()

    def _obstacle(self) -> str | None:
        replay = self.replay
        if replay.obstacle is None and replay.evaluation_obstacle is not None:
            return f"{replay.evaluation_obstacle} in evaluation"
        return replay.obstacle

    def news(self) -> Iterator[OnTape]:
        """Tell why steps run on the tape, once."""
        before, self._told = self._told, self._obstacle()
        if self._told is not None and self._told != before:
            yield OnTape(self._told)

    def state(self) -> dict[str, Any]:
        """Return what `load_state` needs, beside the network's parameters, to go on to the same bits."""
        return {
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.schedule.scheduler.state_dict() if self.schedule else None,
            "generator": Tensor(default_generator.get_state()),
            "best_epoch": self.best_epoch,
            "best_accuracy": self.best_accuracy,
        }

    def load_state(self, state: dict[str, Any], epoch: int, step: int) -> None:
        """Go back to where `state` was taken."""
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule:
            self.schedule.scheduler.load_state_dict(state["scheduler"])
        default_generator.set_state(state["generator"].numpy())
        self.best_epoch, self.best_accuracy = state["best_epoch"], state["best_accuracy"]
        self.epoch, self.step = epoch, step


@dataclass
class _Progress:
    """Sums over the epoch so far."""

    images: int = 0
    loss: float = 0.0
    right: int = 0
    lr: float = 0.0
    seconds: float = 0.0


def fit(training: Training) -> Iterator[Event]:
    """Train until all epochs are done; stop taking events to stop earlier.

    Raises:
        NonFiniteError: the loss or the norm of the gradients of a step is NaN or infinite, and the step was not
            taken; or the test loss after an epoch is.
    """
    while training.epoch < training.epochs:
        progress = yield from _train_epoch(training)
        test = evaluate(training.replay, training.test)
        _check_finite("test loss", test.loss, "after", training.step, training.epoch + 1)
        validation = None
        if training.validation is not None:
            validation = evaluate(training.replay, training.validation)
        yield from training.news()
        training.epoch += 1
        accuracy = (validation or test).accuracy
        improved = accuracy > training.best_accuracy
        if improved:
            training.best_epoch, training.best_accuracy = training.epoch, accuracy
        yield EpochDone(
            epoch=training.epoch,
            step=training.step,
            lr=progress.lr,
            train_loss=progress.loss / progress.images,
            train_accuracy=progress.right / progress.images,
            train_seconds=progress.seconds,
            images_per_second=progress.images / progress.seconds,
            test=test,
            validation=validation,
            improved=improved,
        )


def _train_epoch(training: Training) -> Generator[Event, None, _Progress]:
    progress = _Progress()
    started = time.perf_counter()
    training.network.train()
    for number, (images, labels) in enumerate(training.train.pixels(training.epoch), start=1):
        progress.lr = training.optimizer.param_groups[0]["lr"]
        loss, logits = train_step(training, images, labels)
        yield from training.news()
        progress.images += len(labels)
        progress.loss += loss * len(labels)
        progress.right += np.count_nonzero(logits.argmax(axis=1) == labels.array)
        progress.seconds = time.perf_counter() - started
        yield StepDone(
            epoch=training.epoch + 1,
            step=number,
            steps=len(training.train),
            loss=progress.loss / progress.images,
            accuracy=progress.right / progress.images,
            images_per_second=progress.images / progress.seconds,
        )
    if training.schedule and not training.schedule.each_step:
        training.schedule.scheduler.step()
    return progress


# What overflows is found below, and told once.
@np.errstate(over="ignore", invalid="ignore")
def train_step(training: Training, images: Tensor | Pixels, labels: Tensor) -> tuple[float, Array]:
    """Improve the parameters by one batch; return its loss and logits from before."""
    training.optimizer.zero_grad()
    loss, logits = training.replay.differentiate(images, labels)
    _check_finite("loss", loss, "at", training.step + 1, training.epoch + 1)
    if training.clip_grad_norm is not None:
        norm = clip_gradients(training.network.parameters(), training.clip_grad_norm)
        _check_finite("gradient norm", norm, "at", training.step + 1, training.epoch + 1)
    training.optimizer.step()
    training.step += 1
    if training.schedule and training.schedule.each_step:
        training.schedule.scheduler.step()
    return loss, logits


def _check_finite(name: str, value: float, when: str, step: int, epoch: int) -> None:
    if not math.isfinite(value):
        raise NonFiniteError(
            f"the {name} is {value} {when} step {step} (epoch {epoch}); "
            "a smaller learning rate or training.clip_grad_norm may help"
        )
