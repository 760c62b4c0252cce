"""The kernel that turns bytes into a network's input."""

import numpy as np
import pytest
import torch

from nnkit.kernels.cpu.gather import gather_images
from nnkit.kernels.layout import empty_blocks, from_blocks

MEAN, STD = np.float32(0.1307), np.float32(0.3081)


def gather(images, indices, size):
    blocks = empty_blocks((len(indices), 1, *size), np.float32)
    blocks.fill(np.nan)
    gather_images(images, np.asarray(indices, np.int64), MEAN, STD, blocks)
    return blocks


def expected(images, indices, size):
    """PyTorch's ToTensor and Normalize, after centring the bytes."""
    framed = np.zeros((len(indices), 1, *size), np.uint8)
    top, left = ((there - here) // 2 for there, here in zip(size, images.shape[1:], strict=True))
    framed[:, 0, top : top + images.shape[1], left : left + images.shape[2]] = images[indices]
    return torch.from_numpy(framed).float().div(255).sub(float(MEAN)).div(float(STD)).numpy()


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 31, 33, 64, 129])
@pytest.mark.parametrize(
    ("image_size", "size"),
    [
        pytest.param((28, 28), (28, 28), id="no frame"),
        pytest.param((28, 28), (32, 32), id="LeNet"),
        pytest.param((28, 28), (31, 29), id="odd frame"),
        pytest.param((5, 7), (9, 8), id="not square"),
        pytest.param((1, 1), (1, 1), id="one pixel"),
    ],
)
def test_each_number_is_exactly_pytorchs(count, image_size, size):
    random = np.random.default_rng(count)
    images = random.integers(0, 256, (50, *image_size), np.uint8)
    indices = random.integers(0, 50, count)
    blocks = gather(images, indices, size)
    np.testing.assert_array_equal(from_blocks(blocks, count), expected(images, indices, size))
    assert not blocks[..., count:].any(), "images that fill up the last block are 0"


def test_every_byte_is_normalised_exactly():
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    np.testing.assert_array_equal(from_blocks(gather(images, [0], (16, 16)), 1), expected(images, [0], (16, 16)))


def test_no_images_are_no_work():
    assert gather(np.zeros((1, 4, 4), np.uint8), [], (4, 4)).shape == (1, 4, 4, 0)
