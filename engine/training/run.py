"""A training run: from a config to a folder of results."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnkit import data
from nnkit.files import make_folder
from nnkit.models import Network
from nnkit.nn.tree import parameter_count
from nnkit.training import checkpoint as checkpoints
from nnkit.training import tensorboard
from nnkit.training.background import Background
from nnkit.training.build import (
    build_average,
    build_criterion,
    build_network,
    build_optimizer,
    build_schedule,
    check_components,
    check_training,
)
from nnkit.training.evaluate import evaluation_batches
from nnkit.training.fit import Best, EpochDone, Evaluated, OnTape, StepDone, Training, fit
from nnkit.training.load import network_of
from nnkit.training.lock import FolderLock
from nnkit.training.machine import use_machine
from nnkit.training.origin import origin
from nnkit.training.paths import LAST
from nnkit.training.resume import AUTO, check_same_run, go_on, newest
from nnkit.training.run_folder import RunFolder
from nnkit.training.schema import Config
from nnkit.training.user_code import noted


@dataclass(frozen=True)
class RunStarted:
    """What is going to be trained, on what, and where the results go.

    `resumed` is the checkpoint that it goes on from; `epoch` epochs and `step` steps are done already.
    """

    config: Config
    output: Path
    network: Network
    parameters: int
    train_images: int
    test_images: int
    resumed: Path | None
    epoch: int
    step: int


@dataclass(frozen=True)
class RunStopped:
    """The run was asked to stop, and has been saved after `step` steps; `checkpoint` is where to go on from."""

    checkpoint: Path
    epoch: int
    step: int


@dataclass(frozen=True)
class RunDone:
    """What came out. `last` is None where the checkpoint that was resumed was complete already."""

    output: Path
    epoch: int
    step: int
    skipped: int
    seconds: float
    best_epoch: int
    best_accuracy: float
    last: EpochDone | None


Event = RunStarted | OnTape | StepDone | Evaluated | EpochDone | RunStopped | RunDone


def train(
    config: Config,
    output: Path,
    resume: Path | str | None = None,
    *,
    force: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train what a config describes, save it, and tell what happens.

    Args:
        config: what to train.
        output: the folder of the results; an earlier run in it is replaced, or continued by `resume`.
        resume: the checkpoint of an interrupted run, or AUTO for the newest one in `output`, if there is any; training
            goes on as if it had never stopped.
        force: go on from a checkpoint also with another config or other data.
        should_stop: asked after each event; once it says yes the run is saved and ends.

    Raises:
        ConfigError: the config cannot work; nothing has been created.
        DataError: the data set is missing or damaged.
        CheckpointError: `resume` is damaged or belongs to another run.
        NonFiniteError: a loss or gradient became NaN or infinite; what was saved before is still there.
        FileAccessError: the results cannot be written.
        LockedError: another process trains into the folder.
    """
    started = time.perf_counter()
    config = noted(config.with_output(output), output)
    tensorboard.check_installed(config)
    use_machine(config)
    with FolderLock(output) as lock, Background() as background:
        if output.is_dir():
            lock.take()
        resumed, training, made_on = _continued(config, output, resume, force)
        if training.is_complete:
            # There is nothing to add to the folder that has the results.
            place = resumed.parent if resumed else output
            yield _started(config, place, training, resumed)
            yield _done(place, training, None, started)
            return
        _warn_of_long_average(training)
        make_folder(output)
        lock.take()
        folder = RunFolder(output, config, made_on, background)
        folder.begin(training, resumed)
        yield _started(config, output, training, resumed)
        last = yield from _recorded(training, folder, should_stop)
        if training.is_complete:
            yield _done(output, training, last, started)
        else:
            yield RunStopped(output / LAST, training.epoch, training.step)


def _recorded(
    training: Training, folder: RunFolder, should_stop: Callable[[], bool]
) -> Generator[Event, None, EpochDone | None]:
    """Train and save until all is done or the run is to stop; return the last epoch."""
    last = None
    for event in fit(training):
        if isinstance(event, EpochDone):
            folder.add_epoch(event, training)
            last = event
        elif isinstance(event, StepDone):
            folder.add_step(training)
        folder.check()
        yield event
        if should_stop() and not training.is_complete:
            folder.save(training)
            break
    folder.finish()
    return last


def _warn_of_long_average(training: Training) -> None:
    """Warn where the parameters that a run begins with are still in the average when it ends."""
    steps = training.epochs * len(training.train)
    if training.average is not None and training.average.span > steps / 2:
        warnings.warn(
            f"training.ema_decay averages over about {training.average.span:,.0f} steps, and the run has {steps:,}: "
            "a smaller one gives a better network",
            stacklevel=2,
        )


def _started(config: Config, output: Path, training: Training, resumed: Path | None) -> RunStarted:
    return RunStarted(
        config=config,
        output=output,
        network=training.network,
        parameters=parameter_count(training.network),
        train_images=len(training.train.image_set),
        test_images=len(training.test.image_set),
        resumed=resumed,
        epoch=training.epoch,
        step=training.step,
    )


def _done(output: Path, training: Training, last: EpochDone | None, started: float) -> RunDone:
    return RunDone(
        output=output,
        epoch=training.epoch,
        step=training.step,
        skipped=training.skipped,
        seconds=time.perf_counter() - started,
        best_epoch=training.best.epoch,
        best_accuracy=training.best.accuracy,
        last=last,
    )


def _continued(
    config: Config, output: Path, resume: Path | str | None, force: bool
) -> tuple[Path | None, Training, dict[str, Any]]:
    """Return the checkpoint that a run goes on from, the training at that place or at its beginning, and its origin."""
    found = None
    if resume == AUTO:
        found = newest(output)
    elif resume is not None:
        found = Path(resume), checkpoints.load(Path(resume))
    if found:
        path, checkpoint = found
        check_same_run(config, checkpoint, path, force=force)
        # A file from a stranger must not make this one build what it cannot hold.
        network_of(config, checkpoint, path)
    check_components(config)
    training = prepare(config)
    made_on = origin(training)
    if not found:
        return None, training, made_on
    go_on(training, checkpoint, path, made_on, force=force)
    return path, training, made_on


def prepare(config: Config) -> Training:
    """Return all that a run changes, at its beginning: the config's network, data, optimizer and schedule.

    Raises:
        ConfigError: they cannot be built, or do not fit each other.
        DataError: the data set is missing or damaged.
    """
    network = build_network(config)
    train_images = data.load(config.data.name, "train")
    test_images = data.load(config.data.name, "test")
    validation_images = None
    if config.data.validation_fraction:
        train_images, validation_images = data.split_validation(
            train_images, config.data.validation_fraction, config.training.seed
        )
    check_training(config, network, len(train_images))
    batches = data.Batches(
        train_images,
        config.data.batch_size,
        network.input_size,
        shuffle=True,
        seed=config.training.seed,
        augmentation=data.Augmentation(**dict(config.data.augment)) if config.data.augment else None,
    )
    optimizer = build_optimizer(config, network)
    return Training(
        network=network,
        criterion=build_criterion(config),
        optimizer=optimizer,
        schedule=build_schedule(config, optimizer, len(batches)),
        train=batches,
        test=evaluation_batches(test_images, network),
        validation=evaluation_batches(validation_images, network) if validation_images is not None else None,
        epochs=config.training.epochs,
        clip_grad_norm=config.training.clip_grad_norm,
        patience=config.training.patience,
        plans=config.training.plan,
        skips_nonfinite=config.training.on_nonfinite == "skip",
        finds_anomaly=config.training.detect_anomaly,
        average=build_average(config, network),
        best=Best(metric=config.checkpoint.metric),
    )
