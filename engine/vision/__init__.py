"""Data sets of pictures and what is done to each of them: the part of torchvision that the first programs use."""

from nnkit.vision import datasets, transforms

__all__ = ["datasets", "transforms"]
