"""Labelled images in memory, the data sets that provide them, and how they are split."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nnkit.errors import ConfigError, DataError
from nnkit.registry import Registry, unknown_name

Bytes = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]

SPLITS = ("train", "test")


@dataclasses.dataclass(frozen=True)
class ImageSet:
    """Grey images with a class each, kept as bytes: 47 MB for MNIST where float32 takes 188 MB.

    Attributes:
        name: the data set's name, as configs have it.
        images: uint8 (N, H, W), 0 is the background.
        labels: uint8 (N,), each an index into `classes`.
        classes: the names of the classes.
        mean: the mean of the *training* pixels, scaled to 0..1; the test part has the same value.
        std: their standard deviation, on the same scale.

    Raises:
        DataError: the parts do not fit each other, or there are no images.
    """

    name: str
    images: Bytes
    labels: Bytes
    classes: tuple[str, ...]
    mean: float
    std: float

    def __post_init__(self) -> None:
        check_images(self.images, self.name)
        check_labels(self.labels, len(self.classes), self.name)
        check_counts(self.images, self.name, self.labels, self.name)
        if not (np.isfinite(self.mean) and 0 < self.std < np.inf):
            raise DataError(f"{self.name}: cannot normalise with mean {self.mean} and std {self.std}")

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, indices: Indices) -> ImageSet:
        """Return a set of the images at `indices`, in that order, normalised as this one is."""
        return dataclasses.replace(self, images=self.images[indices], labels=self.labels[indices])


class DataSet(Protocol):
    """A data set by name: what a new file in this folder has to provide."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, known before any file is read."""

    def load(self, split: str, *, download: bool) -> ImageSet:
        """Return the `split` of the data, which is one of `SPLITS`."""

    def place(self) -> str | None:
        """Return where the data are, in words; None if they are not on this machine."""

    def fetch(self) -> Iterator[Path]:
        """Fetch the files that are not in the cache folder, or not whole; yield the path of each there is to fetch."""

    def verify(self, split: str) -> Iterator[str]:
        """Read a part, and yield a line about each of its files: whether it is the published one, and if not why."""


DATASETS: Registry[DataSet] = Registry("data set")


def load(name: str, split: str, *, download: bool = True) -> ImageSet:
    """Load one part of a data set.

    Args:
        name: one of `DATASETS`.
        split: "train" or "test".
        download: whether files that are not on this machine may be fetched into the cache folder.

    Raises:
        ConfigError: there is no data set or part of this name.
        DataError: files are missing, damaged or inconsistent.
        FileAccessError: the file system refuses to read them, or to keep what was fetched.
    """
    data_set = DATASETS.get(name)
    if split not in SPLITS:
        raise ConfigError(unknown_name("split", split, SPLITS))
    return data_set.load(split, download=download)


def split_validation(image_set: ImageSet, fraction: float, seed: int) -> tuple[ImageSet, ImageSet]:
    """Set a random part of the training images aside to validate on.

    Both parts keep the order of the images and the normalisation of the whole. The choice depends on
    the seed and the number of images only.

    Args:
        image_set: the images to divide.
        fraction: the share of them that the second part gets, rounded to whole images.
        seed: chooses which.

    Returns:
        What is left to train on, and the validation part.

    Raises:
        ConfigError: the fraction leaves one of the parts empty.
    """
    count = round(len(image_set) * fraction) if 0 < fraction < 1 else 0
    if not 0 < count < len(image_set):
        raise ConfigError(
            f"a validation fraction of {fraction} of {len(image_set)} images leaves no images in one part; "
            "choose one between 0 and 1"
        )
    order = permutation(len(image_set), seed, "validation")
    return image_set.select(np.sort(order[count:])), image_set.select(np.sort(order[:count]))


def permutation(count: int, seed: int, purpose: str, number: int = 0) -> Indices:
    """Return a random order of `count` things: a pure function of the arguments, on every machine.

    `purpose` and `number` keep orders apart that are drawn with the same seed.
    """
    key = (*purpose.encode(), number)
    # NumPy keeps a bit generator's stream the same for ever, but not what Generator.permutation makes
    # of it; sorting the raw numbers leaves nothing to change.
    bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)).random_raw(count)
    return np.argsort(bits, kind="stable")


def check_images(images: Bytes, source: str) -> None:
    """Raise DataError unless `images` is uint8 (N, H, W) and has elements."""
    if images.dtype != np.uint8 or images.ndim != 3:
        raise DataError(
            f"{source}: expected images of uint8 with shape (N, H, W), got {images.dtype} with {images.shape}"
        )
    if images.size == 0:
        raise DataError(f"{source}: empty dataset: the shape of the images is {images.shape}")


def check_labels(labels: Bytes, num_classes: int, source: str) -> None:
    """Raise DataError unless `labels` is uint8 (N,) with values below `num_classes`."""
    if labels.dtype != np.uint8 or labels.ndim != 1:
        raise DataError(f"{source}: expected labels of uint8 with shape (N,), got {labels.dtype} with {labels.shape}")
    wrong = labels >= num_classes
    if wrong.any():
        index = int(wrong.argmax())
        raise DataError(f"{source}: label {labels[index]} at index {index}, expected 0 to {num_classes - 1}")


def check_counts(images: Bytes, images_source: str, labels: Bytes, labels_source: str) -> None:
    """Raise DataError unless there is one label for each image."""
    if len(images) != len(labels):
        raise DataError(f"{labels_source}: {len(labels)} labels for the {len(images)} images in {images_source}")
