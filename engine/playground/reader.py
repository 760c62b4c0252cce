"""A trained network that reads drawings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nnkit.data import ImageSet
from nnkit.errors import DataError, NonFiniteError
from nnkit.imaging.mnist_form import SIZE, as_mnist
from nnkit.kernels.layout import Array
from nnkit.playground.activations import Activation, activations
from nnkit.playground.pictures import description, encoded, picture
from nnkit.tensors import Tensor
from nnkit.training.build import check_classes
from nnkit.training.config import Override
from nnkit.training.evaluate import evaluation_batches
from nnkit.training.load import load_checkpoint
from nnkit.training.machine import use_machine
from nnkit.training.predict import probabilities_of

Drawing = npt.NDArray[np.uint8]

# A page has room for so many layers, whatever a network has.
_MOST_LAYERS = 64
# Fainter ink, of 1, is none.
_FAINTEST = 0.5
# One image is too little work for more.
_THREADS = Override.from_text("training.threads", "1", "threads")


class Reader:
    """The network of a checkpoint, which sees drawings as it saw the images that it learned from.

    Args:
        checkpoint: the file.

    Raises:
        CheckpointError: the file is damaged or not a checkpoint of this version.
        DataError: the network is made for smaller images.
        FileAccessError: the file may not be read.
        InvalidConfigError: the network does not have an output for each class.
    """

    def __init__(self, checkpoint: Path) -> None:
        self._path = checkpoint
        self._config, self._network, self._checkpoint = load_checkpoint(checkpoint, [_THREADS])
        self._network.eval()
        # Compiles the kernels, so that the first drawing does not wait.
        logits, self._blank = self._look(np.zeros((SIZE, SIZE), np.uint8))
        check_classes(self._config, Tensor.detached(logits[None]), self._checkpoint.images.classes)

    @property
    def title(self) -> str:
        """What it is, in words."""
        return f"{self._config.network.name} after epoch {self._checkpoint.epoch} on {self._config.data.name}"

    def describe(self) -> dict[str, Any]:
        """Return what there is to say before anything is drawn, as plain values."""
        return {
            "checkpoint": str(self._path),
            "network": self._config.network.name,
            "data": self._config.data.name,
            "epoch": self._checkpoint.epoch,
            "classes": self._checkpoint.images.classes,
            "layers": [description(layer) for layer in self._blank],
        }

    def read(self, drawing: Drawing) -> dict[str, Any]:
        """Return what the network makes of a drawing, as plain values.

        Args:
            drawing: grey (H, W) of any size, all that is bright is ink.

        Raises:
            DataError: nothing is drawn.
            NonFiniteError: the network's numbers overflow.
        """
        ink = np.divide(drawing, 255, dtype=np.float32)
        if ink.max() < _FAINTEST:
            raise DataError("nothing is drawn")
        seen = as_mnist(ink)
        logits, layers = self._look(seen)
        if not np.isfinite(logits).all():
            raise NonFiniteError("the network answers with numbers that are not finite")
        (probabilities,) = probabilities_of(self._config, Tensor.detached(logits[None])).array
        return {
            "guess": int(probabilities.argmax()),
            "probabilities": probabilities.tolist(),
            "seen": encoded(seen),
            "layers": [{**description(layer), **picture(layer)} for layer in layers],
        }

    def _look(self, image: Drawing) -> tuple[Array, list[Activation]]:
        # How many threads kernels use is a property of the thread that calls them.
        use_machine(self._config)
        one = ImageSet("drawing", image[None], np.zeros(1, np.uint8), ("",), 0.0, 1.0)
        images, _ = next(evaluation_batches(self._checkpoint.images.applied_to(one), self._network).epoch(0))
        with np.errstate(over="ignore", invalid="ignore"):
            logits, layers = activations(self._network, images)
        return logits, layers[:_MOST_LAYERS]
