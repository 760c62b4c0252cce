"""Arrays without values: what an operation's own code works on while a plan of it is made.

A symbol stands for an array of every step to come. It has the part of NumPy's vocabulary that operations use on arrays;
what is not there cannot be planned, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit.kernels.cpu import instructions as codes

if TYPE_CHECKING:
    from nnkit.kernels.layout import Array
    from nnkit.plan.memory import Memory
    from nnkit.plan.program import PlanProgram

FLOAT32 = np.dtype(np.float32)
_SHAPES = "a calculation between values of different shapes"


class UnplannableError(Exception):
    """Something cannot be planned; the message completes "the tape is used because of ..."."""


class Symbol:
    """An array of float32 whose memory a plan knows.

    Attributes:
        program: the plan that is being made.
        memory: where the elements are: for each block of images, or independent of images.
        shape: the whole shape; the first axis is the batch where the memory belongs to images.
        strides: distances between neighbours in elements of one image, without the batch.
    """

    dtype = FLOAT32
    # NumPy's numbers leave `number * symbol` to the symbol.
    __array_ufunc__ = None

    def __init__(
        self,
        program: PlanProgram,
        memory: Memory,
        shape: Sequence[int],
        offset: int = 0,
        strides: tuple[int, ...] | None = None,
    ) -> None:
        self.program = program
        self.memory = memory
        self.shape = tuple(shape)
        self.offset = offset
        self.strides = contiguous_strides(self.inner) if strides is None else strides

    @property
    def inner(self) -> tuple[int, ...]:
        """The shape of what one image has, or of everything if there is no batch."""
        return self.shape[1:] if self.memory.of_images else self.shape

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def count(self) -> int:
        """The number of elements of one image, or of all if there is no batch."""
        return math.prod(self.inner)

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements of an image follow each other in memory."""
        expected = contiguous_strides(self.inner)
        pairs = zip(self.inner, self.strides, expected, strict=True)
        return all(mine == wanted for size, mine, wanted in pairs if size > 1)

    def _view(self, shape: Sequence[int], offset: int, strides: tuple[int, ...] | None) -> Symbol:
        return Symbol(self.program, self.memory, shape, offset, strides)

    # Views ----------------------------------------------------------------------------------------------

    def reshape(self, *shape: Any) -> Symbol:
        """Return the same elements in another shape with the same batch."""
        wanted = tuple(shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)
        if wanted == self.shape:
            return self
        if self.memory.of_images and (not wanted or wanted[0] != self.shape[0]):
            raise UnplannableError("a view that takes images apart")
        return self.program.dense(self)._view(wanted, self.program.dense(self).offset, None)

    @property
    def T(self) -> Symbol:  # noqa: N802 (NumPy's name)
        """The axes in reverse order."""
        return self.transpose(*reversed(range(self.ndim)))

    def transpose(self, *axes: Any) -> Symbol:
        """Return the axes in another order; the batch stays first."""
        order = tuple(axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes)
        shape = tuple(self.shape[axis] for axis in order)
        if not self.memory.of_images:
            return self._view(shape, self.offset, tuple(self.strides[axis] for axis in order))
        if not order or order[0] != 0:
            raise UnplannableError("a transposition that moves the batch")
        return self._view(shape, self.offset, tuple(self.strides[axis - 1] for axis in order[1:]))

    def swapaxes(self, first: int, second: int) -> Symbol:
        """Return the array with two axes exchanged."""
        order = list(range(self.ndim))
        order[first], order[second] = order[second], order[first]
        return self.transpose(*order)

    def squeeze(self, axis: int | None = None) -> Symbol:
        """Return the array without one axis of size 1, or without all of them."""
        dropped = [i for i, size in enumerate(self.shape) if size == 1] if axis is None else [axis % self.ndim]
        if self.memory.of_images and 0 in dropped:
            raise UnplannableError("a batch of one image whose dimension is squeezed away")
        return self.reshape(tuple(size for i, size in enumerate(self.shape) if i not in dropped))

    def broadcast_to(self, shape: tuple[int, ...]) -> Symbol:
        """Return the array with its axes of size 1 repeated; values of each image keep their batch."""
        if shape == self.shape:
            return self
        extra = len(shape) - self.ndim
        if self.memory.of_images and (extra or shape[0] != self.shape[0]):
            raise UnplannableError("values of each image that are repeated for all images")
        mine = (*(1,) * extra, *self.shape)
        strides = (*(0,) * extra, *((0, *self.strides) if self.memory.of_images else self.strides))
        steps = [step if size == wanted else 0 for size, wanted, step in zip(mine, shape, strides, strict=True)]
        return self._view(shape, self.offset, tuple(steps[1:] if self.memory.of_images else steps))

    def __getitem__(self, key: Any) -> Symbol:
        keys = list(key) if isinstance(key, tuple) else [key]
        if any(item is not Ellipsis and not isinstance(item, int | slice) for item in keys):
            raise UnplannableError("an index that is not made of numbers and slices")
        if Ellipsis in keys:
            at = keys.index(Ellipsis)
            keys[at : at + 1] = [slice(None)] * (self.ndim - len(keys) + 1)
        keys += [slice(None)] * (self.ndim - len(keys))
        strides: list[int] = list(self.strides)
        if self.memory.of_images:
            if keys[0] != slice(None) and keys[0] != slice(0, self.shape[0], 1):
                raise UnplannableError("an index that picks images from the batch")
            strides = [0, *strides]
        offset, shape, steps = self.offset, [], []
        for item, size, stride in zip(keys, self.shape, strides, strict=True):
            if isinstance(item, int):
                offset += (item % size) * stride
                continue
            first, last, step = item.indices(size)
            offset += first * stride
            shape.append(max(0, -(-(last - first) // step)))
            steps.append(step * stride)
        return self._view(shape, offset, tuple(steps[1:] if self.memory.of_images else steps))

    # Values ---------------------------------------------------------------------------------------------

    def astype(self, kind: Any, copy: bool = True) -> Symbol:
        """Return the symbol itself, which can only be float32."""
        if np.dtype(kind) != FLOAT32:
            raise UnplannableError(f"a conversion to {np.dtype(kind)}")
        return self

    def __add__(self, other: Any) -> Symbol:
        if isinstance(other, Symbol):
            return self.program.sum_of(self, other)
        return self.program.unary(codes.SHIFT, self, self._scalar(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Symbol:
        if isinstance(other, Symbol):
            return self.program.binary(codes.SUBTRACT, self, other)
        return self + -self._scalar(other)

    def __rsub__(self, other: Any) -> Symbol:
        return -self + other

    def __mul__(self, other: Any) -> Symbol:
        if isinstance(other, Symbol):
            return self.program.binary(codes.PRODUCT, self, other)
        return self.program.unary(codes.SCALE, self, self._scalar(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Symbol:
        if isinstance(other, Symbol):
            return self.program.binary(codes.QUOTIENT, self, other)
        with np.errstate(divide="ignore"):
            return self * float(1 / np.float64(self._scalar(other)))

    def __rtruediv__(self, other: Any) -> Symbol:
        return self.program.binary(codes.QUOTIENT, np.broadcast_to(np.float32(self._scalar(other)), self.shape), self)

    def __neg__(self) -> Symbol:
        return self * -1.0

    # A comparison with a number is 1 where it holds and 0 elsewhere: a condition of `where`.

    def __gt__(self, other: Any) -> Symbol:
        return self.program.unary(codes.ABOVE, self, self._scalar(other))

    def __lt__(self, other: Any) -> Symbol:
        return self.program.unary(codes.BELOW, self, self._scalar(other))

    def __ge__(self, other: Any) -> Symbol:
        return self > np.nextafter(np.float32(self._scalar(other)), np.float32(-np.inf))

    def __le__(self, other: Any) -> Symbol:
        return self < np.nextafter(np.float32(self._scalar(other)), np.float32(np.inf))

    def __and__(self, other: Any) -> Symbol:
        return self * other

    def _scalar(self, other: Any) -> float:
        """Return a number, or what all elements of an array of this shape are, as a number."""
        if isinstance(other, np.ndarray) and other.shape == self.shape and other.size:
            first = other.flat[0]
            if (other == first).all():
                return float(first)
        return number(other)

    def _unknown(self, *args: Any, **kwargs: Any) -> Any:
        raise UnplannableError("a calculation outside of what plans know")

    # What Python would answer by itself, though the values are not known.
    __array__ = __bool__ = __ne__ = _unknown
    __eq__ = _unknown
    __hash__ = object.__hash__


class Total:
    """The sum of `losses` (N,) over the batch, times a factor: a loss as far as a plan is concerned."""

    dtype = FLOAT32
    shape = ()
    ndim = 0
    __array_ufunc__ = None

    def __init__(self, losses: Symbol, factor: float = 1.0) -> None:
        self.losses = losses
        self.factor = factor

    def astype(self, kind: Any, copy: bool = True) -> Total:
        """Return the total itself, which can only be float32."""
        return Total(self.losses.astype(kind), self.factor)

    def __add__(self, other: Any) -> Total:
        if not isinstance(other, Total):
            raise UnplannableError("a number that is added to the loss")
        return Total(self.losses * self.factor + other.losses * other.factor)

    def __sub__(self, other: Any) -> Total:
        return self + other * -1.0

    def __mul__(self, other: Any) -> Total:
        return Total(self.losses, self.factor * number(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Total:
        return Total(self.losses, self.factor / number(other))

    def __neg__(self) -> Total:
        return self * -1.0


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


def number(value: Any) -> float:
    """Return a Python number or an array of one element as a number."""
    if isinstance(value, Symbol | Total | Labels | Counter) or np.ndim(value) > 0:
        raise UnplannableError("a calculation with a sum over the batch" if isinstance(value, Total) else _SHAPES)
    return float(value)


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the distances between neighbours where the last axis lies innermost."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))
