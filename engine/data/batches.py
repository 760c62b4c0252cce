"""Batches in an order that a seed decides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nnkit.data.image_set import ImageSet, Indices, permutation
from nnkit.errors import ConfigError, DataError
from nnkit.kernels import backend_for
from nnkit.tensors import Tensor


class Batches:
    """The images of a set, normalised and centred on a network's input, a batch at a time.

    Args:
        image_set: the images; they stay bytes until their batch comes.
        batch_size: images per batch; the last batch of an epoch may have fewer.
        input_size: height and width that the network expects, at least those of the images.
        shuffle: whether every epoch has an order of its own, or all have that of the set.
        seed: decides the orders.

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
        # One memory layout, so that the kernel is compiled for one type; no copy of what load returns.
        self._images = np.require(image_set.images, requirements=("C", "W"))
        self._labels = image_set.labels.astype(np.int64)

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
        order = self.order(epoch)
        for first in range(start * self.batch_size, len(order), self.batch_size):
            yield self._gather(order[first : first + self.batch_size])

    def _gather(self, indices: Indices) -> tuple[Tensor, Tensor]:
        # Batches are made on the host, whatever device the network is on.
        mean, std = self.image_set.mean, self.image_set.std
        images = backend_for("cpu").gather(self._images, indices, mean, std, self.input_size)
        return Tensor(images), Tensor(self._labels[indices])
