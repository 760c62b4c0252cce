"""Pictures from files of anyone's making."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from nnkit.errors import ConfigError, DataError
from nnkit.imaging.resampling import Bytes, Floats

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
# Larger files are no drawings; a file of this size can be kept in memory.
MOST_BYTES = 1 << 27
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
_NAMES = "PNG, JPEG, BMP, GIF or WebP"
# Larger pictures are made so small: enough for a digit that takes a fiftieth of a photograph.
_LONGEST = 1500


def read_picture(content: bytes, name: str) -> Bytes:
    """Return the pixels of an image file, upright and without transparency, and not larger than 1500 pixels.

    Args:
        content: a whole file.
        name: what errors call it.

    Returns:
        uint8, (H, W) if it is grey and (H, W, 3) if it has colours.

    Raises:
        ConfigError: Pillow is not installed.
        DataError: the file is not an image of a known format, is damaged, or has too many pixels.
    """
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise ConfigError("reading images needs Pillow: pip install 'nnkit[image]'") from None
    with warnings.catch_warnings():
        # Pillow finds fault with much that can be read; a size that it warns of is refused.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                image.draft(None, (_LONGEST, _LONGEST))
                image.load()
                return _pixels(ImageOps.exif_transpose(image))
        except UnidentifiedImageError:
            raise DataError(f"{name}: not an image that can be read: expected {_NAMES}") from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise DataError(f"{name}: has more than {Image.MAX_IMAGE_PIXELS:,} pixels; make it smaller first") from None
        except MemoryError:
            raise
        except Exception as error:
            # There is no end to what decoders raise for files that are damaged.
            raise DataError(f"{name}: damaged, or not an image: {' '.join(str(error).split())}") from None


def _pixels(image: Image) -> Bytes:
    if image.mode == "F" or image.mode.startswith("I"):
        return _stretched(np.asarray(_smaller(image.convert("F"))))
    if "A" in image.getbands() or "transparency" in image.info:
        return _on_paper(np.asarray(_smaller(image.convert("RGBA")), np.float32))
    return np.array(_smaller(image.convert("L" if image.mode in ("1", "L") else "RGB")))


def _smaller(image: Image) -> Image:
    image.thumbnail((_LONGEST, _LONGEST))
    return image


def _stretched(values: Floats) -> Bytes:
    """Return numbers of any range as bytes."""
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)


def _on_paper(pixels: Floats) -> Bytes:
    """Return a picture with transparency (H, W, 4) on white if its own colours are dark, and on black if not."""
    colours, opacity = pixels[..., :3], pixels[..., 3:] / 255
    brightness = float((colours * opacity).sum()) / max(3 * float(opacity.sum()), 1)
    paper = 255 if brightness < 128 else 0
    return np.rint(colours * opacity + paper * (1 - opacity)).astype(np.uint8)
