"""What a plan knows of whole numbers: the labels of images, and counters of steps."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.layout import Array


class UnplannableError(Exception):
    """Something cannot be planned; the message completes "the tape is used because of ..."."""


class Labels:
    """The classes (N,) of the images, int64.

    Attributes:
        operand: where a program finds them.
        array: their memory, which each run writes first.
        classes: how many classes there are: the program does not check that a label is one of them.
    """

    dtype = np.dtype(np.int64)
    ndim = 1

    def __init__(self, operand: int, array: Array) -> None:
        self.operand = operand
        self.array = array
        self.shape = array.shape
        self.classes = 2**63

    def reshape(self, shape: tuple[int, ...]) -> Labels:
        """Return the labels themselves, in the only shape that they can have."""
        if shape not in (self.shape, (-1,)):
            raise UnplannableError("labels in another shape")
        return self

    def __len__(self) -> int:
        return self.shape[0]


class Counter:
    """A number of type int64 that steps add to.

    Attributes:
        operand: where a program finds it.
    """

    dtype = np.dtype(np.int64)
    shape = ()
    ndim = 0
    __array_ufunc__ = None

    def __init__(self, operand: int) -> None:
        self.operand = operand
