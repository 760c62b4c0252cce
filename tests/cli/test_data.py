"""`nnkit data`: where data sets are, whether they are whole, and what they look like."""

import gzip
import sys

import numpy as np
import pytest

from nnkit.cli.main import run
from nnkit.data import load


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    monkeypatch.delenv("NNKIT_DATA_DIR", raising=False)
    monkeypatch.setenv("NNKIT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with a small set of four well-formed files in place of MNIST."""
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for name, count in (("train", 5), ("t10k", 3)):
        images, labels = np.zeros((count, 28, 28), np.uint8), np.arange(count, dtype=np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            (folder / f"{name}-{kind}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes()))
    monkeypatch.setenv("NNKIT_DATA_DIR", str(folder.parent))
    return folder


def out(capsys, *arguments):
    assert run(["data", *arguments]) == 0
    return capsys.readouterr().out


def test_data_sets_that_are_not_here_say_how_to_get_them(nowhere, capsys):
    assert out(capsys, "ls").splitlines() == [
        "digits         10 classes  part of nnkit",
        "fashion_mnist  10 classes  not on this machine; nnkit data download fashion_mnist fetches it",
        "mnist          10 classes  not on this machine; nnkit data download mnist fetches it",
    ]


def test_data_sets_that_are_here_say_where(files, capsys):
    assert out(capsys, "ls").splitlines()[2] == f"mnist          10 classes  {files}"


def test_files_are_compared_with_what_was_published(files, capsys):
    lines = out(capsys, "verify", "mnist").splitlines()
    assert len(lines) == 4
    for line in lines:
        assert "ubyte.gz: well-formed, but not the published file: the SHA-256 of its content is " in line
    path = files / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-5])
    assert run(["data", "verify", "mnist"]) == 3
    assert "t10k-images-idx3-ubyte.gz: truncated" in capsys.readouterr().err


@pytest.mark.mnist
def test_the_real_files_are_as_published(capsys):
    lines = out(capsys, "verify", "mnist").splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == ["as published"] * 4


def test_bundled_digits_are_verified_and_not_downloaded(nowhere, capsys):
    assert out(capsys, "verify", "digits").splitlines() == [
        "digits.npz: 1,415 images for train, as they come with nnkit",
        "digits.npz: 382 images for test, as they come with nnkit",
    ]
    assert out(capsys, "download", "digits") == "digits: part of nnkit, there is nothing to download\n"
    assert not nowhere.exists()


@pytest.mark.parametrize("columns", [20, 60, 100])
def test_digits_are_drawn_side_by_side(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = out(capsys, "show", "digits", "--split", "test", "--count", "3").splitlines()
    in_a_row = max(1, (columns + 2) // 30)
    rows = -(-3 // in_a_row)
    assert len(lines) == rows * 15 + rows - 1
    assert max(map(len, lines)) <= max(28, columns)
    names = [name for line in lines[14::16] for name in line.split()]
    images = load("digits", "test")
    assert names == [str(label) for label in images.labels[:3]]
    # The first image, block by block.
    bright = images.images[0] > 96
    for row, line in enumerate(lines[:14]):
        drawn = f"{line[:28]:<28}"
        assert [character in "▀█" for character in drawn] == bright[2 * row].tolist()
        assert [character in "▄█" for character in drawn] == bright[2 * row + 1].tolist()


def test_images_of_one_class_are_chosen(capsys):
    text = out(capsys, "show", "digits", "--label", "7", "--count", "4", "--start", "2")
    assert set(text.splitlines()[-1].split()) == {"7"}
    assert run(["data", "show", "digits", "--label", "11"]) == 2
    assert "unknown class '11'" in capsys.readouterr().err
    assert run(["data", "show", "digits", "--start", "5000"]) == 2
    assert capsys.readouterr().err == "nnkit: error: --start 5000: there are not so many images\n"


def test_a_contact_sheet_has_every_image(tmp_path, capsys):
    image = pytest.importorskip("PIL.Image", reason="a PNG needs Pillow")
    path = tmp_path / "sheet.png"
    assert out(capsys, "show", "digits", "--count", "7", "--png", str(path)) == f"7 images are in {path}\n"
    sheet = np.asarray(image.open(path))
    images = load("digits", "train").images[:7]
    # Three columns of cells of 62 x 76 pixels, each image twice as large as it is.
    for number, expected in enumerate(images):
        row, column = divmod(number, 3)
        top, left = 6 + row * 76, 6 + column * 62
        np.testing.assert_array_equal(sheet[top : top + 56 : 2, left : left + 56 : 2], expected)


def test_without_pillow_it_is_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert run(["data", "show", "digits", "--png", str(tmp_path / "sheet.png")]) == 2
    assert capsys.readouterr().err == "nnkit: error: a PNG needs Pillow: pip install 'nnkit[image]'\n"
    assert list(tmp_path.iterdir()) == []


def test_unknown_names_have_a_closest_match(capsys):
    for action in ("download", "verify", "show"):
        assert run(["data", action, "mnits"]) == 2
        assert "unknown data set 'mnits', did you mean 'mnist'?" in capsys.readouterr().err
