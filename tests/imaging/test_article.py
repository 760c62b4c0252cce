"""Articles of clothing, in the form of Fashion-MNIST's."""

import numpy as np
import pytest

from nnkit.errors import DataError
from nnkit.imaging import find_article


@pytest.mark.parametrize("light", [True, False])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_it_touches_two_sides_and_is_in_the_middle(light, channels):
    picture = np.full((400, 300, *channels), 250 if light else 5, np.uint8)
    picture[100:340, 80:200] = 60 if light else 200
    image = find_article(picture)
    rows, columns = (np.flatnonzero(image.any(axis)) for axis in (1, 0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (0, 27, 7, 20)
    assert set(image[image > 0]) == {255}


def test_a_blank_picture_has_none():
    with pytest.raises(DataError, match="nothing that stands out"):
        find_article(np.full((30, 30), 128, np.uint8))
