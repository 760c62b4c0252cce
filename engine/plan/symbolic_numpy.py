"""NumPy's functions on symbols."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.kernels.cpu import instructions as codes
from nnkit.plan.symbols import Counter, Labels, Rows, Symbol, Total, UnplannableError


class SymbolicNumpy:
    """NumPy's functions, as far as plans know them, on symbols."""

    @staticmethod
    def asarray(value: Any) -> Any:
        """Return a symbol as it is, and anything else as an array."""
        return value if isinstance(value, Symbol | Rows | Total | Labels | Counter) else np.asarray(value)

    @staticmethod
    def add(a: Any, b: Any) -> Any:
        """Return a + b."""
        return a + b

    @staticmethod
    def subtract(a: Any, b: Any) -> Any:
        """Return a - b."""
        return a - b

    @staticmethod
    def multiply(a: Any, b: Any) -> Any:
        """Return a * b."""
        return a * b

    @staticmethod
    def negative(a: Any) -> Any:
        """Return -a."""
        return -a

    @staticmethod
    def tanh(a: Symbol) -> Symbol:
        """Return the hyperbolic tangent."""
        return a.program.unary(codes.TANH, a)

    @staticmethod
    def sum(a: Symbol, axis: Any = None, keepdims: bool = False) -> Any:
        """Return the sum over the batch and all positions of each channel, or over the losses of a batch."""
        if isinstance(a, Rows):
            # First over time, image by image: to add up the images of a block takes longer.
            a = functools.reduce(operator.add, a.parts)
        # The sum itself is taken outside of the program, from memory that can be read there.
        if axis is None and len(a.shape) == 1 and a.memory.array is not None:
            return Total(a)
        axes = tuple(sorted((axis,) if isinstance(axis, int) else axis or ()))
        return a.program.sum_of_images(a, axes, keepdims)

    @staticmethod
    def concatenate(arrays: Sequence[Any], axis: int) -> Symbol:
        """Return arrays one after the other along an axis that is not the batch."""
        found = next(array for array in arrays if isinstance(array, Symbol))
        return found.program.concatenated(arrays, axis)

    @staticmethod
    def stack(arrays: Sequence[Any], axis: int) -> Symbol:
        """Return arrays one after the other along a new axis."""
        found = next(array for array in arrays if isinstance(array, Symbol))
        return found.program.stacked(arrays, axis)

    @staticmethod
    def split(a: Symbol, ends: Any, axis: int) -> list[Symbol]:
        """Return the parts of an array between `ends`."""
        bounds = [0, *(int(end) for end in ends), a.shape[axis]]
        before = (slice(None),) * axis
        return [a[before + (slice(first, last),)] for first, last in itertools.pairwise(bounds)]  # noqa: RUF005

    @staticmethod
    def expand_dims(a: Symbol, axis: int) -> Symbol:
        """Return the array with a new axis of size 1."""
        return a.expand_dims(axis)

    @staticmethod
    def moveaxis(a: Symbol, source: int, destination: int) -> Symbol:
        """Return the array with one axis at another place."""
        order = [axis for axis in range(a.ndim) if axis != source]
        order.insert(destination, source)
        return a.transpose(*order)

    @staticmethod
    def array(a: Any, order: str = "K", copy: bool = True) -> Any:
        """Return the symbol itself, which nothing writes to."""
        return a

    @staticmethod
    def zeros_like(a: Symbol) -> Symbol:
        """Return zeros in the shape of a symbol."""
        return a.program.filled(a.inner, 0.0, a.batch_axis)

    def __getattr__(self, name: str) -> Any:
        raise UnplannableError(f"{name}, which plans do not know")
