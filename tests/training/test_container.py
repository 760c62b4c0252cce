"""The checkpoint file format: exact round trips, and no altered byte passes."""

import json
import random

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nnkit.errors import CheckpointError, FileAccessError
from nnkit.training import container

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


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_memory_layout_comes_back_exactly(layout, tmp_path):
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


def test_any_flipped_bit_is_refused(saved):
    """K3."""
    content = saved.read_bytes()
    for bit in random.Random(0).sample(range(8 * len(content)), 1000):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        saved.write_bytes(flipped)
        with pytest.raises(CheckpointError, match=r"a\.safetensors: "):
            container.decode(saved)


def test_cut_or_longer_files_are_refused(saved):
    """K1 and K2."""
    content = saved.read_bytes()
    for k in range(16):
        saved.write_bytes(content[: len(content) * k // 16])
        with pytest.raises(CheckpointError, match=r"damaged|empty"):
            container.decode(saved)
    saved.write_bytes(content + b"\0")
    with pytest.raises(CheckpointError, match="damaged"):
        container.decode(saved)


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
        '"a":' + "[" * 100_000 + "]" * 100_000,
        '"a":3',
    ],
)
def test_lying_headers_are_refused(tensors, tmp_path):
    """K4 to K8."""
    path = tmp_path / "a.safetensors"
    path.write_bytes(sealed(f"{{{METADATA},{tensors}}}".encode(), bytes(16)))
    with pytest.raises(CheckpointError, match="damaged"):
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


class Bomb:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (self.marker, "w")


@pytest.mark.parametrize("protocol", range(6))
def test_pickle_files_are_never_loaded(protocol, tmp_path):
    """K16."""
    import pickle

    marker = tmp_path / "ran"
    path = tmp_path / "a.safetensors"
    path.write_bytes(pickle.dumps(Bomb(str(marker)), protocol))
    with pytest.raises(CheckpointError, match="pickle files are never loaded"):
        container.decode(path)
    assert not marker.exists()


def test_a_torch_file_is_never_loaded(tmp_path):
    import torch

    path = tmp_path / "a.pt"
    torch.save({"a": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="pickle files are never loaded"):
        container.decode(path)


def test_what_is_not_a_file_is_refused(tmp_path):
    """K20."""
    empty = tmp_path / "empty"
    empty.touch()
    for path, message in [(empty, "empty"), (tmp_path, "is a directory"), (tmp_path / "no", "does not exist")]:
        with pytest.raises(CheckpointError, match=message):
            container.decode(path)


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
