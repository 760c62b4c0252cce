"""Functions that make tensors."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from nnkit.devices import available, device
from nnkit.dtypes import Scalar, dtype, float32, int64, of_array, of_scalar
from nnkit.kernels.layout import Array
from nnkit.recording import note_constant, note_obstacle
from nnkit.streams import HasStream, stream_of
from nnkit.tensors.explaining import explained
from nnkit.tensors.filling import check_size, filled
from nnkit.tensors.nesting import of_sequence, warn_of_copy
from nnkit.tensors.shaping import sizes
from nnkit.tensors.sharing import from_numpy
from nnkit.tensors.tensor import Tensor

Device = str | int | device | None


def _finish(array: Array, place: Device, requires_grad: bool) -> Tensor:
    if place is not None:
        available(place)
    if requires_grad is not False and requires_grad is not True:
        raise TypeError("requires_grad is neither True nor False")
    if requires_grad and array.dtype.kind != "f":
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    result = Tensor.detached(array)
    if requires_grad:
        result.requires_grad = True
    note_constant(result)
    return result


def _shape(function: str, given: tuple[Any, ...]) -> tuple[int, ...]:
    """Return sizes that were given one by one or as one sequence.

    Raises:
        RuntimeError: one is negative.
        TypeError: they are no sizes; `explained` says what is wrong with them.
    """
    shape = sizes(given)
    if any(size < 0 for size in shape):
        if function == "zeros":
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        size = next(size for size in shape if size < 0)
        raise RuntimeError(f"Trying to create tensor with negative dimension {size}: {list(shape)}")
    return shape


@explained
def tensor(data: Any, *, dtype: dtype | None = None, device: Device = None, requires_grad: bool = False) -> Tensor:
    """Return a new tensor of numbers: a number, nested sequences, or an array, which is copied.

    Raises:
        ValueError: the sequences do not have one length.
        RuntimeError: something is not a number, or the type does not hold it.

    Examples:
        >>> torch.tensor([[1, 2], [3, 4]])
        tensor([[1, 2],
                [3, 4]])
    """
    if isinstance(data, Tensor):
        warn_of_copy("torch.tensor(sourceTensor)")
        note_obstacle("a tensor made of the values of another")
        data = data.array
    if isinstance(data, np.ndarray | np.generic):
        array = np.array(data)
        of_array(array)
    else:
        array = of_sequence(data, dtype)
    if dtype is not None:
        array = array.astype(dtype.numpy)
    return _finish(array, device, requires_grad)


def as_tensor(data: Any, dtype: dtype | None = None, device: Device = None) -> Tensor:
    """Return a tensor of the data, sharing its memory where it is an array of the right type or a tensor.

    Examples:
        >>> torch.as_tensor([1, 2])
        tensor([1, 2])
    """
    if isinstance(data, np.ndarray):
        data = from_numpy(data)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return tensor(data, dtype=dtype, device=device)


@explained
def full(
    size: Any,
    fill_value: Scalar,
    *,
    dtype: dtype | None = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return a tensor with one value everywhere.

    Examples:
        >>> torch.full((2,), 3.5)
        tensor([3.5000, 3.5000])
    """
    kind = (dtype or of_scalar(fill_value)).numpy
    return _finish(filled(_shape("full", (tuple(size),)), fill_value, kind), device, requires_grad)


@explained
def zeros(*size: Any, dtype: dtype | None = None, device: Device = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of zeros.

    Examples:
        >>> torch.zeros(2, dtype=torch.int64)
        tensor([0, 0])
    """
    return _finish(filled(_shape("zeros", size), 0, (dtype or float32).numpy), device, requires_grad)


@explained
def ones(*size: Any, dtype: dtype | None = None, device: Device = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of ones.

    Examples:
        >>> torch.ones(2, 2)
        tensor([[1., 1.],
                [1., 1.]])
    """
    return _finish(filled(_shape("ones", size), 1, (dtype or float32).numpy), device, requires_grad)


@explained
def empty(*size: Any, dtype: dtype | None = None, device: Device = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of values that are to be written; here they are zeros, so that no run depends on old memory.

    Examples:
        >>> torch.empty(2, 3).shape
        torch.Size([2, 3])
    """
    return _finish(filled(_shape("empty", size), 0, (dtype or float32).numpy), device, requires_grad)


@explained
def eye(n: int, m: int | None = None, *, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
    """Return the identity matrix, or the first columns or rows of one.

    Examples:
        >>> torch.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    for name, size in (("n", n), ("m", m)):
        if size is not None and size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    return _finish(np.eye(n, m, dtype=(dtype or float32).numpy), None, requires_grad)


@explained
def arange(
    start: Scalar | None = None,
    end: Scalar | None = None,
    step: Scalar = 1,
    *,
    dtype: dtype | None = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return the numbers from start (0 if only the end is given) up to but without the end.

    Examples:
        >>> torch.arange(1, 2, 0.25)
        tensor([1.0000, 1.2500, 1.5000, 1.7500])
    """
    if end is None:
        start, end = 0, start
    given = (start or 0, end, step)
    first, last, step = (each.item() if isinstance(each, np.generic | Tensor) else each for each in given)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (last - first) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    whole = all(isinstance(number, int) for number in (first, last, step))
    kind = (dtype or (int64 if whole else float32)).numpy
    return _finish(np.arange(first, last, step).astype(kind), device, requires_grad)


@explained
def linspace(
    start: float, end: float, steps: int, *, dtype: dtype | None = None, requires_grad: bool = False
) -> Tensor:
    """Return evenly spaced numbers from start to end, both included.

    Examples:
        >>> torch.linspace(0, 1, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    kind, steps = (dtype or float32).numpy, operator.index(steps)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    if kind.kind != "f":
        return _finish(np.linspace(start, end, steps).astype(kind), None, requires_grad)
    # Counted from the nearer end and rounded once, as PyTorch does: the numbers are symmetric to the last bit.
    first, last = np.asarray(start, kind)[()], np.asarray(end, kind)[()]
    step = np.longdouble((last - first) / np.asarray(max(steps - 1, 1), kind)[()])
    places = np.arange(steps)
    numbers = np.where(places < max(steps // 2, 1), first + step * places, last - step * (steps - 1 - places))
    return _finish(numbers.astype(kind), None, requires_grad)


@explained
def rand(
    *size: Any,
    generator: HasStream | None = None,
    dtype: dtype | None = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers evenly spread over [0, 1).

    Examples:
        >>> torch.rand(3)
        tensor([0.4963, 0.7682, 0.0885])
    """
    made = filled(_shape("rand", size), 0, (dtype or float32).numpy)
    result = _finish(made, device, False).uniform_(0, 1, generator=generator)
    return result.requires_grad_(requires_grad)


@explained
def randn(
    *size: Any,
    generator: HasStream | None = None,
    dtype: dtype | None = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return normally distributed numbers of mean 0 and variance 1.

    Examples:
        >>> torch.randn(3)
        tensor([ 1.5410, -0.2934, -2.1788])
    """
    made = filled(_shape("randn", size), 0, (dtype or float32).numpy)
    result = _finish(made, device, False).normal_(0, 1, generator=generator)
    return result.requires_grad_(requires_grad)


@explained
def randint(
    low: int | None = None,
    high: Any = None,
    size: Any = None,
    *,
    generator: HasStream | None = None,
    dtype: dtype | None = None,
    device: Device = None,
) -> Tensor:
    """Return whole numbers in [low, high), or in [0, low) if only one bound is given.

    Examples:
        >>> torch.randint(10, (4,))
        tensor([4, 9, 3, 0])
    """
    if size is None:
        low, high, size = 0, low, high
    elif low is None or high is None:
        low, high = 0, high if low is None else low
    if not isinstance(low, int | np.integer):
        raise TypeError("a bound is no whole number")
    size = tuple(size)
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    shape = _shape("randint", (size,))
    check_size(shape, int64.itemsize)
    count = math.prod(shape)
    note_obstacle("random numbers in the network")
    numbers = stream_of(generator).integers(count, low, high).reshape(shape)
    return _finish(numbers.astype((dtype or int64).numpy), device, False)


@explained
def randperm(n: int, *, generator: HasStream | None = None) -> Tensor:
    """Return the numbers below n in random order.

    Examples:
        >>> torch.randperm(5)
        tensor([4, 0, 1, 3, 2])
    """
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    note_obstacle("random numbers in the network")
    return Tensor.detached(stream_of(generator).permutation(n))


@explained
def zeros_like(input: Tensor, *, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
    """Return zeros in the shape and type of a tensor.

    Examples:
        >>> torch.zeros_like(torch.tensor([5.0, 6.0]))
        tensor([0., 0.])
    """
    return zeros(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@explained
def ones_like(input: Tensor, *, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
    """Return ones in the shape and type of a tensor.

    Examples:
        >>> torch.ones_like(torch.tensor([5, 6]))
        tensor([1, 1])
    """
    return ones(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@explained
def empty_like(input: Tensor, *, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
    """Return values to be written in the shape and type of a tensor.

    Examples:
        >>> torch.empty_like(torch.ones(2, 3)).shape
        torch.Size([2, 3])
    """
    return empty(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@explained
def full_like(input: Tensor, fill_value: Scalar, *, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
    """Return one value everywhere in the shape and type of a tensor.

    Examples:
        >>> torch.full_like(torch.ones(2), 3.5)
        tensor([3.5000, 3.5000])
    """
    return full(input.shape, fill_value, dtype=dtype or input.dtype, requires_grad=requires_grad)


@explained
def rand_like(input: Tensor, *, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
    """Return numbers evenly spread over [0, 1) in the shape and type of a tensor.

    Examples:
        >>> torch.rand_like(torch.zeros(3))
        tensor([0.4963, 0.7682, 0.0885])
    """
    return rand(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@explained
def randn_like(input: Tensor, *, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
    """Return normally distributed numbers in the shape and type of a tensor.

    Examples:
        >>> torch.randn_like(torch.zeros(3))
        tensor([ 1.5410, -0.2934, -2.1788])
    """
    return randn(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)
