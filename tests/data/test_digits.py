"""The data set in the package."""

import hashlib

import numpy as np
import pytest

from nnkit.data import digits, load
from nnkit.errors import DataError, FileAccessError


@pytest.fixture(scope="module")
def train():
    return load("digits", "train")


@pytest.fixture(scope="module")
def test():
    return load("digits", "test")


def test_the_parts_are_fixed(train, test):
    assert (len(train), len(test)) == (1415, 382)
    assert np.bincount(train.labels).tolist() == [140, 143, 140, 144, 142, 143, 142, 141, 139, 141]
    assert np.bincount(test.labels).tolist() == [38, 39, 37, 39, 39, 39, 39, 38, 35, 39]
    assert train.classes == test.classes == tuple("0123456789")


def test_the_bundled_file_is_the_published_one():
    # The same digest comes from the rows of optdigits.tes: 64 values each, then the label.
    with np.load(digits._FILE, allow_pickle=False) as arrays:
        rows = np.column_stack([arrays["images"].reshape(-1, 64), arrays["labels"]])
    text = "\n".join(",".join(map(str, row)) for row in rows) + "\n"
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"
    )


def test_images_are_scaled_to_the_middle(train):
    assert train.images.shape == (1415, 28, 28)
    assert train.images.dtype == np.uint8
    assert train.images.max() == 255
    # A digit fills the box of 20 x 20; beyond it there is one pixel that its edge fades out in.
    border = np.ones((28, 28), bool)
    border[3:25, 3:25] = False
    assert not train.images[:, border].any()
    assert train.images[:, 4].any()
    assert train.images[:, 23].any()


def test_scaling_is_bilinear():
    dot = np.zeros((1, 8, 8), np.uint8)
    dot[0, 3, 4] = 16
    (image,) = digits._enlarge(dot)
    # Pixel 3 of 8 has its centre at 3.5 / 8 of the box of 20 that begins at 4: 12.75, half a pixel later
    # than the centre of pixel 12; the weight falls to nothing over 20 / 8 = 2.5 pixels.
    down = np.maximum(0, 1 - np.abs(np.arange(28) + 0.5 - 12.75) / 2.5)
    across = np.maximum(0, 1 - np.abs(np.arange(28) + 0.5 - 15.25) / 2.5)
    np.testing.assert_allclose(image, 255 * np.outer(down, across), atol=0.5 + 1e-9)


def test_both_parts_are_normalised_by_the_training_pixels(train, test):
    pixels = train.images / 255
    assert train.mean == test.mean == pytest.approx(pixels.mean(), rel=1e-12)
    assert train.std == test.std == pytest.approx(pixels.std(), rel=1e-12)


def test_no_folder_and_no_network_is_needed(no_data_folders, monkeypatch):
    monkeypatch.setenv("NNKIT_DATA_DIR", "missing")
    assert len(load("digits", "test", download=False)) == 382
    assert not no_data_folders.exists()


def save(path, **arrays):
    np.savez_compressed(path, **arrays)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path, good: path.write_bytes(b""),
        lambda path, good: path.write_bytes(good[: len(good) // 2]),
        lambda path, good: path.write_bytes(good[:20000] + b"\0" * 8 + good[20008:]),
        lambda path, good: path.write_bytes(b"not a zip"),
        lambda path, good: save(path, images=np.zeros((1797, 8, 8), np.uint8)),
        lambda path, good: save(path, images=np.zeros((5, 8, 8), np.uint8), labels=np.zeros(5, np.uint8)),
        lambda path, good: save(path, images=np.full((1797, 8, 8), 17, np.uint8), labels=np.zeros(1797, np.uint8)),
        lambda path, good: save(path, images=np.array([print], object), labels=np.zeros(1, np.uint8)),
    ],
    ids=["empty", "cut", "altered", "no zip", "no labels", "few images", "too bright", "pickle"],
)
def test_a_damaged_file_is_refused(tmp_path, monkeypatch, damage):
    path = tmp_path / "digits.npz"
    damage(path, digits._FILE.read_bytes())
    monkeypatch.setattr(digits, "_FILE", path)
    with pytest.raises(DataError, match="install nnkit again") as caught:
        load("digits", "train")
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_file_access_error(tmp_path, monkeypatch):
    monkeypatch.setattr(digits, "_FILE", tmp_path / "digits.npz")
    with pytest.raises(FileAccessError, match="No such file"):
        load("digits", "train")
