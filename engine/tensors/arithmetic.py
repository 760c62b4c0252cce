"""Tensor methods element by element: arithmetic, comparisons and functions of one variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.dtypes import C_NAMES, Scalar, common_type, of_array
from nnkit.ops.operation import check_broadcast
from nnkit.tensors.base import TensorBase
from nnkit.tensors.elementary import Elementary

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor

Operand = Any  # a Tensor or a Python number; anything else lets Python try the other operand


def is_operand(other: object) -> bool:
    """Return whether a tensor can be combined with something."""
    return isinstance(other, TensorBase | Scalar | np.number | np.bool_)


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def check_mask(mask: Tensor, value: Any) -> None:
    """Raise PyTorch's RuntimeError unless a mask is boolean and the value one number."""
    if mask.array.dtype != np.bool_:
        kind = C_NAMES[of_array(mask.array)]
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {kind}")
    if isinstance(value, TensorBase) and value.array.ndim:
        dimensions = f"{value.array.ndim} dimension(s)"
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {dimensions}."
        )


class Arithmetic(Elementary):
    """Elementwise methods and operators."""

    def add(self, other: Operand, *, alpha: Scalar = 1) -> Tensor:
        """Return self + alpha * other.

        Examples:
            >>> torch.ones(2).add(torch.tensor([1.0, 2.0]), alpha=10)
            tensor([11., 21.])
        """
        return self.apply(ops.Add, _scalar(other), alpha=alpha)

    def sub(self, other: Operand, *, alpha: Scalar = 1) -> Tensor:
        """Return self - alpha * other.

        Examples:
            >>> torch.tensor([3, 4]).sub(1)
            tensor([2, 3])
        """
        return self.apply(ops.Sub, _scalar(other), alpha=alpha)

    subtract = sub

    def mul(self, other: Operand) -> Tensor:
        """Return self * other.

        Examples:
            >>> torch.tensor([1, 2]).mul(3)
            tensor([3, 6])
        """
        return self.apply(ops.Mul, _scalar(other))

    multiply = mul

    def div(self, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
        """Return self / other: of floating type, or rounded to a whole number.

        Args:
            other: a tensor or a number.
            rounding_mode: "floor" (down) or "trunc" (towards zero).

        Raises:
            RuntimeError: there is no such mode, or integers are divided by zero.

        Examples:
            >>> torch.tensor([7, -7]).div(2)
            tensor([ 3.5000, -3.5000])
            >>> torch.tensor([7, -7]).div(2, rounding_mode="floor")
            tensor([ 3, -4])
        """
        if rounding_mode is None:
            return self.apply(ops.Div, _scalar(other))
        if rounding_mode not in ("floor", "trunc"):
            raise RuntimeError(
                "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '" + rounding_mode + "'"
            )
        return self.apply(ops.DivRounded, _scalar(other), rounding_mode=rounding_mode)

    divide = div

    def floor_divide(self, other: Operand) -> Tensor:
        """Return self / other rounded down, through which no gradient flows.

        Examples:
            >>> torch.tensor([7, -7]).floor_divide(2)
            tensor([ 3, -4])
        """
        return self.div(other, rounding_mode="floor").detach()

    def remainder(self, other: Operand) -> Tensor:
        """Return what is left of a division that is rounded down; it has the sign of `other`.

        Examples:
            >>> torch.tensor([7, -7]).remainder(3)
            tensor([1, 2])
        """
        if isinstance(other, TensorBase):
            return self.apply(ops.Remainder, other)
        return self.apply(ops.RemainderOfNumber, number=_scalar(other))

    def fmod(self, other: Scalar) -> Tensor:
        """Return what is left of a division that is rounded towards zero; it has the sign of this tensor.

        Examples:
            >>> torch.tensor([7, -7]).fmod(3)
            tensor([ 1, -1])
        """
        return self.apply(ops.Fmod, number=_scalar(other))

    def pow(self, exponent: Operand) -> Tensor:
        """Return self to the power of a number or, element by element, of a tensor.

        Examples:
            >>> torch.tensor([1.0, 2.0]).pow(3)
            tensor([1., 8.])
        """
        if isinstance(exponent, TensorBase):
            return self.apply(ops.PowTensor, exponent)
        return self.apply(ops.Pow, exponent=_scalar(exponent))

    def neg(self) -> Tensor:
        """Return -self.

        Examples:
            >>> torch.tensor([1, -2]).neg()
            tensor([-1,  2])
        """
        return self.apply(ops.Neg)

    def clamp(self, min: Scalar | None = None, max: Scalar | None = None) -> Tensor:
        """Return the elements, held between the bounds.

        Examples:
            >>> torch.tensor([-1.0, 0.5, 3.0]).clamp(0, 1)
            tensor([0.0000, 0.5000, 1.0000])
        """
        return self.apply(ops.Clamp, min=min, max=max)

    def clamp_min(self, min: Scalar) -> Tensor:
        """Return the elements, held above a bound.

        Examples:
            >>> torch.tensor([-1.0, 2.0]).clamp_min(0)
            tensor([0., 2.])
        """
        return self.apply(ops.ClampMin, min=min)

    def clamp_max(self, max: Scalar) -> Tensor:
        """Return the elements, held below a bound.

        Examples:
            >>> torch.tensor([-1.0, 2.0]).clamp_max(0)
            tensor([-1.,  0.])
        """
        return self.apply(ops.ClampMax, max=max)

    def maximum(self, other: Tensor) -> Tensor:
        """Return the greater of each pair of elements.

        Examples:
            >>> torch.tensor([1, 5]).maximum(torch.tensor([4, 2]))
            tensor([4, 5])
        """
        return self.apply(ops.Maximum, other)

    def minimum(self, other: Tensor) -> Tensor:
        """Return the smaller of each pair of elements.

        Examples:
            >>> torch.tensor([1, 5]).minimum(torch.tensor([4, 2]))
            tensor([1, 2])
        """
        return self.apply(ops.Minimum, other)

    def masked_fill(self, mask: Tensor, value: Scalar) -> Tensor:
        """Return the elements, with `value` where the boolean mask is true.

        Examples:
            >>> torch.tensor([1.0, 2.0]).masked_fill(torch.tensor([True, False]), 0)
            tensor([0., 2.])
        """
        check_mask(mask, value)
        return self.apply(ops.MaskedFill, mask, value=value)

    def softmax(self, dim: int) -> Tensor:
        """Return exp(self) divided by its sum along a dimension.

        Examples:
            >>> torch.tensor([1.0, 1.0, 1.0, 1.0]).softmax(0)
            tensor([0.2500, 0.2500, 0.2500, 0.2500])
        """
        return self.apply(ops.Softmax, dim=dim)

    def log_softmax(self, dim: int) -> Tensor:
        """Return the logarithm of the softmax along a dimension.

        Examples:
            >>> torch.tensor([1.0, 1.0]).log_softmax(0)
            tensor([-0.6931, -0.6931])
        """
        return self.apply(ops.LogSoftmax, dim=dim)

    def _compare(self, other: Operand, compare: Callable[..., Any]) -> Tensor:
        right = other.array if isinstance(other, TensorBase) else _scalar(other)
        check_broadcast((self.array, right))
        common = common_type((self.array, right))
        values = compare(self.array.astype(common, copy=False), np.asarray(right).astype(common, copy=False))
        return self.detached(np.asarray(values))

    def eq(self, other: Operand) -> Tensor:
        """Return whether self == other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).eq(2)
            tensor([False,  True])
        """
        return self._compare(other, np.equal)

    def ne(self, other: Operand) -> Tensor:
        """Return whether self != other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).ne(2)
            tensor([ True, False])
        """
        return self._compare(other, np.not_equal)

    def lt(self, other: Operand) -> Tensor:
        """Return whether self < other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).lt(2)
            tensor([ True, False])
        """
        return self._compare(other, np.less)

    def le(self, other: Operand) -> Tensor:
        """Return whether self <= other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).le(1)
            tensor([ True, False])
        """
        return self._compare(other, np.less_equal)

    def gt(self, other: Operand) -> Tensor:
        """Return whether self > other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).gt(1)
            tensor([False,  True])
        """
        return self._compare(other, np.greater)

    def ge(self, other: Operand) -> Tensor:
        """Return whether self >= other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).ge(2)
            tensor([False,  True])
        """
        return self._compare(other, np.greater_equal)

    def __add__(self, other: Operand) -> Tensor:
        return self.add(other) if is_operand(other) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Operand) -> Tensor:
        return self.sub(other) if is_operand(other) else NotImplemented

    def __rsub__(self, other: Operand) -> Tensor:
        return self.apply(ops.Rsub, number=_scalar(other)) if is_operand(other) else NotImplemented

    def __mul__(self, other: Operand) -> Tensor:
        return self.mul(other) if is_operand(other) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> Tensor:
        return self.div(other) if is_operand(other) else NotImplemented

    def __rtruediv__(self, other: Operand) -> Tensor:
        return self.reciprocal().mul(other) if is_operand(other) else NotImplemented

    def __pow__(self, other: Operand) -> Tensor:
        return self.pow(other) if is_operand(other) else NotImplemented

    def __rpow__(self, other: Operand) -> Tensor:
        return self.apply(ops.PowScalar, base=_scalar(other)) if is_operand(other) else NotImplemented

    def __floordiv__(self, other: Operand) -> Tensor:
        return self.floor_divide(other) if is_operand(other) else NotImplemented

    def __rfloordiv__(self, other: Operand) -> Tensor:
        return self._as_tensor(other).floor_divide(self) if is_operand(other) else NotImplemented

    def __mod__(self, other: Operand) -> Tensor:
        return self.remainder(other) if is_operand(other) else NotImplemented

    def __rmod__(self, other: Operand) -> Tensor:
        return self._as_tensor(other).remainder(self) if is_operand(other) else NotImplemented

    def _as_tensor(self, value: Any) -> Tensor:
        """Return a number as a tensor that decides the type of a result no more than the number."""
        number = _scalar(value)
        return self.detached(np.asarray(number, common_type((self.array, number))))

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
        return self._logical(other, np.bitwise_and) if is_operand(other) else NotImplemented

    def __or__(self, other: Operand) -> Tensor:
        return self._logical(other, np.bitwise_or) if is_operand(other) else NotImplemented

    def __xor__(self, other: Operand) -> Tensor:
        return self._logical(other, np.bitwise_xor) if is_operand(other) else NotImplemented

    def __eq__(self, other: object) -> Any:
        if isinstance(other, np.ndarray):
            other = self.detached(other)
        return self.eq(other) if is_operand(other) else False

    def __ne__(self, other: object) -> Any:
        return self.ne(other) if is_operand(other) else True

    def __lt__(self, other: Operand) -> Tensor:
        return self.lt(other) if is_operand(other) else NotImplemented

    def __le__(self, other: Operand) -> Tensor:
        return self.le(other) if is_operand(other) else NotImplemented

    def __gt__(self, other: Operand) -> Tensor:
        return self.gt(other) if is_operand(other) else NotImplemented

    def __ge__(self, other: Operand) -> Tensor:
        return self.ge(other) if is_operand(other) else NotImplemented

    # Tensors are equal element by element, so as keys and in sets they are told apart by identity.
    def __hash__(self) -> int:
        return id(self)
