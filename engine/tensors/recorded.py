"""Gradients that are on the tape themselves: what an operation's own backward works on for a second derivative.

A `RecordedArray` looks like an array to it and is a tensor behind, as a plan's symbols are memory of a program. What is
not here cannot be differentiated twice, and says so.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.kernels.layer_gradients import LayerGradients
from nnkit.kernels.layout import Array
from nnkit.ops import Operation
from nnkit.tape import Node, OperationNode, Recorded

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


class RecordedArray(Recorded):
    """A tensor with the part of NumPy's vocabulary that the gradients of operations use."""

    # NumPy's numbers and arrays leave `number * array` to it.
    __array_ufunc__ = None
    __hash__ = object.__hash__

    def __init__(self, tensor: Tensor) -> None:
        super().__init__(tensor)
        self.dtype = tensor.array.dtype
        self.shape = tensor.array.shape
        self.ndim = tensor.array.ndim
        self.size = tensor.array.size

    def __array__(self, *_args: Any, **_kwargs: Any) -> Array:
        raise NotImplementedError("a function of NumPy's")

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)

    def differentiated(self, node: OperationNode, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """See `Recorded.differentiated`.

        Raises:
            NotImplementedError: the operation's gradient is calculated in a way that cannot be differentiated.
        """
        operation = copy.copy(node.operation)
        try:
            operation._saved = tuple(_unpacked(node, array) for array in node.operation.saved)
            _check_attributes(operation)
            operation.xp, operation.backend = _Functions(), _Kernels(operation)  # type: ignore[assignment]
            return node.differentiated(operation, grads)
        except NotImplementedError as error:
            raise NotImplementedError(
                f"the derivative of {node.name()} cannot be differentiated: {error} has none"
            ) from None

    # Arrangement ----------------------------------------------------------------------------------------

    def reshape(self, *shape: Any) -> RecordedArray:
        """Return the elements in another shape."""
        return RecordedArray(self.tensor.reshape(*shape))

    @property
    def T(self) -> RecordedArray:  # noqa: N802 (NumPy's name)
        """The axes in reverse order."""
        return self.transpose(tuple(reversed(range(self.ndim))))

    def transpose(self, axes: Sequence[int]) -> RecordedArray:
        """Return the axes in another order."""
        return RecordedArray(self.tensor.permute(tuple(int(axis) for axis in axes)))

    def swapaxes(self, first: int, second: int) -> RecordedArray:
        """Return the array with two axes exchanged."""
        return RecordedArray(self.tensor.transpose(first, second))

    def squeeze(self, axis: int) -> RecordedArray:
        """Return the array without an axis of size 1."""
        return RecordedArray(self.tensor.squeeze(axis))

    def astype(self, kind: Any, copy: bool = True) -> RecordedArray:
        """Return the array in another type."""
        return self if self.dtype == kind else RecordedArray(self.tensor.apply(ops.ToCopy, kind=np.dtype(kind)))

    def copy(self) -> RecordedArray:
        """Return a copy."""
        return RecordedArray(self.tensor.clone())

    def __getitem__(self, key: Any) -> RecordedArray:
        return RecordedArray(self.tensor[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        self.tensor[key] = plain(value)

    # Calculation ----------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> RecordedArray:
        return RecordedArray(self.tensor + plain(other))

    def __sub__(self, other: Any) -> RecordedArray:
        return RecordedArray(self.tensor - plain(other))

    def __rsub__(self, other: Any) -> RecordedArray:
        return RecordedArray(plain(other) - self.tensor)

    def __mul__(self, other: Any) -> RecordedArray:
        return RecordedArray(self.tensor * plain(other))

    def __truediv__(self, other: Any) -> RecordedArray:
        return RecordedArray(self.tensor / plain(other))

    def __rtruediv__(self, other: Any) -> RecordedArray:
        return RecordedArray(plain(other) / self.tensor)

    def __neg__(self) -> RecordedArray:
        return RecordedArray(-self.tensor)

    __radd__, __rmul__ = __add__, __mul__

    # Comparisons have no derivative.
    def __eq__(self, other: object) -> Any:
        return self.tensor.array == values(other)

    def __ne__(self, other: object) -> Any:
        return self.tensor.array != values(other)

    def __lt__(self, other: Any) -> Any:
        return self.tensor.array < values(other)

    def __le__(self, other: Any) -> Any:
        return self.tensor.array <= values(other)

    def __gt__(self, other: Any) -> Any:
        return self.tensor.array > values(other)

    def __ge__(self, other: Any) -> Any:
        return self.tensor.array >= values(other)


def plain(value: Any) -> Any:
    """Return what a tensor can be combined with: a tensor, or a Python number."""
    if isinstance(value, RecordedArray):
        return value.tensor
    if isinstance(value, np.ndarray):
        return Node.tensor_of(value)
    return value.item() if isinstance(value, np.generic) else value


def values(value: Any) -> Any:
    """Return an array or number without its place on the tape."""
    return value.tensor.array if isinstance(value, RecordedArray) else value


def _tensor(value: Any) -> Tensor:
    found: Tensor = plain(value if isinstance(value, RecordedArray) else np.asarray(value))
    return found


def _method(name: str) -> Callable[..., RecordedArray]:
    return lambda value: RecordedArray(getattr(_tensor(value), name)())


class _Functions:
    """NumPy's functions, as far as gradients use them."""

    log, exp, abs, square, sqrt, tanh = map(staticmethod, map(_method, ("log", "exp", "abs", "square", "sqrt", "tanh")))

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"NumPy's {name}")

    @staticmethod
    def asarray(value: Any) -> Any:
        return value if isinstance(value, RecordedArray) else np.asarray(value)

    @staticmethod
    def zeros_like(value: RecordedArray) -> RecordedArray:
        return RecordedArray(Node.tensor_of(np.zeros(value.shape, value.dtype)))

    @staticmethod
    def broadcast_to(value: RecordedArray, shape: tuple[int, ...]) -> RecordedArray:
        return RecordedArray(value.tensor.expand(shape))

    @staticmethod
    def power(base: Any, exponent: Any) -> RecordedArray:
        return RecordedArray(_tensor(base) ** plain(exponent))

    @staticmethod
    def where(condition: Array, a: Any, b: Any) -> Any:
        if not isinstance(a, RecordedArray) and not isinstance(b, RecordedArray):
            return np.where(condition, a, b)
        kind = next(each.dtype for each in (a, b) if isinstance(each, RecordedArray))
        a, b = (_tensor(each if isinstance(each, RecordedArray) else np.asarray(each, kind)) for each in (a, b))
        return RecordedArray(Node.tensor_of(np.asarray(condition)).apply(ops.Where, a, b))

    @staticmethod
    def sum(value: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
        if not isinstance(value, RecordedArray):
            return np.sum(value, axis=axis, keepdims=keepdims, dtype=dtype)
        return RecordedArray(value.tensor.apply(ops.SumDim, dim=axis, keepdim=keepdims))

    @staticmethod
    def subtract(a: Array, b: Array, dtype: Any) -> Array:
        # Of comparisons alone.
        found: Array = np.subtract(a, b, dtype=dtype)
        return found

    @staticmethod
    def sign(value: Any) -> Array:
        found: Array = np.sign(values(value))
        return found

    @staticmethod
    def isnan(value: Any) -> Array:
        found: Array = np.isnan(values(value))
        return found

    @staticmethod
    def less(a: Any, b: Any) -> Array:
        found: Array = values(a) < values(b)
        return found

    @staticmethod
    def greater(a: Any, b: Any) -> Array:
        return _Functions.less(b, a)

    @staticmethod
    def matmul(a: Any, b: Any) -> RecordedArray:
        return RecordedArray(_tensor(a) @ _tensor(b))

    @staticmethod
    def outer(a: Any, b: Any) -> RecordedArray:
        return RecordedArray(_tensor(a).reshape(-1, 1) * _tensor(b).reshape(1, -1))

    @staticmethod
    def stack(arrays: Sequence[Any], axis: int = 0) -> RecordedArray:
        return RecordedArray(_tensor(arrays[0]).apply(ops.Stack, *map(_tensor, arrays[1:]), dim=axis))

    @staticmethod
    def moveaxis(value: RecordedArray, source: int, target: int) -> Any:
        if target != 0:
            raise NotImplementedError("NumPy's moveaxis")
        return [RecordedArray(each) for each in value.tensor.unbind(source)]

    @staticmethod
    def split(value: RecordedArray, ends: Sequence[int], axis: int) -> list[RecordedArray]:
        bounds = [0, *(int(end) for end in ends), value.shape[axis]]
        spans = [slice(first, last) for first, last in itertools.pairwise(bounds)]
        return [RecordedArray(value.tensor.apply(ops.Slice, dim=axis, span=span)) for span in spans]


class _Kernels(LayerGradients):
    """The gradients that kernels calculate, made of operations."""

    def __init__(self, operation: Operation) -> None:
        self.kernels = operation.backend

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"the kernel {name}")

    @staticmethod
    def sigmoid_gradient(grad: RecordedArray, result: RecordedArray) -> RecordedArray:
        return grad * (result * (1 - result))

    @staticmethod
    def tanh_gradient(grad: RecordedArray, result: RecordedArray) -> RecordedArray:
        return grad * (1 - result * result)

    @staticmethod
    def relu_gradient(grad: RecordedArray, result: RecordedArray) -> RecordedArray:
        return _Functions.where(result > 0, grad, 0)

    @staticmethod
    def product(a: Any, b: Any, bias: None) -> RecordedArray:
        return _Functions.matmul(a, b)

    @staticmethod
    def product_transposed(grad: RecordedArray, a: RecordedArray) -> RecordedArray:
        return _Functions.matmul(a.T, grad)

    @staticmethod
    def channel_sums(grad: RecordedArray) -> Any:
        return _Functions.sum(grad, axis=(0, *range(2, grad.ndim)))

    @staticmethod
    def embed(grad: RecordedArray, shape: tuple[int, ...], key: Any) -> RecordedArray:
        whole = Node.tensor_of(np.zeros(shape, grad.dtype))
        whole[key] = grad.tensor
        return RecordedArray(whole)

    @staticmethod
    def log_softmax_gradient(grad: RecordedArray, result: RecordedArray, axis: int | None) -> Any:
        return grad - _Functions.exp(result) * _Functions.sum(grad, axis=axis, keepdims=True)

    def nll_loss_gradient(
        self, target: Array, factors: Array | None, share: RecordedArray, shape: tuple[int, ...], ignore_index: int
    ) -> RecordedArray:
        ones = np.ones(share.shape, share.dtype)
        slopes = self.kernels.nll_loss_gradient(target, factors, ones, shape, ignore_index)
        return (share.reshape(-1, 1) if share.ndim else share) * slopes


def _check_attributes(operation: Operation) -> None:
    """Raise a NotImplementedError if an operation keeps arrays of numbers beside what it has saved."""
    for name, value in vars(operation).items():
        arrays = value if isinstance(value, list | tuple) else [value]
        if name not in ("_saved", "numbers") and any(_is_floating(each) for each in arrays):
            raise NotImplementedError(f"the array {name}")


def _is_floating(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _unpacked(node: OperationNode, array: Any) -> Any:
    """Return an array that was kept as one that is on the tape, if it has a gradient."""
    if not isinstance(array, np.ndarray | np.generic) or array.dtype.kind != "f":
        return array
    if any(array is number for number in node.operation.numbers):
        return array
    for saved in node.saved:
        if saved.array is array:
            return RecordedArray(saved.unpacked(node))
    raise NotImplementedError("a value between input and result")
