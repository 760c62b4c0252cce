"""Batches: their order, their content, and where a resumed run goes on."""

import numpy as np
import pytest

from nnkit.data import Batches, ImageSet
from nnkit.errors import ConfigError, DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 4, 5), np.uint8)
LABELS = (np.arange(50) % 10).astype(np.uint8)


def make_set(images=IMAGES, labels=LABELS):
    return ImageSet("noise", images, labels, tuple("0123456789"), 0.25, 0.5)


def batches(batch_size=16, input_size=(6, 6), shuffle=True, seed=1, image_set=None):
    return Batches(image_set or make_set(), batch_size, input_size, shuffle=shuffle, seed=seed)


def arrays(iterator):
    return [(images.numpy(), labels.numpy()) for images, labels in iterator]


def test_every_image_comes_once_the_last_batch_is_smaller():
    loader = batches()
    got = arrays(loader.epoch(0))
    assert len(loader) == len(got) == 4
    assert [len(labels) for _, labels in got] == [16, 16, 16, 2]
    order = loader.order(0)
    np.testing.assert_array_equal(np.sort(order), np.arange(50))
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in got]), LABELS[order])
    pixels = np.concatenate([images for images, _ in got])
    normalised = (IMAGES.astype(np.float32) / np.float32(255) - np.float32(0.25)) / np.float32(0.5)
    np.testing.assert_array_equal(pixels[:, 0, 1:5, :5], normalised[order])
    background = np.ones((6, 6), bool)
    background[1:5, :5] = False
    assert (pixels[:, 0, background] == -0.5).all()


def test_batches_are_tensors_with_the_batch_innermost():
    for images, labels in batches(batch_size=17).epoch(0):
        count = len(labels.numpy())
        assert images.numpy().shape == (count, 1, 6, 6)
        assert images.numpy().dtype == np.float32
        assert images.numpy().strides[0] == 4
        assert labels.numpy().shape == (count,)
        assert labels.numpy().dtype == np.int64
        assert not images.requires_grad


@pytest.mark.parametrize("batch_size", [1, 7, 49, 50, 51, 1000])
def test_any_batch_size_works(batch_size):
    loader = batches(batch_size)
    got = arrays(loader.epoch(3))
    assert len(got) == len(loader) == -(-50 // batch_size)
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in got]), LABELS[loader.order(3)])


def test_each_epoch_has_an_order_of_its_own_that_the_seed_decides():
    orders = {batches(seed=seed).order(epoch).tobytes() for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9
    loader, again = batches(seed=5), batches(seed=5)
    arrays(loader.epoch(0))
    np.testing.assert_array_equal(loader.order(7), again.order(7))


def test_without_shuffling_the_order_is_the_sets():
    loader = batches(shuffle=False)
    for epoch in range(2):
        np.testing.assert_array_equal(np.concatenate([labels for _, labels in arrays(loader.epoch(epoch))]), LABELS)


@pytest.mark.parametrize("start", range(6))
def test_a_resumed_epoch_goes_on_with_the_same_batches(start):
    whole = arrays(batches().epoch(2))
    resumed = arrays(batches().epoch(2, start=start))
    assert len(resumed) == max(0, len(whole) - start)
    for (images, labels), (expected_images, expected_labels) in zip(resumed, whole[start:], strict=True):
        np.testing.assert_array_equal(images, expected_images)
        np.testing.assert_array_equal(labels, expected_labels)


def test_batches_do_not_share_memory():
    (first, _), (second, _), *_ = arrays(batches().epoch(0))
    kept = first.copy()
    second[:] = 0
    np.testing.assert_array_equal(first, kept)


def test_any_memory_layout_of_the_images_gives_the_same():
    frozen = IMAGES.copy()
    frozen.flags.writeable = False
    expected = arrays(batches().epoch(0))
    for images in (frozen, np.asfortranarray(IMAGES), np.repeat(IMAGES, 2, axis=0)[::2]):
        got = arrays(batches(image_set=make_set(images)).epoch(0))
        for (pixels, _), (expected_pixels, _) in zip(got, expected, strict=True):
            np.testing.assert_array_equal(pixels, expected_pixels)


def test_the_images_are_not_copied():
    assert batches().images is IMAGES


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_size_below_1_is_refused(batch_size):
    with pytest.raises(ConfigError, match=f"batch size {batch_size}: expected at least 1"):
        batches(batch_size)


@pytest.mark.parametrize("input_size", [(3, 5), (4, 4)])
def test_images_larger_than_the_input_are_refused(input_size):
    with pytest.raises(DataError, match=r"noise: images of 4 x 5 do not fit a network that takes [34] x [54]"):
        batches(input_size=input_size)
