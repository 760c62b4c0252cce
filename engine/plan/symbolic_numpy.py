"""NumPy's functions on symbols: what an operation's own code finds in `self.xp` while a plan of it is made."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.kernels.cpu import instructions as codes
from nnkit.plan.integers import Counter, Labels, UnplannableError
from nnkit.plan.symbols import FLOAT32, Rows, Symbol, Total, number

# NumPy's functions of one variable that are an instruction.
FUNCTIONS = {
    "abs": codes.ABSOLUTE,
    "exp": codes.EXPONENTIAL,
    "expm1": codes.EXPONENTIAL_MINUS_ONE,
    "log": codes.LOGARITHM,
    "log1p": codes.LOGARITHM_PLUS_ONE,
    "sqrt": codes.SQUARE_ROOT,
    "tanh": codes.TANH,
}


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
    def subtract(a: Any, b: Any, dtype: Any = None) -> Any:
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
    def divide(a: Any, b: Any) -> Any:
        """Return a / b."""
        return a / b

    @staticmethod
    def square(a: Symbol) -> Symbol:
        """Return the square."""
        return a * a

    @staticmethod
    def reciprocal(a: Symbol) -> Symbol:
        """Return 1 / a."""
        return 1.0 / a

    @staticmethod
    def power(a: Symbol, exponent: Any) -> Symbol:
        """Return a small power, made of products."""
        wanted = number(exponent)
        if wanted not in (1, 2, 3, 4):
            raise UnplannableError("power, which plans do not know")
        return functools.reduce(operator.mul, [a] * int(wanted))

    @staticmethod
    def maximum(a: Symbol, least: Any) -> Symbol:
        """Return the greater of each element and a number."""
        return a.program.unary(codes.AT_LEAST, a, number(least))

    @staticmethod
    def minimum(a: Symbol, most: Any) -> Symbol:
        """Return the smaller of each element and a number."""
        return a.program.unary(codes.AT_MOST, a, number(most))

    @staticmethod
    def where(condition: Any, yes: Any, no: Any) -> Any:
        """Return `yes` where the condition holds and `no` elsewhere; each may be a number."""
        if isinstance(condition, np.ndarray) and not condition.any():
            return no
        if not isinstance(condition, Symbol):
            raise UnplannableError("a condition that is no comparison of values of each image")
        return condition.program.chosen(condition, yes, no)

    @staticmethod
    def broadcast_to(a: Any, shape: tuple[int, ...]) -> Any:
        """Return the array with its axes of size 1 repeated."""
        return a.broadcast_to(shape) if isinstance(a, Symbol) else np.broadcast_to(a, shape)

    @staticmethod
    def sum(a: Any, axis: Any = None, keepdims: bool = False, dtype: Any = FLOAT32) -> Any:
        """Return the sum over the batch, over all positions of each channel, or within each image."""
        if isinstance(a, Rows):
            # First over time, image by image: to add up the images of a block takes longer.
            a = functools.reduce(operator.add, a.parts)
        a = a.astype(dtype)
        axes = tuple(range(a.ndim)) if axis is None else tuple(sorted((axis,) if isinstance(axis, int) else axis))
        if a.memory.of_images and a.batch_axis not in axes:
            return a.program.sum_in_images(a, axes, keepdims)
        if len(axes) < a.ndim or keepdims:
            return a.program.sum_of_images(a, axes, keepdims)
        # The sum itself is taken outside of the program.
        return Total(a.program.sum_in_images(a, tuple(each for each in axes if each != a.batch_axis), keepdims=False))

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
        opcode = FUNCTIONS.get(name)
        if opcode is None:
            raise UnplannableError(f"{name}, which plans do not know")
        return lambda a: a.program.unary(opcode, a)
