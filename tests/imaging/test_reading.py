"""Image files of all kinds, and what only looks like one."""

import io
import struct
import sys
import zlib

import numpy as np
import pytest

from nnkit.errors import ConfigError, DataError
from nnkit.imaging import read_picture

Image = pytest.importorskip("PIL.Image", reason="reading images needs Pillow")

GREY = np.linspace(0, 255, 40 * 30).reshape(40, 30).astype(np.uint8)


def encoded(image, kind="PNG", **options):
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def png(width, height, bits, colour, rows):
    """Return a PNG of any size that its header claims, whatever it holds."""
    chunks = [(b"IHDR", struct.pack(">2I5B", width, height, bits, colour, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "WEBP", "JPEG"])
def test_formats(kind):
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(kind, {})
    pixels = read_picture(encoded(Image.fromarray(GREY), kind, **options), "a")
    assert pixels.dtype == np.uint8
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    np.testing.assert_allclose(grey, GREY, atol=2)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_modes(mode):
    black_and_white = np.where(GREY > 127, 255, 0).astype(np.uint8)
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    pixels = read_picture(encoded(Image.fromarray(black_and_white).convert("RGB").convert(mode), kind), "a")
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    assert ((grey > 127) == (black_and_white > 127)).mean() > 0.97


def test_deep_pixels_are_stretched():
    pixels = read_picture(encoded(Image.fromarray(GREY.astype(np.uint16) * 4)), "a")
    np.testing.assert_allclose(pixels, GREY, atol=1)


@pytest.mark.parametrize(("orientation", "turned"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_photographs_are_turned_upright(orientation, turned):
    image = Image.fromarray(GREY)
    exif = image.getexif()
    exif[0x0112] = orientation
    pixels = read_picture(encoded(image, "PNG", exif=exif), "a")
    np.testing.assert_array_equal(pixels, np.rot90(GREY, turned))


@pytest.mark.parametrize("ink", [0, 255])
def test_strokes_on_nothing_stay_visible(ink):
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[..., :3] = ink
    pixels[5:15, 9:11, 3] = 255
    seen = read_picture(encoded(Image.fromarray(pixels)), "a")
    assert (seen[5:15, 9:11] == ink).all()
    assert (seen[:, :5] == 255 - ink).all()


def test_large_pictures_become_smaller():
    assert read_picture(encoded(Image.new("RGB", (4000, 1000))), "a").shape == (375, 1500, 3)


BOMB = png(30_000, 30_000, 1, 0, zlib.compress(bytes(30_000 * 3751), 9))
PHOTOGRAPH = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)), "JPEG")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an image that can be read: expected PNG, JPEG, BMP, GIF or WebP"),
        (b"<html>", "not an image that can be read"),
        (b"%PDF-1.7", "not an image that can be read"),
        (PHOTOGRAPH[: len(PHOTOGRAPH) // 2], "damaged, or not an image: image file is truncated"),
        (encoded(Image.fromarray(GREY))[:-60], "damaged, or not an image"),
        (BOMB, "has more than 89,478,485 pixels; make it smaller first"),
        (png(2**31 - 1, 2**31 - 1, 8, 2, b""), "has more than 89,478,485 pixels"),
        (png(10, 10, 8, 2, b"nothing"), "damaged, or not an image"),
        (png(0, 0, 8, 2, b""), "not an image that can be read|damaged"),
        # Other formats that Pillow knows are left alone: some run programs.
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "not an image that can be read"),
        (encoded(Image.fromarray(GREY), "TIFF"), "not an image that can be read"),
    ],
)
def test_what_is_no_image_is_refused_in_one_line(content, message):
    with pytest.raises(DataError, match=f"^some.png: .*({message})") as caught:
        read_picture(content, "some.png")
    assert "\n" not in str(caught.value)


def test_files_of_flipped_bytes_are_read_or_refused():
    rng = np.random.default_rng(0)
    files = [encoded(Image.fromarray(GREY), kind) for kind in ("PNG", "BMP", "GIF", "WEBP", "JPEG")]
    for number in range(400):
        content = bytearray(files[number % len(files)])
        for place in rng.integers(0, len(content), rng.integers(1, 6)):
            content[place] = rng.integers(256)
        try:
            assert read_picture(bytes(content), "a").dtype == np.uint8
        except DataError:
            continue


def test_without_pillow_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ConfigError, match=r"^reading images needs Pillow: pip install 'nnkit\[image\]'$"):
        read_picture(b"", "a.png")
