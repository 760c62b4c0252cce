"""Batches in an order that a seed decides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nnkit.data.augmentation import Augmentation, augmentation_key
from nnkit.data.image_set import Bytes, ImageSet, Indices, permutation
from nnkit.errors import ConfigError, DataError
from nnkit.kernels import backend_for
from nnkit.kernels.backend import Pixels
from nnkit.tensors import Tensor


class Batches:
    """The images of a set, normalised and centred on a network's input, a batch at a time.

    Args:
        image_set: the images; they stay bytes until their batch comes.
        batch_size: images per batch; the last batch of an epoch may have fewer.
        input_size: height and width that the network expects, at least those of the images.
        shuffle: whether every epoch has an order of its own, or all have that of the set.
        seed: decides the orders, and how images are changed.
        augmentation: how far the images are changed at random, each time in another way; not at all without one.

    Attributes:
        images: the raw images, uint8 (N, h, w), C-contiguous.
        labels: their labels, int64 (N,).

    Raises:
        ConfigError: the batch size is below 1.
        DataError: the images do not fit into the input.
    """

    def __init__(
        self,
        image_set: ImageSet,
        batch_size: int,
        input_size: tuple[int, int],
        *,
        shuffle: bool,
        seed: int,
        augmentation: Augmentation | None = None,
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"batch size {batch_size}: expected at least 1")
        _, height, width = image_set.images.shape
        if height > input_size[0] or width > input_size[1]:
            raise DataError(
                f"{image_set.name}: images of {height} x {width} do not fit a network "
                f"that takes {input_size[0]} x {input_size[1]}"
            )
        self.image_set = image_set
        self.batch_size = batch_size
        self.input_size = input_size
        self.shuffle = shuffle
        self.seed = seed
        self.augmentation = augmentation
        # One memory layout, so that the kernel is compiled for one type; no copy of what load returns.
        self.images = np.require(image_set.images, requirements=("C", "W"))
        self.labels = image_set.labels.astype(np.int64)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return -(-len(self.image_set) // self.batch_size)

    def order(self, epoch: int) -> Indices:
        """Return the indices of all images in the order of `epoch`, a function of it and the seed alone."""
        if not self.shuffle:
            return np.arange(len(self.image_set))
        return permutation(len(self.image_set), self.seed, "shuffle", epoch)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of an epoch.

        Args:
            epoch: its number, from 0.
            start: how many batches to leave out: a run that is resumed sees exactly those that the
                interrupted one did not.

        Yields:
            Images, float32 (n, 1, H, W) with the batch innermost in memory, and their labels, int64 (n,).
        """
        # Batches are made on the host, whatever device the network is on.
        for pixels, labels in self.pixels(epoch, start):
            yield Tensor.detached(backend_for("cpu").gather(*pixels)), labels

    def pixels(self, epoch: int, start: int = 0) -> Iterator[tuple[Pixels, Tensor]]:
        """Yield the batches of an epoch as the bytes that `epoch` makes its images of, and their labels.

        Where images are changed at random, that is a pure function of the seed, the epoch and the index of the image.
        Bytes of changed images are valid until the next batch.
        """
        order = self.order(epoch)
        out = np.empty((min(self.batch_size, len(order)), *self.input_size), np.uint8) if self.augmentation else None
        for first in range(start * self.batch_size, len(order), self.batch_size):
            indices = order[first : first + self.batch_size]
            images, places = self._images(indices, epoch, None if out is None else out[: len(indices)])
            mean, std = self.image_set.mean, self.image_set.std
            yield Pixels(images, places, mean, std, self.input_size), Tensor.detached(self.labels[indices])

    def _images(self, indices: Indices, epoch: int, out: Bytes | None) -> tuple[Bytes, Indices]:
        """Return bytes that hold the images at `indices` as this epoch has them, and where in there each is."""
        if not self.augmentation:
            return self.images, indices
        key = augmentation_key(self.seed, epoch)
        changed = backend_for("cpu").augment(self.images, indices, self.augmentation.ranges, key, self.input_size, out)
        return changed, np.arange(len(indices))
