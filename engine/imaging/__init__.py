"""Pictures that people supply, and what is in them."""

from nnkit.imaging.article import find_article
from nnkit.imaging.digit import Digit, find_digit, locate_digit
from nnkit.imaging.reading import MOST_BYTES, SUFFIXES, read_picture
from nnkit.imaging.regions import Box

__all__ = ["MOST_BYTES", "SUFFIXES", "Box", "Digit", "find_article", "find_digit", "locate_digit", "read_picture"]
