"""The training loop, as a stream of events that others show, record or stop."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnkit.data import Batches
from nnkit.errors import NonFiniteError
from nnkit.kernels.backend import Pixels
from nnkit.kernels.layout import Array
from nnkit.models import Network
from nnkit.nn.modes import remembered_buffers
from nnkit.nn.utils import clip_grad_norm_
from nnkit.optim import Optimizer
from nnkit.plan import Replay
from nnkit.streams import default_stream
from nnkit.tensors import Tensor
from nnkit.training.anomaly import find_anomaly
from nnkit.training.average import Average
from nnkit.training.build import Criterion
from nnkit.training.evaluate import Evaluation, evaluation
from nnkit.training.position import Position, check_alike
from nnkit.training.schedule import Schedule
from nnkit.training.user_code import answerable

_ADVICE = "a smaller learning rate or training.clip_grad_norm may help"


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
    """One epoch, and what it came to. `improved` says that it is better than all before it.

    `skipped` counts the steps of the whole run so far that were left out.
    """

    epoch: int
    step: int
    lr: float
    train_loss: float
    train_accuracy: float
    train_seconds: float
    images_per_second: float
    skipped: int
    test: Evaluation
    validation: Evaluation | None
    improved: bool


@dataclass(frozen=True)
class Evaluated:
    """The network has seen so many of the images that it is tested on."""

    images: int
    of: int


@dataclass(frozen=True)
class OnTape:
    """Steps run on the tape and not as a plan, which is slower; `reason` completes "because of"."""

    reason: str


Event = StepDone | Evaluated | EpochDone | OnTape


@dataclass
class Progress:
    """What the steps of the present epoch came to so far: sums over its images, but for steps that were skipped."""

    batches: int = 0
    images: int = 0
    loss: float = 0.0
    right: int = 0
    lr: float = 0.0
    seconds: float = 0.0


@dataclass
class Best:
    """The best epoch so far, and what makes one better: a higher accuracy, or a lower loss."""

    metric: str = "accuracy"
    epoch: int = 0
    accuracy: float = -1.0
    loss: float | None = None

    def improves(self, epoch: int, result: Evaluation) -> bool:
        """Take an epoch as the best if it is better than all before it, and return whether it is."""
        if self.metric == "accuracy":
            better = result.accuracy > self.accuracy
        else:
            better = self.loss is None or result.loss < self.loss
        if better:
            self.epoch, self.accuracy, self.loss = epoch, result.accuracy, result.loss
        return better


@dataclass
class Training:
    """All that a run changes, and how far it is: `epoch` and `step` count what is done, `progress` the epoch after it.

    `plans` says whether steps may be replayed without Python; without it all of them run on the tape. After `patience`
    epochs that were not better than the best one training ends; never where it is None. A step whose loss or gradients
    are not finite ends the run; with `skips_nonfinite` it moves neither parameters nor schedule, and `skipped` counts
    it. With `finds_anomaly` the error says in which operation the first number came up that is not finite. With
    `average`, it is the average of the parameters that is evaluated.
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
    patience: int | None = None
    plans: bool = True
    skips_nonfinite: bool = False
    finds_anomaly: bool = False
    average: Average | None = None
    epoch: int = 0
    step: int = 0
    skipped: int = 0
    best: Best = field(default_factory=Best)
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        self.replay = self.evaluator = Replay(self.network, self.criterion, enabled=self.plans)
        if self.average is not None:
            self.evaluator = Replay(self.average.averaged(), self.criterion, enabled=self.plans)
        self._told = self._obstacle()

    @property
    def is_complete(self) -> bool:
        """Whether all epochs are done, or as many as made sense."""
        waited = self.patience is not None and self.epoch - self.best.epoch >= self.patience
        return self.epoch >= self.epochs or waited

    @property
    def outcome(self) -> Network:
        """What is evaluated and kept: the network, or that with the average of its parameters."""
        return self.network if self.average is None else self.average.averaged()

    def _obstacle(self) -> str | None:
        in_evaluation = self.evaluator.evaluation_obstacle
        if self.replay.obstacle is None and in_evaluation is not None:
            return f"{in_evaluation} in evaluation"
        return self.replay.obstacle

    def news(self) -> Iterator[OnTape]:
        """Tell why steps run on the tape, once."""
        before, self._told = self._told, self._obstacle()
        if self._told is not None and self._told != before:
            yield OnTape(self._told)

    def state(self) -> dict[str, Any]:
        """Return what `load_state` needs, beside the parameters of `outcome`, to go on to the same bits.

        The order of the images is a function of the seed and the epoch, so it takes no more than the number of batches.
        """
        return {
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.schedule.state() if self.schedule else None,
            "generator": Tensor.detached(default_stream.get_state()),
            "epoch": self.epoch,
            "step": self.step,
            "best": dataclasses.asdict(self.best),
            "progress": dataclasses.asdict(self.progress),
            "steps_per_epoch": len(self.train),
            "skipped": self.skipped,
            # What kept steps off plans may have shown at the first steps only.
            "obstacles": (self.replay.obstacle, self.evaluator.evaluation_obstacle),
            "averaged": self.average.updates if self.average else 0,
            "trained": dict(self.network.state_dict()) if self.average else None,
        }

    def load_state(self, state: dict[str, Any], *, keep_settings: bool = False) -> None:
        """Go back to where `state` was taken; `outcome` has its parameters already.

        Learning rates and the like come from the state; with `keep_settings` they are those of this optimizer and of
        its schedule at that place. So they are also where the schedule has become longer with the run.

        Raises:
            ValueError: the state is not one of such a training.
        """
        position = Position.of(state)
        keep_settings = keep_settings or (self.schedule is not None and self.schedule.is_stretched(state["scheduler"]))
        if self.schedule and keep_settings:
            self.schedule.catch_up(position.step - position.skipped if self.schedule.each_step else position.epoch)
        settings = [_settings_of(group) for group in self.optimizer.param_groups]
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule and not keep_settings:
            self.schedule.load_state(state["scheduler"])
        for group, values in zip(self.optimizer.param_groups, settings, strict=True):
            if keep_settings:
                parameters = group["params"]
                group.clear()
                group.update(values, params=parameters)
            else:
                check_alike("the optimizer", _settings_of(group), values)
        default_stream.set_state(state["generator"].numpy())
        self.epoch, self.step, self.skipped = position.epoch, position.step, position.skipped
        # Steps that were taken before the schedule moves: it warns where there are none.
        self.optimizer._stepped = self.step > self.skipped
        self.best = Best(**{**position.best.model_dump(), "metric": self.best.metric})
        self.progress = Progress(**position.progress.model_dump())
        if position.steps_per_epoch not in (None, len(self.train)):
            # Of batches of another size nobody can say which are done.
            self.progress = Progress()
        if self.progress.batches > len(self.train):
            raise ValueError(f"{self.progress.batches} batches of {len(self.train)} are done")
        if self.plans:
            self.replay.obstacle, self.evaluator.evaluation_obstacle = position.obstacles
        self._load_trained(state.get("trained"), position.averaged)

    def _load_trained(self, trained: Any, averaged: int) -> None:
        """Take over the parameters that an average is made of; where there are none, an average begins with them."""
        if trained is not None or self.average is not None:
            self.network.load_state_dict(self.outcome.state_dict() if trained is None else trained)
        if self.average is not None and trained is not None:
            self.average.updates = averaged


def _settings_of(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "params"}


def fit(training: Training) -> Iterator[Event]:
    """Train until all epochs are done; stop taking events to stop earlier.

    At each event `Training.state` is one from which the run goes on to the same bits.

    Raises:
        NonFiniteError: the loss or a gradient of a step is NaN or infinite, and the step was not taken; or the test
            loss after an epoch is, or no step of an epoch could be taken.
    """
    while not training.is_complete:
        yield from _train_epoch(training)
        test = yield from _evaluate(training, training.test, "test")
        validation = None
        if training.validation is not None:
            validation = yield from _evaluate(training, training.validation, "validation")
        yield from training.news()
        yield _end_epoch(training, test, validation)


def _train_epoch(training: Training) -> Iterator[Event]:
    """Take the steps of an epoch that are not done yet."""
    progress = training.progress
    before, started = progress.seconds, time.perf_counter()
    training.network.train()
    for images, labels in training.train.pixels(training.epoch, progress.batches):
        progress.lr = training.optimizer.param_groups[0]["lr"]
        result = train_step(training, images, labels)
        progress.batches += 1
        if result is not None:
            loss, logits = result
            progress.images += len(labels)
            progress.loss += loss * len(labels)
            progress.right += int(np.count_nonzero(logits.argmax(axis=1) == labels.array))
        progress.seconds = before + time.perf_counter() - started
        yield from training.news()
        yield StepDone(
            epoch=training.epoch + 1,
            step=progress.batches,
            steps=len(training.train),
            # An epoch can begin with steps that are skipped.
            loss=progress.loss / max(progress.images, 1),
            accuracy=progress.right / max(progress.images, 1),
            images_per_second=progress.images / progress.seconds,
        )


def _evaluate(training: Training, batches: Batches, name: str) -> Generator[Event, None, Evaluation]:
    """Run the network over a set, and give others the time to stop in between.

    Raises:
        NonFiniteError: the loss is NaN or infinite.
    """
    # The steps since then may have changed buffers, which an average takes over when asked for.
    training.evaluator.network = training.outcome
    parts = evaluation(training.evaluator, batches)
    while True:
        try:
            yield Evaluated(next(parts), len(batches.image_set))
        except StopIteration as end:
            result: Evaluation = end.value
            break
    if not math.isfinite(result.loss):
        raise NonFiniteError(
            f"the {name} loss is {result.loss} after step {training.step} (epoch {training.epoch + 1}); {_ADVICE}"
        )
    return result


def _end_epoch(training: Training, test: Evaluation, validation: Evaluation | None) -> EpochDone:
    """Count an epoch, and return what it came to."""
    progress, training.progress = training.progress, Progress()
    if not progress.images:
        raise NonFiniteError(f"no step of epoch {training.epoch + 1} had a loss and gradients that are finite")
    decisive = validation or test
    if training.schedule:
        training.schedule.after_epoch(decisive.loss, decisive.accuracy)
    training.epoch += 1
    return EpochDone(
        epoch=training.epoch,
        step=training.step,
        lr=progress.lr,
        train_loss=progress.loss / progress.images,
        train_accuracy=progress.right / progress.images,
        train_seconds=progress.seconds,
        images_per_second=progress.images / progress.seconds,
        skipped=training.skipped,
        test=test,
        validation=validation,
        improved=training.best.improves(training.epoch, decisive),
    )


# What overflows is found below, and told once.
@np.errstate(over="ignore", invalid="ignore")
def train_step(training: Training, images: Tensor | Pixels, labels: Tensor) -> tuple[float, Array] | None:
    """Improve the parameters by one batch; return its loss and logits from before, or None if it was skipped.

    Raises:
        NonFiniteError: the loss or a gradient is NaN or infinite, and such steps are not to be skipped.
    """
    training.optimizer.zero_grad()
    drawn = default_stream.get_state() if training.finds_anomaly else None
    bring_back_buffers = remembered_buffers(training.network)
    with answerable():
        loss, logits = training.replay.differentiate(images, labels)
    finite = math.isfinite(loss) and training.replay.gradients_are_finite
    if finite and training.clip_grad_norm is not None:
        # Squares of finite numbers may be infinite, and to clip by that would leave zeros.
        finite = bool(clip_grad_norm_(training.network.parameters(), training.clip_grad_norm).isfinite())
    if finite:
        training.optimizer.step()
        if training.average:
            training.average.update()
        if training.schedule:
            training.schedule.after_step()
        training.step += 1
        return loss, logits
    error = None if training.skips_nonfinite else _nonfinite(training, loss, images, labels, drawn)
    bring_back_buffers()
    if error is not None:
        raise error
    training.skipped += 1
    training.step += 1
    return None


def _nonfinite(
    training: Training, loss: float, images: Tensor | Pixels, labels: Tensor, drawn: Array | None
) -> NonFiniteError:
    """Return the error of a step, with the operation if random numbers can be drawn once more from where they were."""
    what = f"the loss is {loss}" if not math.isfinite(loss) else _first_nonfinite_gradient(training.network)
    where = f"{what} at step {training.step + 1} (epoch {training.epoch + 1})"
    if drawn is None:
        return NonFiniteError(f"{where}; {_ADVICE}, and --detect-anomaly names the operation")
    default_stream.set_state(drawn)
    origin = find_anomaly(training.network, training.criterion, images, labels)
    return NonFiniteError(f"{where}: {origin}; {_ADVICE}")


def _first_nonfinite_gradient(network: Network) -> str:
    for name, parameter in network.named_parameters():
        if parameter.grad is not None and not np.isfinite(parameter.grad.array).all():
            return f"the gradient of {name} is not finite"
    return "the norm of all gradients is not finite"
