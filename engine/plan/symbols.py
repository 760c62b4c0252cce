"""Arrays without values: what an operation's own code works on while a plan of it is made.

A symbol stands for an array of every step to come. It has the part of NumPy's vocabulary that operations use on arrays;
what is not there cannot be planned, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnkit.kernels.cpu import instructions as codes
from nnkit.plan.integers import Counter, Labels, UnplannableError

if TYPE_CHECKING:
    from nnkit.plan.memory import Memory
    from nnkit.plan.program import PlanProgram

FLOAT32 = np.dtype(np.float32)
_SHAPES = "a calculation between values of different shapes"


class Axis(NamedTuple):
    """One axis of a symbol; the batch has no stride."""

    size: int
    stride: int
    is_batch: bool


class Symbol:
    """An array of float32 whose memory a plan knows.

    Attributes:
        program: the plan that is being made.
        memory: where the elements are: for each block of images, or independent of images.
        shape: the whole shape.
        strides: distances between neighbours in elements of one image, without the batch.
        batch_axis: which axis is the batch, where the memory belongs to images.
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
        batch_axis: int = 0,
    ) -> None:
        self.program = program
        self.memory = memory
        self.shape = tuple(shape)
        self.offset = offset
        self.batch_axis = batch_axis
        self.strides = contiguous_strides(self.inner) if strides is None else strides

    @property
    def inner(self) -> tuple[int, ...]:
        """The shape of what one image has, or of everything if there is no batch."""
        return self._without_batch(self.shape)

    def _without_batch(self, each: tuple[int, ...]) -> tuple[int, ...]:
        return each[: self.batch_axis] + each[self.batch_axis + 1 :] if self.memory.of_images else each

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

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Symbol]:
        return (self[number] for number in range(len(self)))

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements of an image follow each other in memory."""
        expected = contiguous_strides(self.inner)
        pairs = zip(self.inner, self.strides, expected, strict=True)
        return all(mine == wanted for size, mine, wanted in pairs if size > 1)

    # Views ----------------------------------------------------------------------------------------------

    @property
    def _axes(self) -> list[Axis]:
        strides = list(self.strides)
        if self.memory.of_images:
            strides.insert(self.batch_axis, 0)
        batch = self.batch_axis if self.memory.of_images else -1
        pairs = zip(self.shape, strides, strict=True)
        return [Axis(size, stride, number == batch) for number, (size, stride) in enumerate(pairs)]

    def _view(self, axes: Sequence[Axis], offset: int | None = None) -> Symbol:
        """Return a view with these axes, of which one is the batch if there is one here."""
        batch = [number for number, axis in enumerate(axes) if axis.is_batch]
        strides = tuple(axis.stride for axis in axes if not axis.is_batch)
        start = self.offset if offset is None else offset
        shape = [axis.size for axis in axes]
        return Symbol(self.program, self.memory, shape, start, strides, batch[0] if batch else 0)

    def reshape(self, *shape: Any) -> Any:
        """Return the same elements in another shape with the same batch, or as `Rows`."""
        wanted = tuple(shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)
        if wanted == self.shape:
            return self
        axis = 0
        if self.memory.of_images:
            before = math.prod(self.shape[: self.batch_axis])
            places = [
                n for n, size in enumerate(wanted) if size == self.program.batch and math.prod(wanted[:n]) == before
            ]
            if not places:
                return self._rows(wanted)
            axis = places[0]
        dense = self.program.dense(self)
        return Symbol(self.program, dense.memory, wanted, dense.offset, None, axis)

    def _rows(self, wanted: tuple[int, ...]) -> Rows:
        """Return a sequence (T, N, F) or (N, T, F) as a matrix."""
        if self.ndim != 3 or self.batch_axis > 1 or wanted != (math.prod(self.shape[:2]), self.shape[2]):
            raise UnplannableError("a view that takes images apart")
        time = 1 - self.batch_axis
        steps = self if time == 0 else self.swapaxes(0, 1)
        return Rows(list(steps), time)

    @property
    def T(self) -> Symbol:  # noqa: N802 (NumPy's name)
        """The axes in reverse order."""
        return self.transpose(*reversed(range(self.ndim)))

    def transpose(self, *axes: Any) -> Symbol:
        """Return the axes in another order."""
        order = tuple(axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes)
        known = self._axes
        return self._view([known[axis] for axis in order or reversed(range(self.ndim))])

    def swapaxes(self, first: int, second: int) -> Symbol:
        """Return the array with two axes exchanged."""
        order = list(range(self.ndim))
        order[first], order[second] = order[second], order[first]
        return self.transpose(*order)

    def squeeze(self, axis: int | None = None) -> Symbol:
        """Return the array without one axis of size 1, or without all of them."""
        dropped = [i for i, size in enumerate(self.shape) if size == 1] if axis is None else [axis % self.ndim]
        if self.memory.of_images and self.batch_axis in dropped:
            raise UnplannableError("a batch of one image whose dimension is squeezed away")
        return self._view([each for number, each in enumerate(self._axes) if number not in dropped])

    def expand_dims(self, axis: int) -> Symbol:
        """Return the array with a new axis of size 1."""
        axes = self._axes
        axes.insert(axis, Axis(1, 0, is_batch=False))
        return self._view(axes)

    def broadcast_to(self, shape: tuple[int, ...]) -> Symbol:
        """Return the array with its axes of size 1 repeated; values of each image keep their batch."""
        axes = [*[Axis(1, 0, is_batch=False)] * (len(shape) - self.ndim), *self._axes]
        if any(axis.is_batch and axis.size != size for axis, size in zip(axes, shape, strict=True)):
            raise UnplannableError("values of each image that are repeated for all images")
        pairs = zip(axes, shape, strict=True)
        return self._view([axis if axis.size == size else Axis(size, 0, is_batch=False) for axis, size in pairs])

    def __getitem__(self, key: Any) -> Symbol:
        keys = list(key) if isinstance(key, tuple) else [key]
        if any(item is not Ellipsis and not isinstance(item, int | slice) for item in keys):
            raise UnplannableError("an index that is not made of numbers and slices")
        if Ellipsis in keys:
            at = keys.index(Ellipsis)
            keys[at : at + 1] = [slice(None)] * (self.ndim - len(keys) + 1)
        keys += [slice(None)] * (self.ndim - len(keys))
        offset, axes = self.offset, []
        for item, axis in zip(keys, self._axes, strict=True):
            if axis.is_batch and item not in (slice(None), slice(0, axis.size, 1)):
                raise UnplannableError("an index that picks images from the batch")
            if isinstance(item, int):
                offset += (item % axis.size) * axis.stride
                continue
            first, last, step = item.indices(axis.size)
            offset += first * axis.stride
            axes.append(axis._replace(size=max(0, -(-(last - first) // step)), stride=step * axis.stride))
        return self._view(axes, offset)

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


class Rows:
    """A matrix (R, F) whose rows are those of some values (N, F): a view of a sequence.

    Attributes:
        parts: the values.
        axis: 0 if all rows of a part follow each other, as in a view of (T, N, F); 1 if the rows of an image do.
    """

    dtype = FLOAT32
    ndim = 2
    __array_ufunc__ = None

    def __init__(self, parts: Sequence[Symbol], axis: int) -> None:
        self.parts = parts
        self.axis = axis
        batch, *features = parts[0].shape
        self.shape = (len(parts) * batch, *features)

    def map(self, function: Callable[[Symbol], Symbol]) -> Rows:
        """Return what a function makes of each part."""
        return Rows([function(part) for part in self.parts], self.axis)

    def astype(self, kind: Any, copy: bool = True) -> Rows:
        """See `Symbol.astype`."""
        self.parts[0].astype(kind)
        return self

    def reshape(self, *shape: Any) -> Any:
        """Return the rows as the sequence that they are a view of."""
        wanted = tuple(shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)
        if wanted == self.shape:
            return self
        batch, *features = self.parts[0].shape
        sequence = [batch, *features]
        sequence.insert(self.axis, len(self.parts))
        if wanted != tuple(sequence):
            raise UnplannableError("a view that takes images apart")
        return self.parts[0].program.stacked(self.parts, self.axis)


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


def number(value: Any) -> float:
    """Return a Python number or an array of one element as a number."""
    if isinstance(value, Symbol | Total | Labels | Counter) or np.ndim(value) > 0:
        raise UnplannableError("a calculation with a sum over the batch" if isinstance(value, Total) else _SHAPES)
    return float(value)


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the distances between neighbours where the last axis lies innermost."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))
