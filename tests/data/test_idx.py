"""IDX files: the good ones are read, every other is refused in one line that names file and counts."""

import gzip
import hashlib
import os
import socket
import struct
import tracemalloc

import numpy as np
import pytest
from reliability.inputs import case

from nnkit.data.idx import content_sha256, file_md5, read_idx
from nnkit.errors import DataError, FileAccessError

IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
LABELS = np.array([7, 0, 9], np.uint8)


def header(*sizes: int, kind: int = 8, dimensions: int | None = None) -> bytes:
    count = len(sizes) if dimensions is None else dimensions
    return bytes([0, 0, kind, count]) + struct.pack(f">{len(sizes)}I", *sizes)


PLAIN = header(3, 4, 5) + IMAGES.tobytes()
ZIPPED = gzip.compress(PLAIN, mtime=0)


def refusal(path, dimensions=3) -> str:
    with pytest.raises(DataError) as caught:
        read_idx(path, dimensions)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize(("name", "content"), [("images", PLAIN), ("images.gz", ZIPPED)])
def test_images_are_read_plain_or_gzipped(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    images = read_idx(tmp_path / name, 3)
    np.testing.assert_array_equal(images, IMAGES)
    assert images.dtype == np.uint8
    assert images.flags.c_contiguous
    assert images.flags.writeable


def test_labels_are_read(tmp_path):
    (tmp_path / "labels").write_bytes(header(3) + LABELS.tobytes())
    np.testing.assert_array_equal(read_idx(tmp_path / "labels", 1), LABELS)


@pytest.mark.parametrize("compress", [None, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(PLAIN[:3], "truncated: 3 bytes, too short for an IDX header", id="magic cut"),
        pytest.param(PLAIN[:13], "truncated: the header ends before its 3 dimensions", id="sizes cut"),
        case("D8", b"\x01" + PLAIN[1:], "got something else (magic 01000803)", about="wrong magic"),
        case("D8", ZIPPED, "got a gzip file without the ending .gz (magic 1f8b", about="gzip inside"),
        case("D8", header(3, 4, 5, kind=0x0D), "got elements of type 0x0d (magic 00000d03)", about="floats"),
        case(
            "D9",
            header(3) + LABELS.tobytes(),
            "expected an IDX file of images (magic 00000803), got one of labels (magic 00000801)",
            about="labels for images",
        ),
        case("D8", header(dimensions=0), "got 0 dimensions", about="0 dimensions"),
        case("D8", header(3, 4, 5, 1), "got 4 dimensions", about="4 dimensions"),
        case("D8", header(*[1] * 255), "got 255 dimensions (magic 000008ff)", about="255 dimensions"),
        case("D17", header(0, 28, 28), "empty dataset: its dimensions are 0 x 28 x 28", about="0 images"),
        case("D17", header(3, 0, 28), "empty dataset: its dimensions are 3 x 0 x 28", about="0 rows"),
        case(
            "D10",
            header(*[2**32 - 1] * 3),
            "declares 4294967295 x 4294967295 x 4294967295 bytes, the most that is read is 268435456",
            about="largest dimensions",
        ),
        case(
            "D11",
            header(2**31, 2**31, 4) + b"data",
            "declares 2147483648 x 2147483648 x 4 bytes, the most",
            about="a product of 2**64",
        ),
    ],
)
def test_a_header_of_another_kind_is_refused(tmp_path, content, expected, compress):
    path = tmp_path / ("images.gz" if compress else "images")
    path.write_bytes(compress(content) if compress else content)
    assert expected in refusal(path)


@pytest.mark.parametrize(
    ("content", "plain", "zipped"),
    [
        case("D7", b"", "empty file", "truncated: 0 bytes", about="no bytes"),
        case(
            "D12",
            PLAIN[:-1],
            "declares 3 x 4 x 5 bytes, holds 59",
            "truncated: declares 3 x 4 x 5 bytes, holds 59",
            about="one byte short",
        ),
        case(
            "D12",
            PLAIN + b"!",
            "declares 3 x 4 x 5 bytes, holds 61",
            "declares 3 x 4 x 5 bytes and has more bytes after them",
            about="one byte long",
        ),
        case(
            "D12",
            header(60000, 28, 28) + b"data",
            "declares 60000 x 28 x 28 bytes, holds 4",
            "gzipped bytes cannot hold the declared 60000 x 28 x 28",
            about="nearly all missing",
        ),
    ],
)
def test_a_wrong_number_of_bytes_is_refused(tmp_path, content, plain, zipped):
    (tmp_path / "images").write_bytes(content)
    assert plain in refusal(tmp_path / "images")
    (tmp_path / "images.gz").write_bytes(gzip.compress(content))
    assert zipped in refusal(tmp_path / "images.gz")


@pytest.mark.case("D9")
def test_D9_images_for_labels_are_refused(tmp_path):
    (tmp_path / "labels").write_bytes(PLAIN)
    assert "expected an IDX file of labels (magic 00000801), got one of images" in refusal(tmp_path / "labels", 1)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        case("D7", b"", "empty file", about="no bytes"),
        case("D6", PLAIN, "not gzip: begins with 0000, not 1f8b", about="not compressed"),
        case("D6", b"<!DOCTYPE html>", "not gzip (it looks like a web page)", about="web page"),
        case("D4", ZIPPED[:-8] + b"\0\0\0\0" + ZIPPED[-4:], "the CRC of the content is not", about="CRC"),
        case("D4", ZIPPED[:-4] + b"\0\0\0\0", "the length of the content is not", about="length"),
        case("D5", ZIPPED + b"!", "1 or more trailing bytes after the gzip data", about="trailing byte"),
        case("D5", ZIPPED + ZIPPED, f"{len(ZIPPED)} or more trailing bytes", about="second member"),
    ],
)
def test_damaged_gzip_is_refused(tmp_path, content, expected):
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    assert expected in refusal(path)


@pytest.mark.case("D3")
def test_D3_gzip_cut_anywhere_is_refused(tmp_path, tried):
    path = tmp_path / "images.gz"
    for size in range(1, len(ZIPPED)):
        path.write_bytes(ZIPPED[:size])
        assert ("truncated" if size > 1 else "not gzip") in refusal(path)
    tried(len(ZIPPED) - 1)


def test_no_flipped_bit_changes_what_is_read(tmp_path):
    path = tmp_path / "images.gz"
    refused = 0
    for bit in range(8 * len(ZIPPED)):
        damaged = bytearray(ZIPPED)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            # Gzip's own header has bits without a meaning, such as the time: they may differ.
            np.testing.assert_array_equal(read_idx(path, 3), IMAGES)
        except DataError:
            refused += 1
    assert refused > 8 * (len(ZIPPED) - 10)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        case("D16", header(2, 28, 28), "declares 2 x 28 x 28 bytes and has more", about="declared small"),
        case("D16", header(2**19, 28, 28), "the most that is read is 268435456", about="declared large"),
    ],
)
def test_a_gzip_bomb_is_not_unpacked(tmp_path, start, expected):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(start + bytes(1 << 26)))
    tracemalloc.start()
    try:
        assert expected in refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 22


@pytest.mark.case("D16")
def test_D16_memory_follows_the_file_not_its_header(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(header(1 << 18, 28, 28) + bytes(1 << 18)) + bytes(1 << 19))
    tracemalloc.start()
    try:
        assert "truncated: declares 262144 x 28 x 28 bytes, holds 262144" in refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 23


def test_a_path_that_is_not_a_regular_file_is_refused(tmp_path):
    assert refusal(tmp_path / "missing") == "does not exist"
    assert refusal(tmp_path) == "not a regular file"
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "below") == "does not exist"


@pytest.mark.case("D18")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and /dev")
def test_D18_a_fifo_or_device_is_refused_at_once(tmp_path):
    for name in ("fifo", "fifo.gz"):
        os.mkfifo(tmp_path / name)
        assert refusal(tmp_path / name) == "not a regular file"
    (tmp_path / "zero.gz").symlink_to("/dev/zero")
    assert refusal(tmp_path / "zero.gz") == "not a regular file"


@pytest.mark.case("D2")
@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs sockets in the file system")
def test_D2_what_the_system_refuses_is_another_error(tmp_path, monkeypatch):
    # A socket cannot be opened by anyone, unlike a file without permissions, which root can read.
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("images")
        with pytest.raises(FileAccessError, match=r"images: cannot be read: ") as caught:
            read_idx(tmp_path / "images", 3)
    assert caught.value.exit_code == 6


@pytest.mark.case("D2")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_D2_a_file_without_permission_is_a_file_access_error(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(PLAIN)
    path.chmod(0)
    with pytest.raises(FileAccessError, match="Permission denied"):
        read_idx(path, 3)


def test_digests_are_those_of_the_files(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(ZIPPED)
    assert content_sha256(IMAGES) == hashlib.sha256(PLAIN).hexdigest()
    assert content_sha256(np.asfortranarray(IMAGES)) == hashlib.sha256(PLAIN).hexdigest()
    assert file_md5(path) == hashlib.md5(ZIPPED).hexdigest()
