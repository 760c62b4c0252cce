"""Pictures that people supply, and the digits in them."""

from nnkit.imaging.digit import Digit, find_digit, locate_digit

__all__ = ["Digit", "find_digit", "locate_digit"]
