"""Augmentation as batches have it: what decides it, and what it leaves alone."""

import dataclasses

import numpy as np
import pytest

from nnkit.data import Augmentation, Batches, ImageSet
from nnkit.data.augmentation import LARGEST, augmentation_key
from nnkit.errors import ConfigError
from nnkit.kernels import backend_for

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 9, 12), np.uint8)
LABELS = (np.arange(50) % 10).astype(np.uint8)
AUGMENTATION = Augmentation(shift=2, rotation=15, scale=0.1, elastic=1)
SIZE = (11, 15)


def batches(batch_size=16, seed=1, augmentation=AUGMENTATION, shuffle=True):
    image_set = ImageSet("noise", IMAGES, LABELS, tuple("0123456789"), 0.25, 0.5)
    return Batches(image_set, batch_size, SIZE, shuffle=shuffle, seed=seed, augmentation=augmentation)


def by_index(loader, epoch=0):
    """Return all images of an epoch in the order of the set."""
    images, labels = (np.concatenate(parts) for parts in zip(*arrays(loader, epoch), strict=True))
    back = np.argsort(loader.order(epoch))
    np.testing.assert_array_equal(labels[back], LABELS)
    return images[back]


def arrays(loader, epoch=0, start=0):
    return [(images.numpy(), labels.numpy()) for images, labels in loader.epoch(epoch, start)]


def test_without_ranges_the_bits_are_those_without_augmentation():
    plain = by_index(batches(augmentation=None))
    assert by_index(batches(augmentation=Augmentation())).tobytes() == plain.tobytes()
    assert by_index(batches()).tobytes() != plain.tobytes()


def test_images_are_changed_bytes_normalised_as_all_are():
    got = by_index(batches())
    bytes_again = (got * np.float32(0.5) + np.float32(0.25)) * np.float32(255)
    np.testing.assert_allclose(bytes_again, np.rint(bytes_again), atol=1e-4)
    assert bytes_again.min() > -1e-4
    assert bytes_again.max() < 255 + 1e-4


@pytest.mark.parametrize("batch_size", [1, 7, 50])
def test_the_batch_size_and_the_order_do_not_matter(batch_size):
    whole = by_index(batches())
    np.testing.assert_array_equal(by_index(batches(batch_size)), whole)
    np.testing.assert_array_equal(by_index(batches(shuffle=False)), whole)


def test_every_seed_and_epoch_changes_images_in_its_own_way():
    got = {by_index(batches(seed=seed), epoch).tobytes() for seed in range(3) for epoch in range(3)}
    assert len(got) == 9
    assert by_index(batches(), 2).tobytes() == by_index(batches(), 2).tobytes()


def test_a_resumed_epoch_goes_on_with_the_same_images():
    whole = arrays(batches(), epoch=4)
    for (images, _), (expected, _) in zip(arrays(batches(), epoch=4, start=2), whole[2:], strict=True):
        np.testing.assert_array_equal(images, expected)


def test_the_images_of_the_set_stay_as_they_are():
    before = IMAGES.copy()
    arrays(batches())
    np.testing.assert_array_equal(IMAGES, before)


@pytest.mark.parametrize("augmentation", [None, Augmentation(shift=2, elastic=1)])
def test_pixels_are_what_a_gather_takes(augmentation):
    loader = batches(augmentation=augmentation)
    for (images, labels), (pixels, same_labels) in zip(loader.epoch(1), loader.pixels(1), strict=True):
        gathered = backend_for("cpu").gather(*pixels)
        np.testing.assert_array_equal(gathered, images.numpy())
        np.testing.assert_array_equal(labels.numpy(), same_labels.numpy())


def test_keys_differ():
    keys = {augmentation_key(seed, epoch) for seed in (0, 1, 2**63 - 1) for epoch in range(50)}
    assert len(keys) == 150
    assert all(0 <= key < 2**64 for key in keys)
    # For ever: a resumed run, and a run of another version, see the same images.
    assert augmentation_key(0, 0) == 13338082157743870533


def test_no_range_is_no_augmentation():
    assert not Augmentation()
    for field in dataclasses.fields(Augmentation):
        assert Augmentation(**{field.name: 0.5})


@pytest.mark.parametrize("name", LARGEST)
def test_ranges_that_make_no_sense_are_refused(name):
    Augmentation(**{name: LARGEST[name]})
    for wrong in (-0.1, LARGEST[name] + 0.1, float("nan")):
        with pytest.raises(ConfigError, match=rf"augmentation: {name} {wrong}: expected a number from 0 to "):
            Augmentation(**{name: wrong})
