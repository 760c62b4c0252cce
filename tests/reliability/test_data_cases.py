"""Data files that cannot be used: each is refused by the real command, in one line, and nothing is made.

The rows are named by the ids of docs/reliability.md. What the readers do in detail is in tests/data.
"""

import gzip
import os
import socket
import struct
import zlib

import pytest
from reliability.inputs import case, error_lines, refusal_here, refusal_of_process

from nnkit.cli import main

IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
# The recurrent network needs the fewest kernels, where none are compiled yet.
TRAIN = ("train", "rnn", "--output", "out", "--epochs", "1", "--threads", "1")
# A port that answers nothing: the addresses of the mirrors lead nowhere through it, on every machine.
OFFLINE = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https")}


def header(*sizes, kind=8, dimensions=None):
    return bytes([0, 0, kind, len(sizes) if dimensions is None else dimensions]) + struct.pack(
        f">{len(sizes)}I", *sizes
    )


def packed(content):
    return gzip.compress(content, mtime=0)


def bomb(start, zeros):
    """Return a gzip file of `start` and many zeros, made without having them in memory."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    parts = [deflater.compress(start), *(deflater.compress(block) for _ in range(zeros >> 20)), deflater.flush()]
    return b"".join(parts)


PIXELS = bytes(i % 251 for i in range(4 * 28 * 28))
GOOD_IMAGES, GOOD_LABELS = header(4, 28, 28) + PIXELS, header(4) + bytes([3, 1, 4, 1])
ZIPPED = packed(GOOD_IMAGES)
CONTENTS = {IMAGES: ZIPPED, LABELS: packed(GOOD_LABELS), TEST_IMAGES: ZIPPED, TEST_LABELS: packed(GOOD_LABELS)}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder with a small MNIST in a folder that is the current one; the cache folder is elsewhere."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    monkeypatch.setenv("NNKIT_DATA_DIR", str(folder))
    return folder


def test_the_small_mnist_trains_as_it_is(folder, capsys):
    assert main.run([*TRAIN, "--quiet"]) == 0
    assert (folder.parent / "out" / "metrics.jsonl").read_text().count("\n") == 1


MAGIC = "expected an IDX file of images (magic 00000803), got "
REFUSED = [
    case("D4", IMAGES, ZIPPED[:-8] + b"\0\0\0\0" + ZIPPED[-4:], "damaged gzip file: the CRC of the", about="CRC"),
    case("D4", IMAGES, ZIPPED[:-4] + b"\0\0\0\0", "damaged gzip file: the length of the content", about="length"),
    case("D5", IMAGES, ZIPPED + b"!", "1 or more trailing bytes after the gzip data"),
    case("D5", IMAGES, ZIPPED + ZIPPED, "trailing bytes after the gzip data", about="second member"),
    case("D6", IMAGES, b"<!DOCTYPE html>\n<title>Sign in</title>", "not gzip (it looks like a web page)"),
    case("D7", IMAGES, b"", "empty file"),
    case("D8", IMAGES, packed(b"\1" + GOOD_IMAGES[1:]), f"{MAGIC}something else (magic 01000803)", about="magic"),
    case("D8", IMAGES, packed(header(4, 28, 28, kind=13)), f"{MAGIC}elements of type 0x0d", about="type"),
    case("D8", IMAGES, packed(header(dimensions=0)), f"{MAGIC}0 dimensions (magic 00000800)", about="0 dimensions"),
    case("D8", IMAGES, packed(header(4, 28, 28, 1)), f"{MAGIC}4 dimensions (magic 00000804)", about="4 dimensions"),
    case("D8", IMAGES, packed(header(*[1] * 255)), f"{MAGIC}255 dimensions (magic 000008ff)", about="255 dimensions"),
    case("D9", IMAGES, packed(GOOD_LABELS), f"{MAGIC}one of labels (magic 00000801)", about="images"),
    case("D9", LABELS, ZIPPED, "expected an IDX file of labels (magic 00000801), got one of images", about="labels"),
    case("D10", IMAGES, packed(header(*[2**32 - 1] * 3)), "declares 4294967295 x 4294967295 x 4294967295 bytes"),
    case(
        "D10", LABELS, packed(header(2**32 - 1)), "declares 4294967295 bytes, the most that is read is", about="labels"
    ),
    case("D11", IMAGES, packed(header(2**31, 2**31, 4) + b"data"), "declares 2147483648 x 2147483648 x 4 bytes, the"),
    case("D12", IMAGES, packed(GOOD_IMAGES[:-1]), "truncated: declares 4 x 28 x 28 bytes, holds 3135", about="too few"),
    case("D12", IMAGES, packed(GOOD_IMAGES + b"!"), "declares 4 x 28 x 28 bytes and has more bytes", about="too many"),
    case("D14", LABELS, packed(header(4) + bytes([0, 9, 10, 1])), "label 10 at index 2, expected 0 to 9"),
    case("D16", IMAGES, bomb(header(4, 28, 28), 1 << 27), "declares 4 x 28 x 28 bytes and has more bytes after them"),
    case("D16", IMAGES, bomb(header(2**19, 28, 28), 1 << 27), "the most that is read is 268435456", about="declared"),
    case("D17", IMAGES, packed(header(0, 28, 28)), "empty dataset: its dimensions are 0 x 28 x 28"),
]


@pytest.mark.parametrize(("name", "content", "expected"), REFUSED)
def test_file_is_refused(name, content, expected, folder, capsys):
    path = folder / name
    path.write_bytes(content)
    refused(refusal_here(TRAIN, capsys), f"{path}: ", expected)


def refused(refusal, start, *expected):
    """Check that data was refused, and what the only line begins with and holds."""
    assert refusal.code == 3
    (line,) = refusal.lines
    assert line.startswith(start)
    assert all(text in line for text in expected), line


@pytest.mark.case("D3")
def test_D3_a_gzip_file_cut_at_each_sixteenth(folder, capsys, tried):
    for sixteenth in range(1, 16):
        (folder / IMAGES).write_bytes(ZIPPED[: len(ZIPPED) * sixteenth // 16])
        refused(refusal_here(TRAIN, capsys), f"{folder / IMAGES}: ", "truncated")
    tried(15)


@pytest.mark.case("D13")
def test_D13_a_label_too_few(folder, capsys):
    (folder / IMAGES).write_bytes(packed(header(60000, 28, 28) + bytes(60000 * 28 * 28)))
    (folder / LABELS).write_bytes(packed(header(59999) + bytes(59999)))
    refused(refusal_here(TRAIN, capsys), f"{folder / LABELS}: 59999 labels for the 60000 images in {folder / IMAGES}")


@pytest.mark.parametrize("name", [case("D18", "fifo", about="pipe"), case("D18", "zero", about="device")])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and /dev")
def test_what_is_no_file_is_refused(name, folder, capsys, monkeypatch):
    # Not in the folder that is looked at before and after: reading a pipe would not end.
    odd = folder.parent.with_name(f"{folder.parent.name}-{name}")
    odd.mkdir()
    (odd / LABELS).write_bytes(CONTENTS[LABELS])
    if name == "fifo":
        os.mkfifo(odd / IMAGES)
    else:
        (odd / IMAGES).symlink_to("/dev/zero")
    monkeypatch.setenv("NNKIT_DATA_DIR", str(odd))
    refused(refusal_here(TRAIN, capsys), f"{odd / IMAGES}: not a regular file")


@pytest.mark.case("D2")
@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs sockets in the file system")
def test_D2_a_file_that_nobody_can_open(folder, monkeypatch):
    # Root may read what has no permissions; a socket cannot be opened by anyone.
    (folder / IMAGES).unlink()
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(IMAGES)
        refusal = refusal_of_process(TRAIN, folder.parent)
    assert refusal.code == 6
    (line,) = refusal.lines
    assert line.startswith(f"{folder / IMAGES}: cannot be read: ")


@pytest.mark.case("D2")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_D2_a_file_without_permission(folder, capsys):
    (folder / IMAGES).chmod(0)
    code = main.run([*TRAIN])
    assert (code, error_lines(capsys.readouterr().err)) == (
        6,
        [f"{folder / IMAGES}: cannot be read: Permission denied"],
    )


@pytest.mark.case("D1")
def test_D1_a_data_folder_that_does_not_exist(tmp_path):
    missing = tmp_path / "missing"
    refusal = refusal_of_process(TRAIN, tmp_path, NNKIT_DATA_DIR=str(missing), **OFFLINE)
    refused(refusal, f"{missing}: NNKIT_DATA_DIR names a folder that does not exist", "unset it")


@pytest.mark.case("D1")
def test_D1_no_data_folder_and_no_network(tmp_path):
    cache = tmp_path.with_name(f"{tmp_path.name}-cache")
    refusal = refusal_of_process(TRAIN, tmp_path, NNKIT_DATA_DIR="", NNKIT_CACHE_DIR=str(cache), **OFFLINE)
    folder = cache / "data" / "mnist"
    refused(
        refusal, f"mnist: cannot download {IMAGES} (https://", f"put {IMAGES}, {LABELS}, ", f" into {folder} or a f"
    )
    assert os.listdir(folder) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        case("D10", packed(header(*[2**32 - 1] * 3)), "the most that is read is 268435456", about="process"),
        case("D11", packed(header(2**31, 2**31, 4)), "the most that is read is 268435456", about="process"),
        case("D16", bomb(header(4, 28, 28), 1 << 29), "and has more bytes after them", about="process"),
    ],
)
def test_nothing_is_allocated_for_what_a_header_declares(content, expected, folder):
    (folder / IMAGES).write_bytes(content)
    refused(refusal_of_process(TRAIN, folder.parent), f"{folder / IMAGES}: ", expected)
