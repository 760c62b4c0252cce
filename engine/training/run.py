"""A training run: from a config to a folder of results."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nnkit import data
from nnkit.models import Network
from nnkit.training import checkpoint as checkpoints
from nnkit.training.build import (
    build_criterion,
    build_network,
    build_optimizer,
    build_schedule,
    check_classes,
    check_components,
)
from nnkit.training.evaluate import evaluation_batches
from nnkit.training.fit import EpochDone, OnTape, StepDone, Training, fit
from nnkit.training.machine import use_machine
from nnkit.training.resume import check_same_run, go_on
from nnkit.training.run_folder import RunFolder
from nnkit.training.schema import Config


@dataclass(frozen=True)
class RunStarted:
    """What is going to be trained, on what, and where the results go; `epoch` epochs are done already."""

    config: Config
    output: Path
    network: Network
    parameters: int
    train_images: int
    test_images: int
    epoch: int


@dataclass(frozen=True)
class RunDone:
    """What came out. `last` is None where the checkpoint that was resumed had all epochs already."""

    output: Path
    epoch: int
    step: int
    seconds: float
    best_epoch: int
    best_accuracy: float
    last: EpochDone | None


Event = RunStarted | OnTape | StepDone | EpochDone | RunDone


def train(config: Config, output: Path, resume: Path | None = None) -> Iterator[Event]:
    """Train what a config describes, save it, and tell what happens.

    Args:
        config: what to train.
        output: the folder of the results; an earlier run in it is replaced, or continued by `resume`.
        resume: the checkpoint of an interrupted run; training goes on as if it had never stopped.

    Raises:
        ConfigError: the config cannot work; nothing has been created.
        DataError: the data set is missing or damaged.
        CheckpointError: `resume` is damaged or belongs to another run.
        NonFiniteError: the loss became NaN or infinite; what was saved before is still there.
        FileAccessError: the results cannot be written.
    """
    started = time.perf_counter()
    config = config.with_output(output)
    use_machine(config)
    check_components(config)
    checkpoint = checkpoints.load(resume) if resume else None
    if resume and checkpoint:
        check_same_run(config, checkpoint, resume)
    training = prepare(config)
    if resume and checkpoint:
        go_on(training, checkpoint, resume)
    folder = RunFolder(output, config)
    folder.begin(training.epoch)
    yield RunStarted(
        config=config,
        output=output,
        network=training.network,
        parameters=sum(parameter.numel() for parameter in training.network.parameters()),
        train_images=len(training.train.image_set),
        test_images=len(training.test.image_set),
        epoch=training.epoch,
    )
    last = None
    for event in fit(training):
        if isinstance(event, EpochDone):
            folder.add(event, training)
            last = event
        yield event
    seconds = time.perf_counter() - started
    yield RunDone(output, training.epoch, training.step, seconds, training.best_epoch, training.best_accuracy, last)


def prepare(config: Config) -> Training:
    """Return all that a run changes, at its beginning: the config's network, data, optimizer and schedule.

    Raises:
        ConfigError: they cannot be built, or do not fit each other.
        DataError: the data set is missing or damaged.
    """
    network = build_network(config)
    train_images = data.load(config.data.name, "train")
    test_images = data.load(config.data.name, "test")
    check_classes(config, network, test_images)
    validation_images = None
    if config.data.validation_fraction:
        train_images, validation_images = data.split_validation(
            train_images, config.data.validation_fraction, config.training.seed
        )
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
        plans=config.training.plan,
    )
