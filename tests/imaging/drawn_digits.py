"""Digits of MNIST as a person would supply them: painted, photographed, chalked or scanned, in any size and light.

    python tests/imaging/drawn_digits.py FOLDER [COUNT [SEED]]

writes some to look at: `7_photo_0012.jpg` is the twelfth, a photograph of a 7.
"""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

# Pixels of the outline for each pixel of MNIST.
_FINE = 8
KINDS = ("painted", "photo", "chalk", "scan", "screen")


class Picture(NamedTuple):
    """The content of an image file, how its name ends, how it was made, and which digit it is."""

    content: bytes
    suffix: str
    kind: str
    label: int

    def name(self, number):
        return f"{self.label}_{self.kind}_{number:04}{self.suffix}"


def pictures(image_set, count, seed):
    """Yield so many pictures of digits that the seed chooses, of all kinds in turn."""
    rng = np.random.default_rng(seed)
    for number, index in enumerate(rng.choice(len(image_set), count, replace=False)):
        kind = KINDS[number % len(KINDS)]
        yield Picture(*drawn(image_set.images[index], kind, rng), kind, int(image_set.labels[index]))


def drawn(digit, kind, rng):
    """Return the picture of an MNIST digit (28, 28), drawn as `kind` says: its file, and how its name ends."""
    longest = round(math.exp(rng.uniform(math.log(40), math.log(1500))))
    if kind in ("photo", "scan", "chalk"):
        # No camera makes smaller ones.
        longest = max(longest, 120)
    shape = (longest, max(30, round(longest * rng.uniform(0.6, 1))))
    height, width = shape if rng.random() < 0.5 else shape[::-1]
    ink = _placed(_stroked(outline(digit), rng), height, width, kind, rng)
    picture = _RENDERERS[kind](ink, rng)
    return _encoded(picture, kind, rng)


def outline(digit):
    """Return a smooth shape (8 * 36, 8 * 36) of 0 and 1 from a digit of 28 x 28."""
    framed = Image.fromarray(np.pad(digit, 4))
    large = framed.resize((36 * _FINE, 36 * _FINE), Image.Resampling.BICUBIC)
    return np.asarray(large.filter(ImageFilter.GaussianBlur(_FINE * 0.4))) > 110


def _stroked(shape, rng):
    """Return the shape drawn with another pen: a thin one of constant width, the same, or a thick one."""
    pen = rng.choice(["thin", "same", "thick"])
    if pen == "thin":
        shape = _grown(_skeleton(shape[::2, ::2]), rng.uniform(0.5, 1.1) * _FINE / 2)
        return np.asarray(Image.fromarray(shape).resize((36 * _FINE, 36 * _FINE), Image.Resampling.BILINEAR)) > 0.5
    if pen == "thick":
        return _grown(shape, rng.uniform(0.3, 0.8) * _FINE)
    return shape


def _grown(shape, radius):
    reach = math.ceil(radius)
    padded = np.pad(shape, reach)
    result = np.zeros_like(shape)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            if down * down + right * right <= radius * radius:
                result |= padded[reach + down :, reach + right :][: shape.shape[0], : shape.shape[1]]
    return result


def _skeleton(shape):
    """Return the lines of one pixel in the middle of the strokes (Zhang and Suen, 1984)."""
    image = np.pad(shape, 1)
    while True:
        before = image.sum()
        for first in (True, False):
            n, ne, e, se, s, sw, w, nw = (
                np.roll(image, offset, (0, 1))
                for offset in ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
            )
            ring = np.stack([n, ne, e, se, s, sw, w, nw, n])
            neighbours = ring[:-1].sum(0)
            rises = (~ring[:-1] & ring[1:]).sum(0)
            sides = ~(n & e & s) & ~(e & s & w) if first else ~(n & e & w) & ~(n & s & w)
            image = image & ~(image & (neighbours >= 2) & (neighbours <= 6) & (rises == 1) & sides)
        if image.sum() == before:
            return image[1:-1, 1:-1]


def _placed(shape, height, width, kind, rng):
    """Return float32 (height, width) in 0..1: the shape turned, sheared, seen from the side, somewhere in there."""
    rows, columns = np.flatnonzero(shape.any(1)), np.flatnonzero(shape.any(0))
    corners = np.array([[columns[0], rows[0]], [columns[-1], rows[0]], [columns[-1], rows[-1]], [columns[0], rows[-1]]])
    centre = corners.mean(0)
    angle, shear, aspect = math.radians(rng.uniform(-15, 15)), rng.uniform(-0.12, 0.12), rng.uniform(0.88, 1.14)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[1, shear], [0, 1]]) @ np.diag([math.sqrt(aspect), 1 / math.sqrt(aspect)])
    share = rng.uniform(0.3, 0.85)
    extent = np.ptp((corners - centre) @ matrix.T, axis=0)
    scale = share * min(width / extent[0], height / extent[1])
    free = np.array([width, height]) - extent * scale
    place = np.array([width, height]) / 2 + free * rng.uniform(-0.35, 0.35, 2)
    source = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.ptp(corners, axis=0).max() / 2
    target = source @ matrix.T * scale + place
    if kind in ("photo", "chalk"):
        target += rng.uniform(-0.05, 0.05, (4, 2)) * np.ptp(target, axis=0).max()
    coefficients = _perspective(target, source + centre)
    # Scaled down by much, a shape needs its edges softened first.
    soft = Image.fromarray((shape * 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(float(max(0.5, 0.45 / scale)))
    )
    placed = soft.transform((width, height), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)
    return np.asarray(placed, np.float32) / 255


def _perspective(target, source):
    """Return the eight coefficients that map points of the target (4, 2) to those of the source."""
    rows = []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return np.linalg.solve(np.array(rows), source.ravel()).tolist()


def _smooth_noise(height, width, cells, rng):
    """Return noise (height, width) of standard deviation 1 whose features are a `cells`-th of the picture."""
    coarse = Image.fromarray(rng.normal(0, 1, (cells + 1, cells + 1)).astype(np.float32))
    noise = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    return (noise - noise.mean()) / max(noise.std(), 1e-6)


def _blurred(ink, radius):
    image = Image.fromarray(np.clip(ink * 255, 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(float(radius))), np.float32) / 255


def _mixed(ink, paper, colour):
    """Return paper (H, W, 3) with an ink of `colour` on it, all in 0..1."""
    return paper * (1 - ink[..., None]) + np.asarray(colour, np.float32) * ink[..., None]


def _light(height, width, rng):
    """Return (H, W, 1): how much light falls where: a gradient, a vignette and perhaps the edge of a shadow."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle = rng.uniform(0, 2 * math.pi)
    light = 1 + rng.uniform(0, 0.4) * (x * math.cos(angle) + y * math.sin(angle))
    light *= 1 - rng.uniform(0, 0.15) * (x * x + y * y)
    if rng.random() < 0.5:
        angle, softness = rng.uniform(0, 2 * math.pi), rng.uniform(0.03, 0.5)
        side = x * math.cos(angle) + y * math.sin(angle) - rng.uniform(-0.6, 0.6)
        light *= 1 - rng.uniform(0.1, 0.4) / (1 + np.exp(-np.clip(side / softness * 4, -30, 30)))
    return light[..., None] * rng.uniform(0.6, 1)


def _painted(ink, rng):
    """A paint program: one colour on another, with smooth or jagged edges, sometimes light on dark."""
    if rng.random() < 0.3:
        ink = (ink > 0.5).astype(np.float32)
    if rng.random() < 0.5:
        paper, colour = ([1, 1, 1], [0, 0, 0]) if rng.random() < 0.6 else ([0, 0, 0], [1, 1, 1])
    else:
        light, dark = rng.uniform(0.65, 1, 3), rng.uniform(0, 0.4, 3)
        paper, colour = (light, dark) if rng.random() < 0.6 else (dark, light)
    return _mixed(ink, np.broadcast_to(np.asarray(paper, np.float32), (*ink.shape, 3)), colour)


def _photo(ink, rng):
    """Pen or pencil on paper, photographed: texture, uneven light and shadow, blur, noise of the sensor."""
    height, width = ink.shape
    paper = np.array([1, rng.uniform(0.95, 1), rng.uniform(0.85, 1)]) * rng.uniform(0.75, 0.95)
    texture = 1 + 0.015 * _smooth_noise(height, width, 40, rng) + 0.01 * _smooth_noise(height, width, 8, rng)
    pens = [[0.1, 0.1, 0.12], [0.1, 0.15, 0.5], [0.65, 0.1, 0.15], [0.35, 0.35, 0.36], [0.05, 0.35, 0.15]]
    strength = rng.uniform(0.8, 1) * (1 + 0.05 * _smooth_noise(height, width, 30, rng))
    picture = _mixed(ink * np.clip(strength, 0, 1), paper * texture[..., None], pens[rng.integers(len(pens))])
    picture = picture * _light(height, width, rng)
    radius = rng.uniform(0.002, 0.008) * min(height, width)
    return _blurred(picture, radius) + rng.normal(0, rng.uniform(0.005, 0.035), picture.shape)


def _chalk(ink, rng):
    """Chalk on a board: grainy strokes, smears of what was wiped off."""
    height, width = ink.shape
    board = np.array([[0.15, 0.3, 0.22], [0.15, 0.15, 0.17], [0.2, 0.22, 0.3]][rng.integers(3)])
    smears = 1 + 0.12 * _smooth_noise(height, width, 5, rng) + 0.05 * _smooth_noise(height, width, 60, rng)
    grain = np.clip(0.8 + 0.25 * _smooth_noise(height, width, rng.integers(80, 160), rng), 0, 1)
    picture = _mixed(ink * grain, board * smears[..., None], [0.92, 0.92, rng.uniform(0.7, 0.92)])
    picture = picture * _light(height, width, rng)
    return picture + rng.normal(0, rng.uniform(0.005, 0.03), picture.shape)


def _scan(ink, rng):
    """A scanned page, often ruled or squared, with specks of dust."""
    height, width = ink.shape
    paper = np.full((height, width, 3), rng.uniform(0.88, 1), np.float32)
    if rng.random() < 0.6:
        step, line = max(12, round(min(height, width) / rng.uniform(4, 9))), max(1, round(min(height, width) / 200))
        shade = np.array([0.75, 0.82, 0.92]) if rng.random() < 0.7 else np.array([0.8, 0.8, 0.8])
        for start in range(rng.integers(step), height, step):
            paper[start : start + line] *= shade
        if rng.random() < 0.5:
            for start in range(rng.integers(step), width, step):
                paper[:, start : start + line] *= shade
    dust = Image.new("L", (width, height))
    draw = ImageDraw.Draw(dust)
    for _ in range(rng.integers(6)):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.001, 0.006) * min(height, width)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=200)
    ink = np.maximum(ink, np.asarray(dust, np.float32) / 255)
    colour = [[0.1, 0.1, 0.1], [0.12, 0.15, 0.45], [0.3, 0.3, 0.3]][rng.integers(3)]
    return _blurred(_mixed(ink, paper, colour), 0.6) + rng.normal(0, 0.01, (height, width, 1))


def _screen(ink, rng):
    """A drawing on a screen: glowing or plain strokes on a gradient of two colours."""
    height, width = ink.shape
    dark_paper = rng.random() < 0.6
    low, high = (0, 0.35) if dark_paper else (0.65, 1)
    one, other = rng.uniform(low, high, 3), rng.uniform(low, high, 3)
    ramp = np.linspace(0, 1, height)[:, None, None] if rng.random() < 0.5 else np.linspace(0, 1, width)[None, :, None]
    paper = np.broadcast_to(one * (1 - ramp) + other * ramp, (height, width, 3))
    colour = rng.uniform(0.75, 1, 3) if dark_paper else rng.uniform(0, 0.25, 3)
    if rng.random() < 0.4:
        ink = np.maximum(ink, 0.4 * _blurred(ink, 0.02 * min(height, width)))
    return _mixed(ink, paper, colour)


_RENDERERS = {"painted": _painted, "photo": _photo, "chalk": _chalk, "scan": _scan, "screen": _screen}


def _encoded(picture, kind, rng):
    image = Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
    content = io.BytesIO()
    if kind in ("photo", "chalk"):
        formats = ["JPEG"]
    else:
        formats = ["PNG", "JPEG", "BMP"]
    name = formats[rng.integers(len(formats))]
    if name != "JPEG" and rng.random() < 0.4:
        image = image.convert(["L", "P", "RGBA"][rng.integers(3)])
    if name == "BMP" and image.mode == "RGBA":
        image = image.convert("RGB")
    image.save(content, name, **({"quality": int(rng.integers(40, 95))} if name == "JPEG" else {}))
    return content.getvalue(), {"PNG": ".png", "JPEG": ".jpg", "BMP": ".bmp"}[name]


def main(folder, count="100", seed="0"):
    from nnkit import data

    Path(folder).mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures(data.load("mnist", "test"), int(count), int(seed))):
        Path(folder, picture.name(number)).write_bytes(picture.content)


if __name__ == "__main__":
    main(*sys.argv[1:])
