"""How good a network is on a set of images."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnkit import data
from nnkit.data import Batches, ImageSet
from nnkit.kernels.layout import Array
from nnkit.models import Network
from nnkit.nn.modes import evaluation_mode
from nnkit.plan import Replay
from nnkit.training.build import build_criterion, check_classes, logits_of_an_image
from nnkit.training.config import Override
from nnkit.training.load import load_checkpoint
from nnkit.training.machine import use_machine
from nnkit.training.metrics import ConfusionMatrix
from nnkit.training.schema import Config

# Fixed, so that a checkpoint gives the digits that its training run gave, whatever batches that had.
# Whole blocks of 16 images, and 10,000 are five batches of one size.
EVALUATION_BATCH_SIZE = 2000


@dataclass(frozen=True)
class Evaluation:
    """The mean loss over all images, and the images by class and prediction."""

    loss: float
    confusion: ConfusionMatrix

    @property
    def accuracy(self) -> float:
        """The share of images that were predicted right."""
        return self.confusion.accuracy


class Tally:
    """An evaluation while it is made, batch by batch."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.images = 0
        self._loss = 0.0
        self._confusion = ConfusionMatrix(classes)

    def add(self, loss: float, logits: Array, labels: Array) -> None:
        """Count a batch: its mean loss, logits (n, K) and labels (n,)."""
        self.images += len(labels)
        self._loss += loss * len(labels)
        self._confusion.add(logits, labels)

    def evaluation(self) -> Evaluation:
        """Return what all batches together give."""
        return Evaluation(self._loss / self.images, self._confusion)


@dataclass(frozen=True)
class Report:
    """What `evaluate_checkpoint` found, and about what."""

    path: Path
    config: Config
    epoch: int
    evaluation: Evaluation


def evaluation_batches(images: ImageSet, network: Network) -> Batches:
    """Return the images in the batches that `evaluate` expects."""
    return Batches(images, EVALUATION_BATCH_SIZE, network.input_size, shuffle=False, seed=0)


def evaluate(replay: Replay, batches: Batches) -> Evaluation:
    """Run a network over all images once, in evaluation mode and without gradients."""
    parts = evaluation(replay, batches)
    while True:
        try:
            next(parts)
        except StopIteration as end:
            result: Evaluation = end.value
            return result


def evaluation(replay: Replay, batches: Batches) -> Generator[int, None, Evaluation]:
    """Do as `evaluate`, and yield after each batch how many images are done."""
    tally = Tally(batches.image_set.classes)
    for loss, logits, labels in outputs(replay, batches):
        tally.add(loss, logits, labels)
        yield tally.images
    return tally.evaluation()


def outputs(replay: Replay, batches: Batches) -> Iterator[tuple[float, Array, Array]]:
    """Run a network over all images once, in evaluation mode and without gradients.

    Yields:
        For each batch its loss, logits (n, K) that are valid until the next, and labels (n,).
    """
    # Gradients are the replay's matter: what is yielded to may want some.
    with evaluation_mode(replay.network):
        for images, labels in batches.pixels(0):
            # A network that was ruined by its last step gives a loss that says so.
            with np.errstate(over="ignore", invalid="ignore"):
                loss, logits = replay.evaluate(images, labels)
            yield loss, logits, labels.numpy()


@dataclass(frozen=True)
class Trained:
    """The network of a checkpoint, and the test images as it sees them."""

    config: Config
    network: Network
    epoch: int
    replay: Replay
    batches: Batches


def open_checkpoint(path: Path, overrides: Iterable[Override] = ()) -> Trained:
    """Return the network of a checkpoint, with the test images of its data set, or of the one in `overrides`.

    Images of another data set are normalised as the network's own were.

    Raises:
        ConfigError: the overrides cannot be used.
        CheckpointError: the checkpoint is damaged or not one of this version.
        DataError: the data set is missing or damaged.
        FileAccessError: a file may not be read.
    """
    config, network, checkpoint = load_checkpoint(path, overrides)
    use_machine(config)
    images = checkpoint.images.applied_to(data.load(config.data.name, "test"))
    check_classes(config, logits_of_an_image(config, network), images.classes)
    replay = Replay(network, build_criterion(config), enabled=config.training.plan)
    return Trained(config, network, checkpoint.epoch, replay, evaluation_batches(images, network))


def evaluate_checkpoint(path: Path, overrides: Iterable[Override] = ()) -> Report:
    """Evaluate the network of a checkpoint on test images, and raise what `open_checkpoint` raises."""
    trained = open_checkpoint(path, overrides)
    return Report(path, trained.config, trained.epoch, evaluate(trained.replay, trained.batches))
