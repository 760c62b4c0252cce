"""Fuzzing of the IDX and gzip readers."""

import gzip
import struct

import numpy as np
from reliability.fuzzing import Target, answer, put

from nnkit.data.idx import read_idx


def read(path):
    """Read a file as what it is, as gzip, and as what a gzip file holds."""
    content = path.read_bytes()
    plain = [answer(read_idx, path, dimensions) for dimensions in (1, 3)]
    assert all(array is None or encoded(array) == content for array in plain), "not what is in the file"
    zipped = path.with_suffix(".gz")
    put(zipped, gzip.compress(content, 1, mtime=0))
    unpacked = [answer(read_idx, zipped, dimensions) for dimensions in (1, 3)]
    assert all(map(np.array_equal, plain, unpacked)), "compression makes a difference"
    put(zipped, content)
    for dimensions in (1, 3):
        array = answer(read_idx, zipped, dimensions)
        assert array is None or encoded(array) == gzip.decompress(content), "not what is in the gzip file"


def encoded(array):
    """Return the IDX file of an array."""
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


IMAGES = encoded(np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4))
LABELS = encoded(np.array([3, 1, 4, 1, 5], np.uint8))
HUGE = struct.pack(">4B3I", 0, 0, 8, 3, *[2**32 - 1] * 3)
ZIPPED = gzip.compress(IMAGES, mtime=0)

TARGET = Target(
    case="F2",
    read=read,
    seeds=[
        *(IMAGES, LABELS, ZIPPED, gzip.compress(LABELS, mtime=0)),
        *(b"", IMAGES[:7], IMAGES[:-1], IMAGES + b"!", HUGE, encoded(np.zeros((0, 28, 28), np.uint8))),
        *(ZIPPED[:9], ZIPPED[:-1], ZIPPED + b"!", ZIPPED + ZIPPED, gzip.compress(bytes(10_000)), b"<html>"),
        # A name, a comment, further fields and a checksum of all that, before the compressed bytes.
        b"\x1f\x8b\x08\x1e\0\0\0\0\0\xff\x02\0ab" + b"name\0comment\0" + b"\0\0" + ZIPPED[10:],
    ],
    words=[
        *(b"\0\0\x08\x01", b"\0\0\x08\x03", b"\0\0\x0d\x03", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x01"),
        *(b"\x1f\x8b\x08", b"\x80\0\0\0", bytes(8), b"\0\x01\0\0"),
    ],
)
