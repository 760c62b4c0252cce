"""The digits that come with the package, so that training works with no network at all.

`digits.npz` holds 1,797 handwritten digits of 8 x 8 pixels with values 0 to 16, exactly the rows of
the file `optdigits.tes`, in its order: `images` uint8 (1797, 8, 8) and `labels` uint8 (1797,).

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository (1998), https://doi.org/10.24432/C50P49, licensed under CC BY 4.0
(https://creativecommons.org/licenses/by/4.0/). Changed here: the pixels are scaled as told below.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nnkit.data.image_set import DATASETS, Bytes, ImageSet
from nnkit.errors import DataError, FileAccessError

Integers = npt.NDArray[np.int64]

CLASSES = tuple("0123456789")

_FILE = Path(__file__).with_name("digits.npz")
_SHAPE = (1797, 8, 8)
_MOST_INK = 16
_SIZE = 28
_BOX = 20
_TRAIN_COUNT = 1415


class Digits:
    """1,415 training and 382 test images, scaled to the size and proportions of MNIST's.

    The file comes from forms that 13 people filled in: its labels repeat the text of the form 14 times.
    The test part is the last three forms, so it tests on handwriting that is new to the network (but
    for one writer at most, who filled in two), with 35 to 39 images of each class.
    """

    classes = CLASSES

    def load(self, split: str, *, download: bool = True) -> ImageSet:
        """Return one part as uint8 (N, 28, 28); nothing is ever downloaded.

        Raises:
            DataError: the file in the package is damaged.
            FileAccessError: the file in the package cannot be read.
        """
        small, labels = _read_bundled()
        images = _enlarge(small)
        part = slice(_TRAIN_COUNT) if split == "train" else slice(_TRAIN_COUNT, None)
        pixels = images[:_TRAIN_COUNT] / 255
        return ImageSet("digits", images[part], labels[part], self.classes, float(pixels.mean()), float(pixels.std()))

    def place(self) -> str:
        """See `DataSet.place`."""
        return "part of nnkit"

    def fetch(self) -> Iterator[Path]:
        """See `DataSet.fetch`."""
        return iter(())

    def verify(self, split: str) -> Iterator[str]:
        """See `DataSet.verify`."""
        images = self.load(split)
        yield f"{_FILE.name}: {len(images):,} images for {split}, as they come with nnkit"


DATASETS.register("digits")(Digits())


def _read_bundled() -> tuple[Bytes, Bytes]:
    try:
        with _FILE.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    except OSError as error:
        raise FileAccessError(f"{_FILE}: cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError) as error:
        raise DataError(f"{_FILE}: damaged ({error}): install nnkit again") from None
    if images.shape != _SHAPE or images.dtype != np.uint8 or images.max() > _MOST_INK:
        raise DataError(f"{_FILE}: expected images {_SHAPE} of 0 to {_MOST_INK}: install nnkit again")
    return images, labels


def _enlarge(small: Bytes) -> Bytes:
    """Scale digits (N, 8, 8) to MNIST's 20 x 20 box in the middle of 28 x 28, bilinearly.

    Beyond the edge of a digit there is paper, not the edge pixel again: strokes that touch the edge
    fade out as the others do.
    """
    weights = _bilinear_tenths(small.shape[1])
    # In integers, so that every machine gets the same pixels: no rounding depends on the order of a sum.
    ink = weights @ small.astype(np.int64) @ weights.T
    white = 10 * 10 * _MOST_INK
    images: Bytes = ((ink * 255 + white // 2) // white).astype(np.uint8)
    return images


def _bilinear_tenths(size: int) -> Integers:
    """Return (28, size): how many tenths of each of `size` pixels in a row go to each of 28.

    From 8 pixels to 20 the sampling positions, and with them the weights, are whole tenths.
    """
    centres = np.arange(_SIZE) + 0.5 - (_SIZE - _BOX) / 2
    positions = centres * (size / _BOX) - 0.5
    weights = np.maximum(0, 1 - np.abs(positions[:, np.newaxis] - np.arange(size)))
    tenths: Integers = np.rint(10 * weights).astype(np.int64)
    return tenths
