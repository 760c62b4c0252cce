"""Arrays and text in one safetensors file of which any altered byte is noticed.

The metadata holds a SHA-256 of the whole file, taken with 64 zeros in its own place, so that names, shapes,
metadata and data are all covered. The header is written here: the library's has a random order, and equal
contents must give equal files.

A file may come from a stranger, who can compute a SHA-256 as well: what its header says about sizes is held
against the size of the file before anything is read or allocated.

Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from nnkit.errors import CheckpointError
from nnkit.files import open_regular

Array = npt.NDArray[Any]

# A header has about 100 bytes for each array, and JSON can take forty times its length in memory.
MAX_HEADER_BYTES = 1024 * 1024
# Reading this much for its checksum takes a few seconds.
MAX_FILE_BYTES = 2 * 1024**3
MAX_NAME_CHARACTERS = 256
MAX_DIMENSIONS = 64
# What the `format` in the metadata begins with in all files that were written here.
OWN_FORMATS = "nnkit"

_BLOCK_BYTES = 1024 * 1024
_LENGTH_BYTES = 8
_BLANK = b"0" * 64
_DIGEST = re.compile(rb'"sha256":"([0-9a-f]{64})"')
_ITEM_BYTES = {"F64": 8, "F32": 4, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


def encode(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """Return the content of a safetensors file; equal arguments give equal bytes.

    Raises:
        ValueError: the file would not give the same arrays back.
        CheckpointError: the file would be larger than `decode` reads.
    """
    dense = {name: _dense(array) for name, array in arrays.items()}
    content = safetensors.numpy.save(dict(sorted(dense.items())))
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    header = {"__metadata__": {**dict(sorted(metadata.items())), "sha256": _BLANK.decode()}}
    header.update(json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length]))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    blank = len(text).to_bytes(_LENGTH_BYTES, "little") + text + content[_LENGTH_BYTES + length :]
    if len(text) > MAX_HEADER_BYTES or len(blank) > MAX_FILE_BYTES:
        raise CheckpointError(
            f"a checkpoint of {len(blank)} bytes, {len(text)} of them its header; expected at most "
            f"{MAX_FILE_BYTES} and {MAX_HEADER_BYTES}: use a smaller network, and tensors for long lists of numbers"
        )
    _parse(text, len(blank) - _LENGTH_BYTES - len(text))
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
        CheckpointError: the file is missing, not such a file, too large, or altered.
        FileAccessError: it may not be read.
    """
    with open_regular(path, CheckpointError) as file:
        return decode_stream(file, path)


def decode_stream(
    file: BinaryIO, path: Path | str, *, checksum: bool = True
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the arrays and the metadata of a file that is open.

    Args:
        file: the whole of it is read.
        path: what it is called in errors.
        checksum: whether it must have one; if not, files of other programs are read as well.

    Raises:
        CheckpointError: it is not such a file, too large, or altered.
    """
    size = file.seek(0, 2)
    header = _read_header(file, size, path)
    digest = _DIGEST.findall(header)
    if len(digest) != 1 and (checksum or digest):
        raise CheckpointError(f"{path}: not an nnkit checkpoint: it has no checksum in its metadata")
    try:
        metadata = _parse(header, size - _LENGTH_BYTES - len(header))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: damaged: {error}") from None
    if not digest and metadata.get("format", "").startswith(OWN_FORMATS):
        raise CheckpointError(f"{path}: damaged: it has no checksum in its metadata")
    if size > MAX_FILE_BYTES:
        raise CheckpointError(f"{path}: has {size} bytes, expected at most {MAX_FILE_BYTES}")
    if digest and _checksum(file, header) != digest[0].decode():
        raise CheckpointError(f"{path}: damaged: its content does not have the checksum that it was saved with")
    file.seek(0)
    content = file.read(size)
    try:
        arrays = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: damaged: {error}") from None
    # The library's order is another one each time, and would be that of error messages.
    return dict(sorted(arrays.items())), metadata


def _read_header(file: BinaryIO, size: int, path: Path | str) -> bytes:
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


def _parse(header: bytes, data_bytes: int) -> dict[str, str]:
    """Return the metadata of a header whose arrays fill the data that follows it exactly.

    Raises:
        ValueError: they do not, or it is not such a header.
        RecursionError: it is nested too deeply.
    """
    entries = json.loads(header.decode("utf-8"), object_pairs_hook=_without_duplicates)
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("its metadata is not text")
    spans = sorted(_span(name, entry) for name, entry in entries.items())
    ends = [0, *(end for _, end in spans)]
    if [begin for begin, _ in spans] != ends[:-1] or ends[-1] != data_bytes:
        raise ValueError(f"its arrays do not fill the {data_bytes} bytes that follow its header")
    return metadata


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"{key[:MAX_NAME_CHARACTERS]!r} occurs twice in its header")
        result[key] = value
    return result


def _span(name: str, entry: Any) -> tuple[int, int]:
    """Return where the data of an array begins and ends.

    Raises:
        ValueError: its type, shape and place contradict each other, or it has a name that could not be shown.
    """
    if not is_name(name):
        raise ValueError(f"an array is named {name[:MAX_NAME_CHARACTERS]!r}")
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{name} is not described by type, shape and offsets")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _ITEM_BYTES:
        raise ValueError(f"{name} is not of a known type (known: {', '.join(_ITEM_BYTES)})")
    if not _are_sizes(shape) or len(shape) > MAX_DIMENSIONS or not _are_sizes(offsets) or len(offsets) != 2:
        raise ValueError(f"the shape or the offsets of {name} are not sizes")
    begin, end = offsets
    if end - begin != math.prod(shape) * _ITEM_BYTES[kind]:
        raise ValueError(f"{name} has another number of bytes than its shape needs")
    return begin, end


def is_name(text: str) -> bool:
    """Return whether an array can be called so: what is shown in errors may hold no commands to a terminal."""
    return text.isprintable() and 0 < len(text) <= MAX_NAME_CHARACTERS and text != "__metadata__"


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 2**63 for size in value)


def _checksum(file: BinaryIO, header: bytes) -> str:
    blank = _DIGEST.sub(b'"sha256":"' + _BLANK + b'"', header)
    file.seek(0)
    checksum = hashlib.sha256(file.read(_LENGTH_BYTES) + blank)
    file.seek(len(header), 1)
    while block := file.read(_BLOCK_BYTES):
        checksum.update(block)
    return checksum.hexdigest()
