"""What the best network of a run gets right and wrong on the test images, and what its first layer looks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nnkit.data.image_set import Bytes
from nnkit.errors import CheckpointError
from nnkit.kernels.layout import Array
from nnkit.models import Network
from nnkit.nn import Conv2d, Linear
from nnkit.reporting.run_record import RunRecord
from nnkit.tensors import Tensor
from nnkit.training.config import Override
from nnkit.training.evaluate import Evaluation, Tally, open_checkpoint, outputs
from nnkit.training.paths import BEST
from nnkit.training.predict import probabilities_of
from nnkit.training.schema import Config

Weights = npt.NDArray[np.float32]

MOST_MISTAKES = 32
# More would be too small to be seen side by side, and make the page heavy.
_MOST_FILTERS = 64
_LARGEST_PICTURE = 512


@dataclass(frozen=True)
class Mistake:
    """An image (H, W) of the test set that the network takes for another class, with this probability."""

    image: Bytes
    truth: str
    guess: str
    confidence: float


@dataclass(frozen=True)
class Filters:
    """Weights of a layer as pictures (n, h, w); `total` is how many it has."""

    layer: str
    pictures: Weights
    total: int


@dataclass(frozen=True)
class Findings:
    """What was found about the best network of a run; the most confident mistakes come first."""

    config: Config
    network: Network
    epoch: int
    evaluation: Evaluation
    mistakes: tuple[Mistake, ...]


def examine(record: RunRecord) -> Findings:
    """Run the best network of a run over the test images.

    Raises:
        CheckpointError: there is none yet, it is damaged, or from another run.
        DataError: the data set is missing or damaged.
        FileAccessError: a file may not be read.
    """
    path = record.path / BEST
    if record.best is None:
        raise CheckpointError(f"{path}: no epoch is done yet")
    # The threads of the machine that trained say nothing about this one.
    trained = open_checkpoint(path, [Override.from_text("training.threads", "null", "nnkit report")])
    if trained.epoch != record.best.epoch or trained.config.network != record.config.network:
        raise CheckpointError(f"{path}: is not from epoch {record.best.epoch} of this run")
    images = trained.batches.image_set
    tally = Tally(images.classes)
    guesses, confidences = [], []
    for loss, logits, labels in outputs(trained.replay, trained.batches):
        tally.add(loss, logits, labels)
        guesses.append(logits.argmax(axis=1))
        confidences.append(probabilities_of(trained.config, Tensor.detached(logits)).numpy().max(axis=1))
    guess, confidence = np.concatenate(guesses), np.concatenate(confidences)
    wrong = np.flatnonzero(guess != images.labels)
    chosen = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST_MISTAKES]
    mistakes = tuple(
        Mistake(
            images.images[index],
            images.classes[images.labels[index]],
            images.classes[guess[index]],
            float(confidence[index]),
        )
        for index in chosen.tolist()
    )
    return Findings(trained.config, trained.network, trained.epoch, tally.evaluation(), mistakes)


def first_filters(network: Network) -> Filters | None:
    """Return what the first layer of a network looks for, if it can be seen.

    The kernels of a convolution are pictures; so are the weights of a linear layer for whole images, a picture for
    each output. Those of another linear layer are one picture, outputs by inputs.
    """
    for name, layer in network.named_modules():
        if isinstance(layer, (Conv2d, Linear)):
            pictures = _as_pictures(layer.weight.detach().numpy(), network.input_size)
            if max(pictures.shape[1:]) > _LARGEST_PICTURE:
                return None
            return Filters(name, pictures[:_MOST_FILTERS], len(pictures))
    return None


def _as_pictures(weight: Array, input_size: tuple[int, int]) -> Weights:
    if weight.ndim == 4:
        return weight.reshape(-1, *weight.shape[2:])
    if weight.shape[1] == input_size[0] * input_size[1]:
        return weight.reshape(-1, *input_size)
    return weight[None]
