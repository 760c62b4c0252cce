"""IDX, the file format of MNIST: a magic number, the dimensions, then one byte per element.

Read strictly: whatever is not exactly one well-formed array of bytes is refused, and memory is only
taken for bytes that are really in the file, whatever its header declares.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits (the format);
RFC 1952 (gzip).
"""

from __future__ import annotations

import hashlib
import math
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from nnkit.errors import DataError, FileAccessError

_UINT8 = 0x08
_GZIP_MAGIC = b"\x1f\x8b"
_KINDS = {1: "labels", 3: "images"}
_CHUNK = 1 << 20
# More than five times MNIST: a file that declares more is refused rather than read into memory.
_MOST_BYTES = 1 << 28


def read_idx(path: Path, dimensions: int) -> npt.NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, gzipped if its name ends in `.gz`.

    Args:
        path: the file.
        dimensions: how many it has to have: 3 for images (N, H, W), 1 for labels (N,).

    Raises:
        DataError: the file is missing, damaged, empty, or of another kind.
        FileAccessError: the file system refuses to open or read it.
    """
    with _open_regular(path) as file:
        reader: _Reader = _Gzip(file, path) if path.suffix == ".gz" else _Plain(file, path)
        shape = _read_header(reader, path, dimensions)
        size = math.prod(shape)
        if size > _MOST_BYTES:
            raise DataError(f"{path}: declares {_product(shape)} bytes, the most that is read is {_MOST_BYTES}")
        reader.check_capacity(size, shape)
        content = reader.read(size)
        if len(content) < size:
            raise DataError(f"{path}: truncated: declares {_product(shape)} bytes, holds {len(content)}")
        if reader.read(1):
            raise DataError(f"{path}: declares {_product(shape)} bytes and has more bytes after them")
        reader.check_end()
    return np.frombuffer(content, np.uint8).reshape(shape)


def idx_header(shape: tuple[int, ...]) -> bytes:
    """Return what stands before the data of an IDX file of unsigned bytes.

    The content of such a file is a pure function of its array, so an array that was read is enough to
    verify the file's checksum.
    """
    return bytes((0, 0, _UINT8, len(shape))) + struct.pack(f">{len(shape)}I", *shape)


def content_sha256(array: npt.NDArray[np.uint8]) -> str:
    """Return the SHA-256 of the decompressed IDX file that holds `array`."""
    digest = hashlib.sha256(idx_header(array.shape))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def file_md5(path: Path) -> str:
    """Return the MD5 of a file as it is stored.

    It finds damage, not malice: it is for publishers that list nothing stronger.
    """
    digest = hashlib.md5(usedforsecurity=False)
    with _open_regular(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading; a FIFO or device would block or never end."""
    # O_NONBLOCK lets the open of a FIFO return, so that it can be looked at; Windows has no such flag,
    # but has to be told that the file is binary.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise DataError(f"{path}: not a regular file")
        with open(descriptor, "rb") as file:
            yield file
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{path}: does not exist") from None
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be read: {error.strerror or error}") from error


class _Reader(Protocol):
    """The content of a file, with or without compression."""

    def read(self, size: int) -> bytearray:
        """Return `size` bytes, fewer only where the content ends."""

    def check_capacity(self, size: int, shape: tuple[int, ...]) -> None:
        """Raise DataError if the file cannot hold `size` bytes of data, before any are read."""

    def check_end(self) -> None:
        """Raise DataError if anything follows the content."""


class _Plain:
    """An uncompressed file."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._size = os.fstat(file.fileno()).st_size
        if self._size == 0:
            raise DataError(f"{path}: empty file")

    def read(self, size: int) -> bytearray:
        return bytearray(self._file.read(size))

    def check_capacity(self, size: int, shape: tuple[int, ...]) -> None:
        held = self._size - len(idx_header(shape))
        if held != size:
            raise DataError(f"{self._path}: declares {_product(shape)} bytes, holds {held}")

    def check_end(self) -> None:
        pass


class _Gzip:
    """A file with one gzip member; its checksum and length are verified where the content ends."""

    # Deflate's limit is 1032 to 1: a file of k bytes cannot hold more than that times k.
    _MOST_EXPANSION = 1032

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        start = file.read(len(_GZIP_MAGIC))
        if not start:
            raise DataError(f"{path}: empty file")
        if start != _GZIP_MAGIC:
            web_page = " (it looks like a web page)" if start[:1] == b"<" else ""
            raise DataError(f"{path}: not gzip{web_page}: begins with {start.hex()}, not {_GZIP_MAGIC.hex()}")
        file.seek(0)

    def read(self, size: int) -> bytearray:
        content = bytearray()
        while len(content) < size and not self._inflater.eof:
            chunk = self._inflater.unconsumed_tail or self._file.read(_CHUNK)
            # Without input this still gives out what the inflater holds back, if anything.
            part = self._inflate(chunk, size - len(content))
            if not chunk and not part:
                raise DataError(f"{self._path}: truncated gzip file")
            content += part
        return content

    def _inflate(self, chunk: bytes, size: int) -> bytes:
        try:
            return self._inflater.decompress(chunk, size)
        except zlib.error as error:
            reasons = {
                "incorrect data check": "the CRC of the content is not the stored one",
                "incorrect length check": "the length of the content is not the stored one",
            }
            text = str(error).rpartition(": ")[2]
            raise DataError(f"{self._path}: damaged gzip file: {reasons.get(text, text)}") from None

    def check_capacity(self, size: int, shape: tuple[int, ...]) -> None:
        stored = os.fstat(self._file.fileno()).st_size
        if size > stored * self._MOST_EXPANSION:
            raise DataError(
                f"{self._path}: truncated: {stored} gzipped bytes cannot hold the declared {_product(shape)}"
            )

    def check_end(self) -> None:
        trailing = len(self._inflater.unused_data) + len(self._file.read(_CHUNK))
        if trailing:
            raise DataError(f"{self._path}: {trailing} or more trailing bytes after the gzip data")


def _read_header(reader: _Reader, path: Path, dimensions: int) -> tuple[int, ...]:
    magic = bytes(reader.read(4))
    if len(magic) < 4:
        raise DataError(f"{path}: truncated: {len(magic)} bytes, too short for an IDX header")
    expected = bytes((0, 0, _UINT8, dimensions))
    if magic != expected:
        raise DataError(
            f"{path}: expected an IDX file of {_KINDS[dimensions]} (magic {expected.hex()}), "
            f"got {_describe(magic)} (magic {magic.hex()})"
        )
    sizes = reader.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise DataError(f"{path}: truncated: the header ends before its {dimensions} dimensions")
    shape = struct.unpack(f">{dimensions}I", sizes)
    if 0 in shape:
        raise DataError(f"{path}: empty dataset: its dimensions are {_product(shape)}")
    return shape


def _describe(magic: bytes) -> str:
    if magic[:2] != b"\0\0":
        return "a gzip file without the ending .gz" if magic[:2] == _GZIP_MAGIC else "something else"
    if magic[2] != _UINT8:
        return f"elements of type 0x{magic[2]:02x}"
    kind = _KINDS.get(magic[3])
    return f"one of {kind}" if kind else f"{magic[3]} dimensions"


def _product(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
