"""The digit in a picture."""

import numpy as np
import pytest

from nnkit import data
from nnkit.errors import DataError
from nnkit.imaging import find_digit


@pytest.mark.mnist
def test_a_digit_that_is_as_in_mnist_stays_as_it_is():
    images = data.load("mnist", "test").images[:100]
    found = np.stack([find_digit(image) for image in images])
    assert np.abs(found.astype(int) - images).mean() < 5


@pytest.mark.parametrize("brightness", [0, 17, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (2, 200), (28, 28), (300, 200, 3), (640, 1)])
def test_a_blank_picture_has_no_digit(shape, brightness):
    with pytest.raises(DataError, match="nothing that stands out from its background"):
        find_digit(np.full(shape, brightness, np.uint8))
