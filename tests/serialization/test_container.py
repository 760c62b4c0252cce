"""The checkpoint file format: exact round trips, and no altered byte passes."""

import json

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nnkit.errors import CheckpointError, FileAccessError
from nnkit.serialization import container

BASE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
LAYOUTS = {
    "C order": BASE,
    "Fortran order": np.asfortranarray(BASE),
    "transposed": BASE.T,
    "strided": BASE[:, ::2],
    "negative strides": BASE[::-1, :, ::-1],
    "broadcast": np.broadcast_to(np.float32(2.5), (3, 4)),
    "0-d": np.array(7.25),
    "empty": np.zeros((0, 3), np.int64),
    "bool": np.array([True, False]),
    "batch innermost": np.moveaxis(np.zeros((3, 4, 16), np.float32), -1, 0)[:5],
    "big endian": np.arange(3, dtype=">f4"),
}


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(container.encode({"weight": BASE, "bias": np.zeros(3)}, {"epoch": "3", "config": "{}"}))
    return path


@pytest.mark.case("K22")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_K22_every_memory_layout_comes_back_exactly(layout, tmp_path):
    array = LAYOUTS[layout]
    path = tmp_path / "a.safetensors"
    path.write_bytes(container.encode({"array": array}, {}))
    back = container.decode(path)[0]["array"]
    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(back, array)


@settings(max_examples=50, deadline=None)
@given(
    array=arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.int64, np.uint8]),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    ),
    text=st.text(),
)
def test_any_array_and_text_come_back(array, text, tmp_path_factory):
    path = tmp_path_factory.mktemp("container") / "a.safetensors"
    path.write_bytes(container.encode({"array": array}, {"config": text}))
    back, metadata = container.decode(path)
    assert back["array"].tobytes() == array.tobytes()
    assert metadata["config"] == text


def test_equal_contents_give_equal_bytes(saved):
    content, metadata = container.decode(saved)
    del metadata["sha256"]
    reversed_order = dict(reversed(content.items())), dict(reversed(metadata.items()))
    assert container.encode(*reversed_order) == saved.read_bytes()


def test_the_library_reads_the_file(saved):
    assert safetensors.numpy.load_file(saved)["weight"].tolist() == BASE.tolist()
    with safetensors.safe_open(saved, "numpy") as file:
        assert file.metadata()["epoch"] == "3"


def sealed(header: bytes, data: bytes = b"") -> bytes:
    """Return a file with a checksum that is right, as someone with bad intentions can make one."""
    import hashlib

    zeros = b'"sha256":"' + b"0" * 64 + b'"'
    assert header.count(zeros) == 1
    blank = len(header).to_bytes(8, "little") + header + data
    return blank.replace(zeros, b'"sha256":"' + hashlib.sha256(blank).hexdigest().encode() + b'"')


METADATA = '"__metadata__":{"sha256":"' + "0" * 64 + '"}'


@pytest.mark.parametrize(
    "tensors",
    [
        '"a":{"dtype":"F32","shape":[4],"data_offsets":[0,1000000000000]}',
        '"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,16]}',
        '"a":{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,16]}',
        '"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}',
        '"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}',
        '"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}',
        '"a":{"dtype":"BF16","shape":[8],"data_offsets":[0,16]}',
        '"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}',
        '"a":{"dtype":"F32","shape":[4],"shape":[4],"data_offsets":[0,16]}',
        '"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"__metadata__":{}',
        '"\\u001b[31m":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}',
        '"":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}',
        '"a":{"dtype":"U32","shape":[4],"data_offsets":[0,16]}',
        '"a":{"dtype":"F32","shape":[true,4],"data_offsets":[0,16]}',
        '"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"more":1}',
        '"a":' + "[" * 100_000 + "]" * 100_000,
        '"a":3',
    ],
)
def test_lying_headers_are_refused(tensors, tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(sealed(f"{{{METADATA},{tensors}}}".encode(), bytes(16)))
    with pytest.raises(CheckpointError, match="damaged") as caught:
        container.decode(path)
    assert str(caught.value).isprintable()


def test_names_come_in_one_order(saved):
    assert [list(container.decode(saved)[0]) for _ in range(5)] == [["bias", "weight"]] * 5


@pytest.mark.parametrize("name", ["", "a\nb", "\x1b[31m", "a" * 1000])
def test_a_name_that_could_not_be_shown_is_not_written(name):
    with pytest.raises(ValueError, match="an array is named"):
        container.encode({name: BASE}, {})


@pytest.mark.parametrize("kind", [np.uint32, np.float16, np.complex64])
def test_a_type_that_is_not_read_is_not_written(kind):
    with pytest.raises((ValueError, safetensors.SafetensorError)):
        container.encode({"a": BASE.astype(kind)}, {})


def test_what_would_be_too_large_to_be_read_is_not_written(monkeypatch):
    with pytest.raises(CheckpointError, match="expected at most"):
        container.encode({"a": BASE}, {"config": "x" * container.MAX_HEADER_BYTES})
    monkeypatch.setattr(container, "MAX_FILE_BYTES", 100)
    with pytest.raises(CheckpointError, match="use a smaller network"):
        container.encode({"a": BASE}, {})


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    length = container.MAX_FILE_BYTES
    entry = {"dtype": "U8", "shape": [length], "data_offsets": [0, length]}
    text = json.dumps({"__metadata__": {"sha256": "0" * 64}, "a": entry}, separators=(",", ":")).encode()
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + length)
    with pytest.raises(CheckpointError, match="expected at most 2147483648"):
        container.decode(path)


def test_a_header_without_end_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        file.write((2**33).to_bytes(8, "little") + b"{")
        file.truncate(2**34)
    with pytest.raises(CheckpointError, match="expected at most"):
        container.decode(path)


def test_a_file_without_checksum_is_not_ours(tmp_path):
    path = tmp_path / "a.safetensors"
    safetensors.numpy.save_file({"a": BASE}, path)
    with pytest.raises(CheckpointError, match="not an nnkit checkpoint"):
        container.decode(path)


def test_a_checksum_in_the_metadata_text_is_no_second_one(tmp_path):
    path = tmp_path / "a.safetensors"
    text = json.dumps({"sha256": "0" * 64}, separators=(",", ":"))
    path.write_bytes(container.encode({"a": BASE}, {"config": text}))
    assert container.decode(path)[1]["config"] == text


def test_a_pipe_is_refused(tmp_path):
    import os

    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(CheckpointError, match="not a regular file"):
        container.decode(path)


def test_no_permission_is_an_access_error(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "a"
    path.touch()
    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(FileAccessError, match="cannot be read: Permission denied"):
        container.decode(path)
