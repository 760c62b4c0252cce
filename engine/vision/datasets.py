"""MNIST and Fashion-MNIST as torchvision has them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nnkit.data import FASHION_MNIST as _FASHION_MNIST
from nnkit.data import MNIST as _MNIST
from nnkit.data import ImageSet
from nnkit.data.published import PublishedSet
from nnkit.errors import DataError
from nnkit.tensors import Tensor
from nnkit.utils.data import Dataset
from nnkit.vision.transforms import image_module

__all__ = ["MNIST", "FashionMNIST"]

Transform = Callable[[Any], Any]

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class _Published(Dataset[tuple[Any, Any]]):
    """Pictures and classes of a published data set, with the arguments that `MNIST` explains."""

    classes: ClassVar[list[str]]
    _source: ClassVar[PublishedSet]

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        self.root = root
        self.train = train
        self.transform = transform
        self.target_transform = target_transform
        images = self._load("train" if train else "test", download)
        self.data = Tensor.detached(np.require(images.images, requirements="W"))
        self.targets = Tensor.detached(images.labels.astype(np.int64))

    @property
    def raw_folder(self) -> str:
        """The folder that torchvision puts files into."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: number for number, name in enumerate(self.classes)}

    def _load(self, split: str, download: bool) -> ImageSet:
        folder = Path(self.raw_folder)
        if self._source.is_in(folder, split):
            return self._source.load(split, folder=folder)
        try:
            return self._source.load(split, download=download)
        except DataError:
            if download or self._source.place() is not None:
                raise
            raise RuntimeError("Dataset not found. You can use download=True to download it") from None

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        target = int(self.targets[index])
        picture = _picture(self.data.numpy()[index])
        if self.transform is not None:
            picture = self.transform(picture)
        return picture, target if self.target_transform is None else self.target_transform(target)

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        lines = [
            f"Number of datapoints: {len(self)}",
            f"Root location: {os.fspath(self.root)}",
            f"Split: {'Train' if self.train else 'Test'}",
        ]
        transforms = [("Transform: ", self.transform), ("Target transform: ", self.target_transform)]
        given = [_indented(head, transform) for head, transform in transforms if transform is not None]
        # torchvision shifts only the first line of these.
        lines += ["\n".join(["StandardTransform", *given])] if given else []
        return "\n    ".join([f"Dataset {type(self).__name__}", *lines])


def _picture(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> Any:
    """Return a PIL image, or the array (H, W) where Pillow is not installed."""
    pillow = image_module()
    return pixels if pillow is None else pillow.fromarray(pixels)


def _indented(head: str, transform: Transform) -> str:
    return head + repr(transform).replace("\n", "\n" + " " * len(head))


class MNIST(_Published):
    """Handwritten digits: 60,000 pictures to train on and 10,000 to test with, of 28 x 28 pixels.

    Files are looked for in `root/MNIST/raw`, where torchvision puts them, in the folder that `NNKIT_DATA_DIR` names,
    and in the cache folder, which is where they are downloaded to.

    Args:
        root: the folder of data sets.
        train: whether it is the pictures to train on.
        transform: what is done to a picture: a PIL image, or an array (28, 28) where Pillow is not installed.
        target_transform: what is done to a class, from 0 to 9.
        download: whether files that are not on this machine may be fetched.

    Attributes:
        data: the pictures, uint8 (N, 28, 28); 0 is the background.
        targets: their classes, int64 (N,).

    Raises:
        RuntimeError: the files are not on this machine, and may not be fetched.
        DataError: they are damaged, or cannot be fetched.

    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998.

    Examples:
        >>> from nnkit.vision import datasets
        >>> datasets.MNIST.classes[3]
        '3 - three'
    """

    classes: ClassVar[list[str]] = [f"{number} - {name}" for number, name in enumerate(_DIGITS)]
    _source = _MNIST


class FashionMNIST(_Published):
    """Articles of clothing, in the numbers and the form of MNIST; see there.

    Raises:
        RuntimeError: the files are not on this machine, and may not be fetched.
        DataError: they are damaged, or cannot be fetched.

    Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
        algorithms", 2017.

    Examples:
        >>> from nnkit.vision import datasets
        >>> datasets.FashionMNIST.classes[9]
        'Ankle boot'
    """

    classes: ClassVar[list[str]] = list(_FASHION_MNIST.classes)
    _source = _FASHION_MNIST
