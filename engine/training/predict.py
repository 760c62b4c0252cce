"""What a network takes pictures for that people supply."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nnkit.data import Batches, Digits, ImageSet
from nnkit.errors import DataError, FileAccessError, NnkitError, NonFiniteError
from nnkit.files import open_regular
from nnkit.imaging import MOST_BYTES, SUFFIXES, Box, Digit, find_article, locate_digit, read_picture
from nnkit.nn.functional import softmax
from nnkit.tensors import Tensor, no_grad
from nnkit.training.build import check_classes, logits_of_an_image
from nnkit.training.config import Override
from nnkit.training.load import load_checkpoint
from nnkit.training.machine import use_machine
from nnkit.training.schema import Config

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

STANDARD_INPUT = "-"
# Pictures of a folder, however many it has, are in memory one at a time, and what is seen of so many at once.
_BATCH = 256


class Predictor:
    """The network of a checkpoint, ready to be shown images.

    Args:
        path: the checkpoint.
        overrides: values in place of those of its config.

    Attributes:
        classes: the names of the classes.

    Raises:
        ConfigError: the overrides cannot be used.
        CheckpointError: the checkpoint is damaged or not one of this version.
        FileAccessError: it may not be read.
    """

    def __init__(self, path: Path, overrides: Iterable[Override] = ()) -> None:
        config, self.network, checkpoint = load_checkpoint(path, overrides)
        use_machine(config)
        self.network.eval()
        self.classes = checkpoint.images.classes
        self._format = checkpoint.images
        self._config = config
        check_classes(config, logits_of_an_image(config, self.network), self.classes)

    @property
    def reads_digits(self) -> bool:
        """Whether the classes are the ten digits."""
        return self.classes == Digits.classes

    def probabilities(self, images: Bytes) -> Floats:
        """Return the probabilities of the classes (N, K) for images in MNIST's form, uint8 (N, 28, 28).

        Raises:
            NonFiniteError: the network gives numbers that are not finite.
        """
        labels = np.zeros(len(images), np.uint8)
        image_set = ImageSet("images", images, labels, self.classes, self._format.mean, self._format.std)
        batches = Batches(image_set, _BATCH, self.network.input_size, shuffle=False, seed=0)
        with no_grad(), np.errstate(over="ignore", invalid="ignore"):
            parts = [probabilities_of(self._config, self.network(batch)) for batch, _ in batches.epoch(0)]
        result: Floats = np.concatenate([part.numpy() for part in parts])
        if not np.isfinite(result).all():
            raise NonFiniteError("the network gives numbers that are not finite")
        return result

    def look_at(self, pixels: Bytes) -> Digit:
        """Return what the network is to see of a picture (H, W) or (H, W, 3): a digit, or an article of clothing.

        Raises:
            DataError: nothing stands out from the background.
        """
        if self.reads_digits:
            return locate_digit(pixels)
        return Digit(find_article(pixels), Box(0, 0, *pixels.shape[:2]), 0)


def probabilities_of(config: Config, outputs: Tensor) -> Tensor:
    """Return the probabilities of the classes (N, K) that the outputs of a network (N, K) mean."""
    if config.loss.name != "MSELoss":
        return softmax(outputs, dim=1)
    # Trained towards ones and zeros, outputs are estimates of the probabilities themselves.
    positive = outputs.clamp(min=1e-9)
    return positive / positive.sum(1, keepdim=True)


@dataclass(frozen=True)
class Prediction:
    """What a network took a picture for.

    Attributes:
        name: the path of the picture.
        seen: what the network saw.
        probabilities: float32 (K,), one for each class.
    """

    name: str
    seen: Digit
    probabilities: Floats


@dataclass(frozen=True)
class Unreadable:
    """A picture that could not be read, and why."""

    name: str
    error: NnkitError


def picture_names(paths: Iterable[str]) -> list[str]:
    """Return the paths with each folder replaced by the images that it holds, in natural order: 9.png before 10.png.

    Raises:
        DataError: a folder holds no images.
        FileAccessError: a folder may not be read.
    """
    return list(itertools.chain.from_iterable(map(_names_in, paths)))


def predict(predictor: Predictor, names: Iterable[str]) -> Iterator[Prediction | Unreadable]:
    """Yield what a network takes pictures for, in their order, and those that cannot be read among them.

    Args:
        predictor: the network.
        names: paths of image files; "-" is standard input.

    Raises:
        ConfigError: Pillow is not installed.
        NonFiniteError: the network gives numbers that are not finite.
    """
    remaining = iter(names)
    while batch := list(itertools.islice(remaining, _BATCH)):
        found = [_look_at(predictor, name) for name in batch]
        digits = [each.image for each in found if isinstance(each, Digit)]
        rows = iter(predictor.probabilities(np.stack(digits)) if digits else ())
        for name, each in zip(batch, found, strict=True):
            yield each if isinstance(each, Unreadable) else Prediction(name, each, next(rows))


def _look_at(predictor: Predictor, name: str) -> Digit | Unreadable:
    try:
        pixels = read_picture(_content(name), name)
        try:
            return predictor.look_at(pixels)
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
    except (DataError, FileAccessError) as error:
        return Unreadable(name, error)


def _content(name: str) -> bytes:
    if name == STANDARD_INPUT:
        content = sys.stdin.buffer.read(MOST_BYTES + 1)
    else:
        with open_regular(Path(name), DataError) as file:
            content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise DataError(f"{name}: has more than {MOST_BYTES:,} bytes, expected an image")
    return content


def _names_in(path: str) -> list[str]:
    folder = Path(path)
    if path == STANDARD_INPUT or not folder.is_dir():
        return [path]
    try:
        names = sorted((entry.name for entry in folder.iterdir()), key=_natural)
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be read: {error.strerror}") from None
    images = [str(folder / name) for name in names if not name.startswith(".") and name.lower().endswith(SUFFIXES)]
    if not images:
        raise DataError(f"{path}: holds no images ({', '.join(SUFFIXES)}); folders in it are not searched")
    return images


def _natural(name: str) -> list[tuple[str, int]]:
    """Return what sorts names by the numbers in them."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(text, int(number)) for text, number in zip(parts[::2], [*parts[1::2], "-1"], strict=True)]
