"""From bytes to a network's input: images are picked, normalised, centred and laid out."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.cpu import simd
from nnkit.kernels.cpu.compiler import instruction, kernel
from nnkit.kernels.cpu.instructions import GATHER
from nnkit.kernels.layout import LANES

_BYTE = np.uint32(255)


@kernel
def _deal(pixels, start, count, lane, words):
    """Write pixels, four to a word, to one lane of words (count / 4, LANES)."""
    place = np.uint64(start)
    for group in range(count // 4):
        words[group, lane] = (
            np.uint32(pixels[place])
            | np.uint32(pixels[place + np.uint64(1)]) << np.uint32(8)
            | np.uint32(pixels[place + np.uint64(2)]) << np.uint32(16)
            | np.uint32(pixels[place + np.uint64(3)]) << np.uint32(24)
        )
        place += np.uint64(4)
    if count % 4:
        rest = np.uint32(0)
        for i in range(count % 4):
            rest |= np.uint32(pixels[place + np.uint64(i)]) << np.uint32(8 * i)
        words[count // 4, lane] = rest


@kernel
def _spread(words, tile_height, tile_width, mean, std, out, distance, height, width):
    """Write words of `_deal` as normalised pixels, in the middle of a frame of background."""
    byte_range = np.float32(255)
    background = simd.broadcast(simd.zeros(out, 1, 1), (np.float32(0) / byte_range - mean) / std)
    for pixel in range(height * width):
        simd.store(background, out, pixel * distance, 0, 0)
    # Not the constant LANES: LLVM would write the loops out as sixteen single numbers.
    lanes = np.uint64(words.shape[1])
    place = np.uint64(((height - tile_height) // 2 * width + (width - tile_width) // 2) * distance)
    column = 0
    for group in range(len(words)):
        # Half of the pixels of written digits are background in all images.
        union = np.uint32(0)
        for lane in range(lanes):
            union |= words[group, lane]
        for byte in range(min(4, tile_height * tile_width - 4 * group)):
            if union:
                shift = np.uint32(8 * byte)
                for lane in range(lanes):
                    value = np.float32(np.int32((words[group, lane] >> shift) & _BYTE))
                    # Two divisions and not one multiplication, so that the numbers are exactly PyTorch's.
                    out[place + lane] = (value / byte_range - mean) / std
            column += 1
            place += np.uint64(distance)
            if column == tile_width:
                column = 0
                place += np.uint64((width - tile_width) * distance)


@instruction(GATHER)
def gather(step, x, other, bias, out, scratch, labels, images):
    """Write `(x[labels] / 255 - scalar) / other_scalar` to a block, each image in the middle of its frame.

    The frame around an image is background, raw pixel 0, and normalised as such; lanes beyond the first `images` become
    0. The numbers are exactly those of the formula in float32.

    Shapes: x bytes (M, H, W), labels the places in x of the block's images, each below M, out (1, H', W') no smaller.
    """
    pixels, distance = step.height * step.width, step.distance
    words = np.empty(((pixels + 3) // 4, LANES), np.uint32)
    memory = simd.as_bytes(x)
    for lane in range(images):
        _deal(memory, labels[lane] * pixels, pixels, lane, words)
    for lane in range(images, LANES):
        for group in range(len(words)):
            words[group, lane] = 0
    mean, std = np.float32(step.scalar), np.float32(step.other_scalar)
    _spread(words, step.height, step.width, mean, std, out, distance, step.out_height, step.out_width)
    if images < LANES:
        for pixel in range(step.out_height * step.out_width):
            for lane in range(images, LANES):
                out[pixel * distance + lane] = 0
