"""The real MNIST files."""

import os

import numpy as np
import pytest

from nnkit.data import MNIST, Batches, load

pytestmark = [
    pytest.mark.mnist,
    pytest.mark.skipif(not os.environ.get("NNKIT_DATA_DIR"), reason="NNKIT_DATA_DIR is not set"),
]


@pytest.fixture(scope="module", params=["train", "test"])
def split(request):
    return request.param


@pytest.fixture(scope="module")
def image_set(split):
    return load("mnist", split, download=False)


def test_the_files_are_the_published_ones(split, image_set):
    for file, array in zip(MNIST.files[split], (image_set.images, image_set.labels), strict=True):
        assert array.shape == file.shape
        assert file.mismatch(None, array) is None


def test_the_normalisation_is_that_of_the_training_pixels(split, image_set):
    if split == "train":
        assert image_set.mean == pytest.approx(np.mean(image_set.images) / 255, abs=5e-5)
        assert image_set.std == pytest.approx(np.std(image_set.images) / 255, abs=5e-5)
    assert (image_set.mean, image_set.std) == (0.1307, 0.3081)


def test_an_epoch_has_every_image(image_set):
    loader = Batches(image_set, 1000, (32, 32), shuffle=True, seed=0)
    total, labels = 0.0, np.zeros(10, np.int64)
    for images, targets in loader.epoch(0):
        assert images.numpy().shape == (1000, 1, 32, 32)
        total += images.numpy()[:, 0, 2:30, 2:30].sum(dtype=np.float64)
        labels += np.bincount(targets.numpy(), minlength=10)
    pixels = (image_set.images.sum(dtype=np.int64) / 255 - image_set.mean * image_set.images.size) / image_set.std
    assert total == pytest.approx(pixels, rel=1e-5, abs=100)
    np.testing.assert_array_equal(labels, np.bincount(image_set.labels))
