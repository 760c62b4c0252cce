"""Many small images in one picture."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

from nnkit.errors import ConfigError
from nnkit.files import write_atomically

if TYPE_CHECKING:
    from nnkit.data import ImageSet

# Pixels of the picture for each pixel of an image, between images, and for the name below.
_SCALE, _GAP, _NAME = 2, 6, 14
_PAPER, _INK = 255, 60


def write_contact_sheet(path: Path, images: ImageSet) -> None:
    """Write a PNG of images in about as many columns as rows, each with its class below.

    Raises:
        ConfigError: Pillow is not installed.
        FileAccessError: the file cannot be written.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise ConfigError("a PNG needs Pillow: pip install 'nnkit[image]'") from None
    count, height, width = images.images.shape
    columns = math.ceil(math.sqrt(count))
    cell = (width * _SCALE + _GAP, height * _SCALE + _NAME + _GAP)
    sheet = Image.new("L", (columns * cell[0] + _GAP, math.ceil(count / columns) * cell[1] + _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (image, label) in enumerate(zip(images.images, images.labels.tolist(), strict=True)):
        row, column = divmod(number, columns)
        left, top = _GAP + column * cell[0], _GAP + row * cell[1]
        picture = Image.fromarray(image).resize((width * _SCALE, height * _SCALE), Image.Resampling.NEAREST)
        sheet.paste(picture, (left, top))
        draw.text((left, top + height * _SCALE + 1), images.classes[label], fill=_INK)
    content = io.BytesIO()
    sheet.save(content, "PNG")
    write_atomically(path, content.getvalue())
