"""Tensor methods element by element: arithmetic, comparisons and functions of one variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.dtypes import Scalar, result_type
from nnkit.ops.operation import check_broadcast, sign
from nnkit.tensors.base import TensorBase

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor

Operand = Any  # a Tensor or a Python number; anything else lets Python try the other operand


def _usable(other: object) -> bool:
    return isinstance(other, TensorBase | Scalar | np.number | np.bool_)


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


class Arithmetic(TensorBase):
    """Elementwise methods and operators."""

    def add(self, other: Operand, *, alpha: Scalar = 1) -> Tensor:
        """Return self + alpha * other."""
        return self.apply(ops.Add, _scalar(other), alpha=alpha)

    def sub(self, other: Operand, *, alpha: Scalar = 1) -> Tensor:
        """Return self - alpha * other."""
        return self.apply(ops.Sub, _scalar(other), alpha=alpha)

    def mul(self, other: Operand) -> Tensor:
        """Return self * other."""
        return self.apply(ops.Mul, _scalar(other))

    def div(self, other: Operand) -> Tensor:
        """Return self / other, of floating type."""
        return self.apply(ops.Div, _scalar(other))

    def pow(self, exponent: Operand) -> Tensor:
        """Return self to the power of a number or, element by element, of a tensor."""
        if isinstance(exponent, TensorBase):
            return self.apply(ops.PowTensor, exponent)
        return self.apply(ops.Pow, exponent=_scalar(exponent))

    def neg(self) -> Tensor:
        """Return -self."""
        return self.apply(ops.Neg)

    def exp(self) -> Tensor:
        """Return e to the power of each element."""
        return self.apply(ops.Exp)

    def log(self) -> Tensor:
        """Return the natural logarithm."""
        return self.apply(ops.Log)

    def sqrt(self) -> Tensor:
        """Return the square root."""
        return self.apply(ops.Sqrt)

    def square(self) -> Tensor:
        """Return the square."""
        return self.apply(ops.Pow, exponent=2)

    def abs(self) -> Tensor:
        """Return the absolute value."""
        return self.apply(ops.Abs)

    def reciprocal(self) -> Tensor:
        """Return 1 / self."""
        return self.apply(ops.Reciprocal)

    def relu(self) -> Tensor:
        """Return max(self, 0)."""
        return self.apply(ops.Relu)

    def sigmoid(self) -> Tensor:
        """Return 1 / (1 + exp(-self))."""
        return self.apply(ops.Sigmoid)

    def tanh(self) -> Tensor:
        """Return the hyperbolic tangent."""
        return self.apply(ops.Tanh)

    def clamp(self, min: Scalar | None = None, max: Scalar | None = None) -> Tensor:
        """Return the elements, held between the bounds."""
        return self.apply(ops.Clamp, min=min, max=max)

    def maximum(self, other: Tensor) -> Tensor:
        """Return the greater of each pair of elements."""
        return self.apply(ops.Maximum, other)

    def minimum(self, other: Tensor) -> Tensor:
        """Return the smaller of each pair of elements."""
        return self.apply(ops.Minimum, other)

    def masked_fill(self, mask: Tensor, value: Scalar) -> Tensor:
        """Return the elements, with `value` where the boolean mask is true."""
        return self.apply(ops.MaskedFill, mask, value=value)

    def softmax(self, dim: int) -> Tensor:
        """Return exp(self) divided by its sum along a dimension."""
        return self.apply(ops.Softmax, dim=dim)

    def log_softmax(self, dim: int) -> Tensor:
        """Return the logarithm of the softmax along a dimension."""
        return self.apply(ops.LogSoftmax, dim=dim)

    def _compare(self, other: Operand, compare: Callable[..., Any]) -> Tensor:
        right = other.array if isinstance(other, TensorBase) else _scalar(other)
        check_broadcast((self.array, right))
        common = result_type((self.array, right))
        values = compare(self.array.astype(common, copy=False), np.asarray(right).astype(common, copy=False))
        return self.detached(np.asarray(values))

    def eq(self, other: Operand) -> Tensor:
        """Return whether self == other, element by element."""
        return self._compare(other, np.equal)

    def ne(self, other: Operand) -> Tensor:
        """Return whether self != other, element by element."""
        return self._compare(other, np.not_equal)

    def lt(self, other: Operand) -> Tensor:
        """Return whether self < other, element by element."""
        return self._compare(other, np.less)

    def le(self, other: Operand) -> Tensor:
        """Return whether self <= other, element by element."""
        return self._compare(other, np.less_equal)

    def gt(self, other: Operand) -> Tensor:
        """Return whether self > other, element by element."""
        return self._compare(other, np.greater)

    def ge(self, other: Operand) -> Tensor:
        """Return whether self >= other, element by element."""
        return self._compare(other, np.greater_equal)

    def isnan(self) -> Tensor:
        """Return which elements are NaN."""
        return self.detached(np.isnan(self.array))

    def isfinite(self) -> Tensor:
        """Return which elements are neither NaN nor infinite."""
        return self.detached(np.isfinite(self.array))

    def sign(self) -> Tensor:
        """Return -1, 0 or 1 for each element, with a gradient of zero."""
        return self.detached(sign(np, self.array))

    def __add__(self, other: Operand) -> Tensor:
        return self.add(other) if _usable(other) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Operand) -> Tensor:
        return self.sub(other) if _usable(other) else NotImplemented

    def __rsub__(self, other: Operand) -> Tensor:
        return self.apply(ops.Rsub, number=_scalar(other)) if _usable(other) else NotImplemented

    def __mul__(self, other: Operand) -> Tensor:
        return self.mul(other) if _usable(other) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> Tensor:
        return self.div(other) if _usable(other) else NotImplemented

    def __rtruediv__(self, other: Operand) -> Tensor:
        return self.reciprocal().mul(other) if _usable(other) else NotImplemented

    def __pow__(self, other: Operand) -> Tensor:
        return self.pow(other) if _usable(other) else NotImplemented

    def __rpow__(self, other: Operand) -> Tensor:
        return self.apply(ops.PowScalar, base=_scalar(other)) if _usable(other) else NotImplemented

    def __floordiv__(self, other: Operand) -> Tensor:
        return self._divided(other, np.floor_divide) if _usable(other) else NotImplemented

    def __mod__(self, other: Operand) -> Tensor:
        return self._divided(other, np.remainder) if _usable(other) else NotImplemented

    def _divided(self, other: Operand, divide: Callable[..., Any]) -> Tensor:
        """Return a whole quotient or its remainder, through which no gradient flows."""
        right = other.array if isinstance(other, TensorBase) else _scalar(other)
        check_broadcast((self.array, right))
        common = result_type((self.array, right))
        divisor = np.asarray(right).astype(common, copy=False)
        if common.kind != "f" and (divisor == 0).any():
            raise RuntimeError("ZeroDivisionError")
        with np.errstate(all="ignore"):
            return self.detached(np.asarray(divide(self.array.astype(common, copy=False), divisor)))

    def __neg__(self) -> Tensor:
        return self.neg()

    def __abs__(self) -> Tensor:
        return self.abs()

    def __invert__(self) -> Tensor:
        return self.detached(np.invert(self.array))

    def _logical(self, other: Operand, combine: Callable[..., Any]) -> Tensor:
        right = other.array if isinstance(other, TensorBase) else _scalar(other)
        check_broadcast((self.array, right))
        return self.detached(np.asarray(combine(self.array, right)))

    def __and__(self, other: Operand) -> Tensor:
        return self._logical(other, np.bitwise_and) if _usable(other) else NotImplemented

    def __or__(self, other: Operand) -> Tensor:
        return self._logical(other, np.bitwise_or) if _usable(other) else NotImplemented

    def __xor__(self, other: Operand) -> Tensor:
        return self._logical(other, np.bitwise_xor) if _usable(other) else NotImplemented

    def __eq__(self, other: object) -> Any:
        if isinstance(other, np.ndarray):
            other = self.detached(other)
        return self.eq(other) if _usable(other) else False

    def __ne__(self, other: object) -> Any:
        return self.ne(other) if _usable(other) else True

    def __lt__(self, other: Operand) -> Tensor:
        return self.lt(other) if _usable(other) else NotImplemented

    def __le__(self, other: Operand) -> Tensor:
        return self.le(other) if _usable(other) else NotImplemented

    def __gt__(self, other: Operand) -> Tensor:
        return self.gt(other) if _usable(other) else NotImplemented

    def __ge__(self, other: Operand) -> Tensor:
        return self.ge(other) if _usable(other) else NotImplemented

    # Tensors are equal element by element, so as keys and in sets they are told apart by identity.
    def __hash__(self) -> int:
        return id(self)
