"""The digit in a picture."""

import numpy as np
import pytest
from imaging.drawn_digits import outline

from nnkit import data
from nnkit.errors import DataError
from nnkit.imaging import find_digit, locate_digit


@pytest.fixture(scope="module")
def images():
    return data.load("digits", "test").images


@pytest.fixture(scope="module")
def shape(images):
    """A digit as a mask of about 160 x 130 pixels without a margin."""
    mask = outline(images[2])
    return mask[mask.any(1)][:, mask.any(0)]


def put(paper, shape, top, left, ink):
    part = paper[top : top + shape.shape[0], left : left + shape.shape[1]]
    part[shape] = ink
    return paper


def like(one, other):
    """Return whether two images show the same digit: most pixels are about the same."""
    return np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.93


def plain(height, width, *colour):
    return np.full(
        (height, width, *([3] if len(colour) > 1 else [])), colour if len(colour) > 1 else colour[0], np.uint8
    )


@pytest.fixture(scope="module")
def expected(shape):
    return find_digit(put(plain(300, 300, 255), shape, 60, 80, 0))


@pytest.mark.mnist
def test_a_digit_that_is_as_in_mnist_stays_as_it_is():
    images = data.load("mnist", "test").images[:100]
    found = np.stack([find_digit(image) for image in images])
    assert np.abs(found.astype(int) - images).mean() < 5


def test_it_fills_the_box_and_its_mass_is_in_the_middle(expected):
    rows, columns = (np.flatnonzero(expected.any(axis)) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) == 19
    weights = expected / expected.sum()
    assert abs(weights.sum(1) @ np.arange(28) - 14) <= 0.5
    assert abs(weights.sum(0) @ np.arange(28) - 14) <= 0.5
    assert expected.max() == 255
    assert np.mean(expected == 0) > 0.5


@pytest.mark.parametrize(
    ("paper", "ink"),
    [
        ((0,), 255),
        ((90,), 110),
        ((240, 240, 240), (200, 30, 30)),
        ((10, 60, 30), (250, 250, 200)),
        # Both are as bright as the other; only the colours differ.
        ((200, 60, 60), (20, 150, 60)),
        ((40, 40, 200), (80, 80, 10)),
    ],
)
def test_any_colour_on_any_other(shape, expected, paper, ink):
    assert like(find_digit(put(plain(300, 300, *paper), shape, 60, 80, ink)), expected)


@pytest.mark.parametrize(("height", "width"), [(200, 200), (200, 900), (3000, 2000), (170, 140)])
def test_any_size_and_place(shape, expected, height, width):
    found = locate_digit(put(plain(height, width, 230), shape, 4, 5, 20))
    assert like(found.image, expected)
    # Large pictures are looked at in steps of some pixels.
    np.testing.assert_allclose(found.box, (4, 5, 4 + shape.shape[0], 5 + shape.shape[1]), atol=8)
    assert found.others == 0


def test_a_slope_of_light_with_the_edge_of_a_shadow(shape, expected):
    picture = put(plain(400, 400, 230), shape, 100, 120, 40).astype(float)
    picture *= np.linspace(0.5, 1, 400)
    picture[:, 200:] *= 0.7
    noise = np.random.default_rng(0).normal(0, 4, picture.shape)
    assert like(find_digit(np.clip(picture + noise, 0, 255).astype(np.uint8)), expected)


def test_dust_and_ruled_lines_are_left_out(shape, expected):
    paper = plain(400, 400, 250)
    paper[20::40] = 215
    picture = put(paper, shape, 100, 120, 20)
    for top, left in ((15, 30), (350, 100), (200, 380)):
        picture[top : top + 4, left : left + 4] = 0
    assert like(find_digit(picture), expected)


@pytest.mark.parametrize("table", [70, 150, 255])
def test_on_a_sheet_that_lies_on_a_table(shape, expected, table):
    picture = plain(600, 800, table)
    picture[100:430, 200:540] = 200
    assert like(find_digit(put(picture, shape, 180, 300, 30)), expected)


def test_in_a_frame(shape, expected):
    picture = plain(300, 300, 255)
    picture[10:290, 10:290] = 0
    picture[14:286, 14:286] = 255
    assert like(find_digit(put(picture, shape, 60, 80, 0)), expected)


def test_at_the_edge_of_something_dark(shape, expected):
    picture = plain(400, 500, 220)
    picture[:, :60] = 50
    assert like(find_digit(put(picture, shape, 100, 200, 30)), expected)


def test_a_loop_is_no_digit_on_a_sheet():
    y, x = np.mgrid[-1.3:1.3:260j, -1.3:1.3:220j]
    distance = abs(x) ** 3 + abs(y) ** 3
    picture = plain(260, 220, 255)
    picture[(distance < 1) & (distance > 0.15)] = 0
    assert find_digit(picture)[14, 14] == 0


def test_thin_strokes_become_as_wide_as_those_of_mnist(images):
    thin = plain(1000, 1000, 255)
    thin[200:800, 500:504] = 0
    thin[200:204, 400:504] = 0
    found = find_digit(thin)
    assert np.median((found > 100).sum(axis=1)[6:22]) in (2, 3)


def test_more_digits_than_one_are_counted(shape):
    picture = put(put(plain(300, 700, 255), shape, 60, 50, 0), shape, 60, 400, 0)
    assert locate_digit(picture).others == 1


@pytest.mark.parametrize("brightness", [0, 17, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (2, 200), (28, 28), (300, 200, 3), (640, 1)])
def test_a_blank_picture_has_no_digit(shape, brightness):
    with pytest.raises(DataError, match="nothing that stands out from its background"):
        find_digit(np.full(shape, brightness, np.uint8))


@pytest.mark.parametrize("pixels", [np.zeros((0, 5), np.uint8), np.zeros((5, 5)), np.zeros(5, np.uint8)])
def test_what_is_no_picture_is_refused(pixels):
    with pytest.raises(DataError, match="expected pixels of uint8"):
        find_digit(pixels)


def test_whatever_the_pixels_are_there_is_an_image_or_a_reason():
    rng = np.random.default_rng(0)
    for number in range(60):
        height, width = rng.integers(1, 90, 2)
        picture = rng.integers(0, 256, (height, width, 3), np.uint8)
        if number % 2:
            picture[rng.random((height, width)) < 0.97] = 200
        try:
            assert find_digit(picture).shape == (28, 28)
        except DataError:
            continue
