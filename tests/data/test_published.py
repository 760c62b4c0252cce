"""Data sets of four files: where they are looked for, and what is refused."""

import dataclasses
import gzip
import hashlib
import os

import numpy as np
import pytest

from nnkit.data import DATASETS, FASHION_MNIST, MNIST, load
from nnkit.data.published import PublishedFile, PublishedSet
from nnkit.errors import ConfigError, DataError, FileAccessError
from nnkit.folders import cache_folder

TRAIN_IMAGES = np.arange(4 * 6 * 6, dtype=np.uint8).reshape(4, 6, 6)
TRAIN_LABELS = np.array([0, 1, 2, 1], np.uint8)
TEST_IMAGES = 255 - TRAIN_IMAGES[:2]
TEST_LABELS = np.array([2, 0], np.uint8)
ARRAYS = {
    "train-images": TRAIN_IMAGES,
    "train-labels": TRAIN_LABELS,
    "test-images": TEST_IMAGES,
    "test-labels": TEST_LABELS,
}


@pytest.fixture
def contents(idx_gz):
    """The four files of a small data set, by name."""
    return {f"{name}.gz": idx_gz(array) for name, array in ARRAYS.items()}


@pytest.fixture
def small(contents, mirror, monkeypatch, send_body):
    """The small data set, published on the loopback mirror; the labels of the test split by MD5."""

    def file(name):
        body = contents[f"{name}.gz"]
        digests = {"sha256": hashlib.sha256(gzip.decompress(body)).hexdigest()}
        if name == "test-labels":
            digests = {"md5": hashlib.md5(body).hexdigest()}
        return PublishedFile(name, ARRAYS[name].shape, **digests)

    def answer(handler):
        send_body(handler, contents[handler.path.split("/")[-1]])

    files = {split: (file(f"{split}-images"), file(f"{split}-labels")) for split in ("train", "test")}
    data_set = PublishedSet("small", ("a", "b", "c"), 0.5, 0.25, files, (mirror.add("data", answer),))
    monkeypatch.setitem(DATASETS._entries, "small", data_set)
    return data_set


@pytest.fixture
def users_folder(tmp_path, monkeypatch, no_data_folders):
    folder = tmp_path / "mine"
    folder.mkdir()
    monkeypatch.setenv("NNKIT_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def set_mirrors(small, monkeypatch):
    """Returns the function that gives the small data set other mirrors."""
    return lambda *mirrors: monkeypatch.setitem(DATASETS._entries, "small", dataclasses.replace(small, mirrors=mirrors))


def put(folder, contents):
    folder.mkdir(exist_ok=True, parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def refusal(*args, **options) -> str:
    with pytest.raises(DataError) as caught:
        load(*args, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_files_are_fetched_once_and_then_cached(small, mirror, no_data_folders):
    train = load("small", "train")
    np.testing.assert_array_equal(train.images, TRAIN_IMAGES)
    np.testing.assert_array_equal(train.labels, TRAIN_LABELS)
    assert (train.name, train.classes, train.mean, train.std) == ("small", ("a", "b", "c"), 0.5, 0.25)
    assert mirror.requests == ["/data/train-images.gz", "/data/train-labels.gz"]

    np.testing.assert_array_equal(load("small", "test").images, TEST_IMAGES)
    assert load("small", "train", download=False).images.tobytes() == TRAIN_IMAGES.tobytes()
    assert len(mirror.requests) == 4
    assert sorted(os.listdir(no_data_folders / "data" / "small")) == sorted(f"{name}.gz" for name in ARRAYS)


@pytest.mark.case("D26")
@pytest.mark.parametrize("name", ["test-images.gz", "test-labels.gz"])
@pytest.mark.parametrize("change", ["flipped", "cut", "recompressed with other content"])
def test_D26_an_altered_cached_file_is_found_and_fetched_again(
    small, mirror, no_data_folders, contents, idx_gz, name, change
):
    load("small", "test")
    path = no_data_folders / "data" / "small" / name
    altered = bytearray(contents[name])
    if change == "flipped":
        altered[len(altered) // 2] ^= 1
    elif change == "cut":
        altered = altered[:-1]
    else:
        altered = idx_gz(ARRAYS[name.removesuffix(".gz")][::-1])
    path.write_bytes(altered)

    assert refusal("small", "test", download=False).startswith(f"{path}: ")
    assert path.read_bytes() == altered
    np.testing.assert_array_equal(load("small", "test").images, TEST_IMAGES)
    assert path.read_bytes() == contents[name]


@pytest.mark.case("D19")
def test_D19_a_mirror_with_other_content_is_passed_over(small, set_mirrors, mirror, no_data_folders, idx_gz):
    # A well-formed file of the right size: only the checksum tells.
    bad = mirror.add_file("bad", idx_gz(TRAIN_IMAGES[::-1]))
    set_mirrors(bad, *small.mirrors)
    np.testing.assert_array_equal(load("small", "train").images, TRAIN_IMAGES)
    assert mirror.requests[:2] == ["/bad/train-images.gz", "/data/train-images.gz"]

    set_mirrors(bad)
    assert "not the published file: the SHA-256 of its content is " in refusal("small", "test")


def test_a_mirror_may_compress_anew(small, mirror, no_data_folders, contents):
    contents["train-images.gz"] = gzip.compress(gzip.decompress(contents["train-images.gz"]), 1)
    np.testing.assert_array_equal(load("small", "train").images, TRAIN_IMAGES)


@pytest.mark.case("D1")
def test_D1_offline_one_line_tells_what_to_do(set_mirrors, no_data_folders, monkeypatch):
    ways_out = "put train-images.gz, train-labels.gz, test-images.gz, test-labels.gz into "
    folder = no_data_folders / "data" / "small"
    set_mirrors()
    message = refusal("small", "train")
    assert message.startswith("small: cannot download train-images.gz")
    assert f"{ways_out}{folder} or a folder that NNKIT_DATA_DIR names" in message
    assert "use the data set 'digits', which is part of the package" in message

    message = refusal("small", "train", download=False)
    assert message.startswith(f"{folder / 'train-images.gz'}: does not exist; {ways_out}{folder}")

    monkeypatch.setenv("NNKIT_DATA_DIR", str(no_data_folders.parent))
    assert f"{ways_out}{no_data_folders.parent / 'small'}, or" in refusal("small", "train")


@pytest.mark.case("D26")
def test_D26_offline_an_altered_cached_file_is_named(set_mirrors, no_data_folders, contents):
    folder = no_data_folders / "data" / "small"
    put(folder, contents | {"train-images.gz": contents["test-images.gz"]})
    set_mirrors()
    message = refusal("small", "train")
    assert message.startswith(f"{folder / 'train-images.gz'}: not the published file: the SHA-256 ")
    assert "; small: cannot download train-images.gz (no mirrors); put " in message


def test_following_the_advice_helps(set_mirrors, no_data_folders, contents):
    put(no_data_folders / "data" / "small", contents)
    set_mirrors()
    np.testing.assert_array_equal(load("small", "train").images, TRAIN_IMAGES)


@pytest.mark.parametrize("subfolder", ["small", "."])
@pytest.mark.parametrize("compressed", [True, False])
def test_the_users_folder_comes_first(small, mirror, users_folder, contents, subfolder, compressed):
    if not compressed:
        contents = {name[:-3]: gzip.decompress(content) for name, content in contents.items()}
    put(users_folder / subfolder, contents)
    np.testing.assert_array_equal(load("small", "train").images, TRAIN_IMAGES)
    np.testing.assert_array_equal(load("small", "test").labels, TEST_LABELS)
    assert mirror.requests == []


def test_the_users_subfolder_comes_before_the_folder(small, users_folder, contents, idx_gz):
    put(users_folder, contents)
    own = {"test-images.gz": idx_gz(TEST_IMAGES[:1]), "test-labels.gz": idx_gz(TEST_LABELS[:1])}
    put(users_folder / "small", own)
    assert len(load("small", "test")) == 1
    assert len(load("small", "train")) == 4


def test_a_users_folder_without_the_files_is_passed_over(small, mirror, users_folder):
    np.testing.assert_array_equal(load("small", "train").images, TRAIN_IMAGES)
    assert len(mirror.requests) == 2


def test_a_users_folder_with_half_of_the_files_is_refused(small, mirror, users_folder, contents):
    put(users_folder, {"train-images.gz": contents["train-images.gz"]})
    message = refusal("small", "train")
    assert message == f"{users_folder}: holds neither train-labels.gz nor train-labels"
    assert mirror.requests == []


@pytest.mark.case("D1")
def test_D1_a_users_folder_that_is_none_is_refused(small, tmp_path, monkeypatch, mirror):
    monkeypatch.setenv("NNKIT_DATA_DIR", str(tmp_path / "missing"))
    message = f"{tmp_path / 'missing'}: NNKIT_DATA_DIR names a folder that does not exist"
    assert refusal("small", "train") == f"{message}; create it, or unset it to download small"
    (tmp_path / "file").touch()
    monkeypatch.setenv("NNKIT_DATA_DIR", str(tmp_path / "file"))
    assert refusal("small", "train").endswith("NNKIT_DATA_DIR names something that is not a folder")
    assert mirror.requests == []


@pytest.mark.case("D13", "D14")
def test_D13_D14_counts_and_labels_are_checked(small, users_folder, contents, idx_gz):
    put(users_folder, contents)
    (users_folder / "train-labels.gz").write_bytes(idx_gz(TRAIN_LABELS[:3]))
    images, labels = users_folder / "train-images.gz", users_folder / "train-labels.gz"
    assert refusal("small", "train") == f"{labels}: 3 labels for the 4 images in {images}"

    labels.write_bytes(idx_gz(np.array([0, 1, 2, 3], np.uint8)))
    assert refusal("small", "train") == f"{labels}: label 3 at index 3, expected 0 to 2"


def test_files_of_another_data_set_are_refused(small, users_folder, contents, monkeypatch):
    # All sets in this format use the same names, so loose files could be any of them.
    other = PublishedSet("other", ("a", "b", "c"), 0.5, 0.25, dict(small.files), ())
    other.files["test"] = (small.files["test"][0], PublishedFile("test-labels", (2,), md5="0" * 32))
    monkeypatch.setitem(DATASETS._entries, "other", other)
    put(users_folder, contents)
    message = refusal("other", "test")
    assert message.startswith(f"{users_folder / 'test-labels.gz'}: belongs to small, not other; ")


def test_a_dangling_link_is_not_taken_for_a_missing_file(small, users_folder, contents):
    put(users_folder, contents)
    (users_folder / "train-labels.gz").unlink()
    (users_folder / "train-labels.gz").symlink_to(users_folder / "gone")
    assert refusal("small", "train") == f"{users_folder / 'train-labels.gz'}: does not exist"


def test_a_name_too_long_for_the_system_is_a_file_access_error(small, monkeypatch, tmp_path):
    monkeypatch.setenv("NNKIT_DATA_DIR", str(tmp_path / ("x" * 300)))
    with pytest.raises(FileAccessError, match="cannot be read: File name too long"):
        load("small", "train")


def test_unknown_names_are_config_errors(no_data_folders):
    with pytest.raises(ConfigError, match="unknown data set 'minst', did you mean 'mnist'"):
        load("minst", "train")
    with pytest.raises(ConfigError, match="unknown split 'tset', did you mean 'test'"):
        load("mnist", "tset")


def test_the_cache_folder_is_the_platforms_unless_named(monkeypatch):
    monkeypatch.setenv("NNKIT_CACHE_DIR", "somewhere")
    assert str(cache_folder()) == "somewhere"
    monkeypatch.delenv("NNKIT_CACHE_DIR")
    assert cache_folder().is_absolute()
    assert "nnkit" in cache_folder().parts


@pytest.mark.parametrize("data_set", [MNIST, FASHION_MNIST], ids=lambda data_set: data_set.name)
def test_what_is_published(data_set):
    assert DATASETS.get(data_set.name) is data_set
    assert len(data_set.classes) == 10
    assert all(mirror.endswith("/") for mirror in data_set.mirrors)
    for split, count in {"train": 60000, "test": 10000}.items():
        images, labels = data_set.files[split]
        assert images.shape == (count, 28, 28)
        assert labels.shape == (count,)
        for file in (images, labels):
            assert (file.sha256 is None) != (file.md5 is None)
            int(file.sha256 or file.md5, 16)


def test_most_bytes_is_enough_for_what_does_not_compress(small):
    noise = np.random.default_rng(0).integers(0, 256, 47_040_000 // 16, dtype=np.uint8)
    file = PublishedFile("noise", noise.shape, sha256="")
    assert len(gzip.compress(noise.tobytes(), 1)) < file.most_bytes()
