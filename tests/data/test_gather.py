"""The kernel that turns bytes into a network's input."""

import numba
import numpy as np
import pytest
import torch

from nnkit.kernels import backend_for
from nnkit.kernels.cpu.eager import EagerProgram
from nnkit.kernels.layout import LANES, empty_blocks, from_blocks

MEAN, STD = np.float32(0.1307), np.float32(0.3081)


def gather(images, indices, size):
    blocks = empty_blocks((len(indices), 1, *size), np.float32)
    blocks.fill(np.nan)
    out = from_blocks(blocks, len(indices))
    assert backend_for("cpu").gather(images, np.asarray(indices, np.int64), MEAN, STD, size, out) is out
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


@pytest.mark.parametrize("size", [(28, 28), (32, 32)])
def test_images_that_are_mostly_background_are_exact(size):
    images = np.zeros((40, 28, 28), np.uint8)
    random = np.random.default_rng(1)
    images[random.integers(0, 40, 200), random.integers(0, 28, 200), random.integers(0, 28, 200)] = 7
    indices = np.arange(40)
    np.testing.assert_array_equal(from_blocks(gather(images, indices, size), 40), expected(images, indices, size))


@pytest.mark.parametrize("count", [0, 3, LANES])
def test_a_block_is_written_where_it_is_wanted_and_nowhere_else(count):
    images = np.random.default_rng(2).integers(0, 256, (50, 5, 7), np.uint8)
    indices = np.arange(49, -1, -1)[: LANES + count]
    out = np.full((9, 8, 3 * LANES), np.nan, np.float32)
    program = EagerProgram(len(indices), out.dtype, 3 * LANES)
    operands = (program.bytes(images.size), program.labels(), program.blocks(9 * 8))
    program.gather(*operands, ((5, 7), (9, 8)), MEAN, STD)
    program.run(images, indices, out)
    chosen = expected(images, indices, (9, 8))[:, 0]
    np.testing.assert_array_equal(out[..., : len(indices)], chosen.transpose(1, 2, 0))
    last = len(indices) + -len(indices) % LANES
    assert (out[..., len(indices) : last] == 0).all()
    assert np.isnan(out[..., last:]).all()


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="without the compiler there is one thread")
def test_threads_do_not_change_a_bit():
    images = np.random.default_rng(3).integers(0, 256, (100, 28, 28), np.uint8)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = gather(images, np.arange(100), (32, 32))
    finally:
        numba.set_num_threads(before)
    assert gather(images, np.arange(100), (32, 32)).tobytes() == alone.tobytes()


def test_no_images_are_no_work():
    assert gather(np.zeros((1, 4, 4), np.uint8), [], (4, 4)).shape == (1, 4, 4, 0)
