"""Arrays and text in one safetensors file of which any altered byte is noticed.

The metadata holds a SHA-256 of the whole file, taken with 64 zeros in its own place, so that names, shapes,
metadata and data are all covered. The header is written here: the library's has a random order, and equal
contents must give equal files.

Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from nnkit.errors import CheckpointError
from nnkit.training.files import open_regular

Array = npt.NDArray[Any]

MAX_HEADER_BYTES = 16 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024
_LENGTH_BYTES = 8
_BLANK = b"0" * 64
_DIGEST = re.compile(rb'"sha256":"([0-9a-f]{64})"')


def encode(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """Return the content of a safetensors file; equal arguments give equal bytes.

    Raises:
        ValueError: the file would not give the same arrays back.
    """
    dense = {name: _dense(array) for name, array in arrays.items()}
    content = safetensors.numpy.save(dict(sorted(dense.items())))
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    header = {"__metadata__": {**dict(sorted(metadata.items())), "sha256": _BLANK.decode()}}
    header.update(json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length]))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    blank = len(text).to_bytes(_LENGTH_BYTES, "little") + text + content[_LENGTH_BYTES + length :]
    digest = hashlib.sha256(blank).hexdigest().encode()
    _compare(dense, safetensors.numpy.load(blank))
    return blank.replace(b'"sha256":"' + _BLANK, b'"sha256":"' + digest, 1)


def _dense(array: Array) -> Array:
    # The library writes the memory of an array whatever its strides: only C order is read back right.
    native = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    return native.reshape(array.shape)


def _compare(expected: Mapping[str, Array], written: Mapping[str, Array]) -> None:
    same = expected.keys() == written.keys() and all(
        array.dtype == written[name].dtype
        and array.shape == written[name].shape
        and array.tobytes() == written[name].tobytes()
        for name, array in expected.items()
    )
    if not same:
        raise ValueError("the arrays would not be read back as they are")


def decode(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the arrays and the metadata of a file written by `encode`, once its checksum has been verified.

    Raises:
        CheckpointError: the file is missing, not such a file, or altered.
        FileAccessError: it may not be read.
    """
    with open_regular(path, CheckpointError) as file:
        header = _read_header(file, path)
        digest = _DIGEST.findall(header)
        if len(digest) != 1:
            raise CheckpointError(f"{path}: not an nnkit checkpoint: it has no checksum in its metadata")
        file.seek(0)
        if _checksum(file, header) != digest[0].decode():
            raise CheckpointError(f"{path}: damaged: its content does not have the checksum that it was saved with")
        file.seek(0)
        content = file.read()
    try:
        arrays = safetensors.numpy.load(content)
        metadata = json.loads(header)["__metadata__"]
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{path}: damaged: {error}") from None
    return arrays, metadata


def _read_header(file: BinaryIO, path: Path) -> bytes:
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(_LENGTH_BYTES + 1)
    if size == 0:
        raise CheckpointError(f"{path}: empty")
    length = int.from_bytes(start[:_LENGTH_BYTES], "little")
    if start[_LENGTH_BYTES:] != b"{" or length > size - _LENGTH_BYTES:
        raise CheckpointError(f"{path}: damaged, or not a safetensors file (pickle files are never loaded)")
    if length > MAX_HEADER_BYTES:
        raise CheckpointError(f"{path}: its header has {length} bytes, expected at most {MAX_HEADER_BYTES}")
    return start[_LENGTH_BYTES:] + file.read(length - 1)


def _checksum(file: BinaryIO, header: bytes) -> str:
    blank = _DIGEST.sub(b'"sha256":"' + _BLANK + b'"', header)
    checksum = hashlib.sha256(file.read(_LENGTH_BYTES) + blank)
    file.seek(len(header), 1)
    while block := file.read(_BLOCK_BYTES):
        checksum.update(block)
    return checksum.hexdigest()
