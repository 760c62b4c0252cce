"""The kernels that change images at random, against the same formulas in NumPy."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from nnkit.kernels import backend_for
from nnkit.kernels.cpu import augment

backend = backend_for("cpu")
JIT_OFF = bool(numba.config.DISABLE_JIT)
SIZES = [
    pytest.param((28, 28), (32, 32), id="LeNet"),
    pytest.param((28, 28), (28, 28), id="no frame"),
    pytest.param((9, 12), (14, 17), id="odd frame"),
    pytest.param((3, 20), (3, 23), id="flat"),
    pytest.param((20, 3), (21, 3), id="narrow"),
    pytest.param((1, 1), (1, 1), id="one pixel"),
    pytest.param((1, 1), (9, 40), id="one pixel in a large frame"),
]
EVERYTHING = (2.0, 15.0, 0.15, 1.0)


def noise(count, size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *size), np.uint8)


def blob(size):
    """A smooth spot that leaves a wide border, so that nothing of it is moved out of the image."""
    rows, columns = (np.arange(extent) - (extent - 1) / 2 for extent in size)
    square = (rows[:, None] / size[0]) ** 2 + (columns / size[1]) ** 2
    return np.rint(255 * np.exp(-square / 0.02)).astype(np.uint8)


def centred(images, size):
    top, left = ((there - here) // 2 for there, here in zip(size, images.shape[1:], strict=True))
    framed = np.zeros((len(images), *size), np.uint8)
    framed[:, top : top + images.shape[1], left : left + images.shape[2]] = images
    return framed


def changed(images, ranges, size, *, key=1, indices=None):
    indices = np.arange(len(images)) if indices is None else np.asarray(indices, np.int64)
    return backend.augment(images, indices, ranges, key, size)


def warped(image, size, ranges, **draws):
    """Return the image changed as these draws say, by name: all others are 0."""
    work = augment.workspace(*image.shape, *size)
    work.draws[:] = 0
    for name, value in draws.items():
        work.draws[["down", "right", "rotation", "height", "width"].index(name)] = value
    augment.place_controls(work.draws, np.array(ranges, np.float64), image.shape, size, work.controls)
    target = np.empty(size, np.uint8)
    augment.warp_image(image, work, target)
    return target


def philox(counter, key):
    """Philox4x32-10, as its authors write it down."""
    mask = 2**32 - 1
    for _ in range(10):
        first, second = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [
            (second >> 32) ^ counter[1] ^ key[0],
            second & mask,
            (first >> 32) ^ counter[3] ^ key[1],
            first & mask,
        ]
        key = [(key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask]
    return counter


def drawn(key, index, count=64):
    draws = np.empty(count, np.float32)
    augment.draw(np.uint64(key), index, draws)
    return draws


@pytest.mark.parametrize("key", [0, 1, 2**32, 0x299F31D0A4093822, 2**64 - 1])
@pytest.mark.parametrize("index", [0, 7, 59_999, 2**32 + 5])
def test_draws_are_those_of_philox(key, index):
    words = [
        word for four in range(16) for word in philox([four, 0, index % 2**32, index >> 32], [key % 2**32, key >> 32])
    ]
    expected = [(word >> 8) * 2.0**-23 - 1 for word in words]
    np.testing.assert_array_equal(drawn(key, index), expected)


def test_philox_is_that_of_its_authors():
    """The first of the known answers in their library, Random123."""
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


def test_draws_are_even_and_independent():
    draws = np.array([[drawn(key, index) for index in range(30)] for key in range(5)])
    assert draws.min() >= -1
    assert draws.max() < 1
    assert abs(draws.mean()) < 0.02
    np.testing.assert_allclose((draws**2).mean(), 1 / 3, atol=0.02)
    for axis in range(3):
        neighbours = np.moveaxis(draws, axis, 0)
        assert abs((neighbours[1:] * neighbours[:-1]).mean()) < 0.02


@pytest.mark.parametrize(("image_size", "size"), SIZES)
def test_nothing_changes_where_all_ranges_are_0(image_size, size):
    images = noise(3, image_size)
    np.testing.assert_array_equal(changed(images, (0, 0, 0, 0), size), centred(images, size))


@pytest.mark.parametrize(("image_size", "size"), SIZES)
@pytest.mark.parametrize(("down", "right"), [(2, 0), (0, -3), (-1, 4), (5, 5)])
def test_whole_pixels_are_shifted_exactly(image_size, size, down, right):
    image = noise(1, image_size)
    wide = np.pad(centred(image, size)[0], 8)
    # What leaves the frame of the image is lost, what comes in from beyond it is background.
    expected = np.roll(wide, (down, right), (0, 1))[8:-8, 8:-8]
    got = warped(image[0], size, (8, 0, 0, 0), down=down / 8, right=right / 8)
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("side", [(8, 8), (8, 12), (9, 9), (28, 32)])
def test_a_quarter_turn_goes_against_the_clock(side):
    image = noise(1, (side[0], side[0]))
    expected = centred(np.rot90(image, axes=(1, 2)), (side[1], side[1]))[0]
    np.testing.assert_array_equal(warped(image[0], (side[1], side[1]), (0, 90, 0, 0), rotation=1), expected)
    half_turn = warped(image[0], (side[1], side[1]), (0, 180, 0, 0), rotation=-1)
    np.testing.assert_array_equal(half_turn, centred(image[:, ::-1, ::-1], (side[1], side[1]))[0])


def test_height_and_width_are_scaled_apart():
    image = np.zeros((21, 21), np.uint8)
    image[8:13, 8:13] = 255
    taller = warped(image, (21, 21), (0, 0, 0.5, 0), height=0.8)
    wider = warped(image, (21, 21), (0, 0, 0.5, 0), width=0.8)
    np.testing.assert_array_equal(taller.T, wider)
    assert (taller[:, 10] > 127).sum() == 7
    assert (taller[10] > 127).sum() == 5
    shorter = warped(image, (21, 21), (0, 0, 0.5, 0), height=-0.8)
    assert (shorter[:, 10] > 127).sum() == 3


def spline(controls, size):
    """Return the cubic B-spline over the control points at every pixel."""

    def weights(extent, points):
        distance = np.abs(np.arange(extent)[:, None] / augment.SPACING + 1 - np.arange(points))
        near = 2 / 3 - distance**2 + distance**3 / 2
        return np.where(distance < 1, near, np.maximum(2 - distance, 0) ** 3 / 6)

    return weights(size[0], controls.shape[0]) @ controls.astype(np.float64) @ weights(size[1], controls.shape[1]).T


def expected_image(image, index, ranges, size, key):
    """Return the image changed at random, step by step in float64."""
    work = augment.workspace(*image.shape, *size)
    draws = drawn(key, index, len(work.draws)).astype(np.float64)
    points = work.controls.shape[1:]
    shift, rotation, scale, elastic = ranges
    turn = np.deg2rad(rotation * draws[2])
    middle = (np.array(image.shape) - 1) / 2
    target_middle = (np.array(size) - image.shape) // 2 + middle + shift * draws[:2]
    rows, columns = np.meshgrid(*map(np.arange, size), indexing="ij")
    down, right = rows - target_middle[0], columns - target_middle[1]
    bend = elastic / augment.NOISE * draws[5 : 5 + 2 * points[0] * points[1]].reshape(*points, 2)
    sources = (
        (np.cos(turn) * down + np.sin(turn) * right) / (1 + scale * draws[3]) + middle[0] + spline(bend[..., 0], size),
        (np.cos(turn) * right - np.sin(turn) * down) / (1 + scale * draws[4]) + middle[1] + spline(bend[..., 1], size),
    )
    wide = np.pad(image.astype(np.float64), 2)
    y, x = (np.clip(source, -1, extent) + 2 for source, extent in zip(sources, image.shape, strict=True))
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    upper = wide[i, j] + (x - j) * (wide[i, np.minimum(j + 1, wide.shape[1] - 1)] - wide[i, j])
    i_below = np.minimum(i + 1, wide.shape[0] - 1)
    lower = wide[i_below, j] + (x - j) * (wide[i_below, np.minimum(j + 1, wide.shape[1] - 1)] - wide[i_below, j])
    return upper + (y - i) * (lower - upper)


@pytest.mark.parametrize(("image_size", "size"), SIZES)
@pytest.mark.parametrize("ranges", [EVERYTHING, (20, 0, 0, 0), (0, 180, 0.9, 0), (0, 0, 0, 16)])
def test_images_are_changed_by_the_formula(image_size, size, ranges):
    images, key = noise(3, image_size), 2**63 + 3
    for index, got in enumerate(changed(images, ranges, size, key=key)):
        expected = expected_image(images[index], index, ranges, size, key)
        # Half a step of rounding, and what float32 makes of it.
        np.testing.assert_allclose(got, expected, rtol=0, atol=0.52)


def test_elastic_displacements_have_their_root_mean_square():
    size = (32, 32)
    work = augment.workspace(28, 28, *size)
    squares = []
    for index in range(60):
        augment.draw(np.uint64(5), index, work.draws)
        still, bent = np.empty_like(work.controls), np.empty_like(work.controls)
        for elastic, controls in ((0.0, still), (1.5, bent)):
            ranges = np.array([2.0, 10.0, 0.1, elastic])
            augment.place_controls(work.draws, ranges, (28, 28), size, controls)
        squares += [(spline(bent[axis] - still[axis], size) ** 2).mean() for axis in range(2)]
    assert np.sqrt(np.mean(squares)) == pytest.approx(1.5, rel=0.05)


def test_the_ink_is_kept():
    images = np.stack([blob((28, 28))] * 20)
    sums = changed(images, (2, 15, 0, 1), (32, 32)).sum(axis=(1, 2)) / images[0].sum()
    assert abs(sums.mean() - 1) < 0.1
    assert sums.min() > 0.5
    assert sums.max() < 1.5
    shifted = changed(images, (2, 0, 0, 0), (32, 32)).sum(axis=(1, 2)) / images[0].sum()
    np.testing.assert_allclose(shifted, 1, atol=0.02)


def test_shifts_stay_within_their_range_and_use_it():
    images = np.stack([blob((28, 28))] * 60)
    got = changed(images, (3, 0, 0, 0), (32, 32)).astype(np.float64)
    places = np.arange(32) - 15.5
    centres = np.stack([(got.sum(axis=axis) * places).sum(axis=1) / got.sum(axis=(1, 2)) for axis in (1, 2)])
    assert np.abs(centres).max() < 3.05
    assert (centres.min(axis=1) < -2.5).all()
    assert (centres.max(axis=1) > 2.5).all()


def test_what_leaves_the_frame_is_gone():
    image = noise(1, (9, 12))[0]
    assert not warped(image, (9, 12), (64, 0, 0, 0), down=1).any()
    assert not warped(image, (9, 12), (64, 0, 0, 0), right=-1).any()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 17])
def test_how_an_image_changes_depends_on_key_and_index_alone(count):
    images = noise(20, (9, 12))
    whole = changed(images, EVERYTHING, (14, 17))
    indices = np.random.default_rng(count).permutation(20)[:count]
    np.testing.assert_array_equal(changed(images, EVERYTHING, (14, 17), indices=indices), whole[indices])
    assert not np.array_equal(changed(images, EVERYTHING, (14, 17), key=2), whole)


def test_each_image_changes_in_its_own_way():
    images = np.stack([blob((12, 12))] * 10)
    assert len({image.tobytes() for image in changed(images, EVERYTHING, (12, 12))}) == 10


def test_no_images_are_no_work():
    assert changed(noise(1, (4, 4)), EVERYTHING, (5, 5), indices=[]).shape == (0, 5, 5)


def test_the_result_is_written_into_given_memory():
    images, indices = noise(5, (4, 6)), np.array([3, 0, 3])
    out = np.empty((3, 7, 6), np.uint8)
    assert backend.augment(images, indices, EVERYTHING, 3, (7, 6), out) is out
    np.testing.assert_array_equal(out, backend.augment(images, indices, EVERYTHING, 3, (7, 6)))
    for wrong in (out[1:], out.astype(np.int16), np.empty((3, 7, 12), np.uint8)[..., ::2]):
        with pytest.raises(ValueError, match=r"^out.*: expected .*"):
            backend.augment(images, indices, EVERYTHING, 3, (7, 6), wrong)


@pytest.mark.skipif(JIT_OFF, reason="without the compiler there is one thread")
def test_threads_do_not_change_a_bit():
    images = noise(50, (28, 28))
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = changed(images, EVERYTHING, (32, 32))
    finally:
        numba.set_num_threads(before)
    np.testing.assert_array_equal(changed(images, EVERYTHING, (32, 32)), alone)


@pytest.mark.skipif(bool(numba.config.BOUNDSCHECK) or JIT_OFF, reason="this is such a run")
@pytest.mark.parametrize("setting", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_every_address_is_checked(setting):
    """The same tests without the compiler, and with its checks, in a process of its own."""
    environment = {**os.environ, setting: "1"}
    files = [__file__, os.path.join(os.path.dirname(__file__), "..", "data", "test_gather.py")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
