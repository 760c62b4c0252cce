"""Image sets, their random order, and validation splits."""

import numpy as np
import pytest

from nnkit.data import DATASETS, ImageSet, split_validation
from nnkit.data.image_set import permutation
from nnkit.errors import ConfigError, DataError

IMAGES = np.arange(10 * 2 * 3, dtype=np.uint8).reshape(10, 2, 3)
LABELS = np.arange(10, dtype=np.uint8)
CLASSES = tuple("abcdefghij")


@pytest.fixture
def image_set():
    return ImageSet("letters", IMAGES, LABELS, CLASSES, 0.25, 0.5)


def test_a_set_keeps_its_arrays(image_set):
    assert image_set.images is IMAGES
    assert len(image_set) == 10


@pytest.mark.parametrize("name", DATASETS.names())
def test_classes_are_known_before_files_are_read(name, monkeypatch):
    monkeypatch.setenv("NNKIT_DATA_DIR", "/missing")
    assert len(DATASETS.get(name).classes) == 10


def test_a_selection_keeps_the_normalisation(image_set):
    chosen = image_set.select(np.array([7, 2]))
    np.testing.assert_array_equal(chosen.images, IMAGES[[7, 2]])
    np.testing.assert_array_equal(chosen.labels, [7, 2])
    assert (chosen.name, chosen.classes, chosen.mean, chosen.std) == ("letters", CLASSES, 0.25, 0.5)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"images": IMAGES[:9]}, "letters: 10 labels for the 9 images in letters"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, r"letters: empty dataset: .* \(0, 2, 3\)"),
        ({"images": IMAGES[0]}, r"expected images of uint8 with shape \(N, H, W\), got uint8 with \(2, 3\)"),
        ({"images": IMAGES / 255}, r"got float64 with \(10, 2, 3\)"),
        ({"labels": LABELS.astype(np.int64)}, "expected labels of uint8"),
        ({"labels": LABELS[:, np.newaxis]}, r"got uint8 with \(10, 1\)"),
        ({"classes": CLASSES[:8]}, "label 8 at index 8, expected 0 to 7"),
        ({"std": 0.0}, "cannot normalise with mean 0.25 and std 0.0"),
        ({"std": float("nan")}, "cannot normalise"),
        ({"mean": float("inf")}, "cannot normalise"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, expected):
    parts = {"images": IMAGES, "labels": LABELS, "classes": CLASSES, "mean": 0.25, "std": 0.5}
    with pytest.raises(DataError, match=expected):
        ImageSet("letters", **(parts | changes))


def test_a_permutation_is_the_same_for_ever():
    assert permutation(10, 0, "shuffle", 0).tolist() == [0, 6, 5, 8, 3, 2, 9, 1, 7, 4]
    assert permutation(10, 0, "shuffle", 1).tolist() == [9, 2, 6, 1, 0, 3, 4, 8, 7, 5]


def test_a_permutation_depends_on_every_argument():
    orders = [
        permutation(1000, seed, purpose, number)
        for seed in (0, 1, 2**32, 2**64)
        for purpose in ("shuffle", "validation")
        for number in (0, 1, 2**32)
    ]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert len({order.tobytes() for order in orders}) == len(orders)


@pytest.mark.parametrize(("fraction", "count"), [(0.1, 1), (0.25, 2), (0.34, 3), (0.9, 9)])
def test_a_validation_split_divides_the_set(image_set, fraction, count):
    train, validation = split_validation(image_set, fraction, seed=3)
    assert len(validation) == count
    assert sorted([*train.labels, *validation.labels]) == list(range(10))
    for part in (train, validation):
        np.testing.assert_array_equal(part.images, IMAGES[part.labels])
        assert (np.diff(part.labels.astype(int)) > 0).all(), "the order of the set is kept"
        assert (part.mean, part.std) == (0.25, 0.5)


def test_the_seed_chooses_the_validation_images(image_set):
    def chosen(seed):
        return split_validation(image_set, 0.3, seed)[1].labels.tolist()

    assert chosen(1) == chosen(1)
    assert len({tuple(chosen(seed)) for seed in range(20)}) > 10


@pytest.mark.parametrize("fraction", [0, 1, 0.01, 0.99, -0.5, 1.5, float("nan")])
def test_a_fraction_that_leaves_a_part_empty_is_refused(image_set, fraction):
    with pytest.raises(ConfigError, match=f"a validation fraction of {fraction} of 10 images"):
        split_validation(image_set, fraction, seed=0)
