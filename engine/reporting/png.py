"""Small pictures for pages, as PNG."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Channels of a pixel, and the number that the format has for them.
_GREY, _COLOUR_AND_ALPHA = 0, 6


def encode(pixels: Pixels) -> bytes:
    """Return an image as a PNG file.

    Args:
        pixels: uint8 (H, W) for grey, or (H, W, 4) for red, green, blue and alpha.

    Source: ISO/IEC 15948:2004, "Portable Network Graphics".
    """
    height, width = pixels.shape[:2]
    kind = _GREY if pixels.ndim == 2 else _COLOUR_AND_ALPHA
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    # Each row begins with the number of its filter, which is none.
    rows = np.pad(pixels.reshape(height, -1), ((0, 0), (1, 0)))
    content = zlib.compress(rows.tobytes(), 9)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", content) + _chunk(b"IEND", b"")


def data_address(pixels: Pixels) -> str:
    """Return an image as the address of an `img` element that needs no file."""
    return "data:image/png;base64," + base64.b64encode(encode(pixels)).decode()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
