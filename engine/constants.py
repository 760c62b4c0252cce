"""Numbers and marks that PyTorch has by name."""

from math import e, inf, nan, pi

# What an index has for a new dimension.
newaxis = None

__all__ = ["e", "inf", "nan", "newaxis", "pi"]
