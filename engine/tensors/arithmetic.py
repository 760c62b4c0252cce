"""Tensor methods element by element: arithmetic, comparisons and functions of one variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.dtypes import C_NAMES, Scalar, common_type, dtype, of_array
from nnkit.ops import Operation
from nnkit.tensors.base import TensorBase
from nnkit.tensors.comparing import Comparing, Operand, is_operand, scalar

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


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


def clamped(min: Any, max: Any) -> tuple[type[Operation], tuple[Any, ...], dict[str, Any]]:
    """Return the operation that holds elements between bounds of which some are tensors, its inputs and its options.

    Raises:
        TypeError: one bound is a tensor with dimensions, and the other a number.
    """
    given = {name: bound for name, bound in (("min", min), ("max", max)) if bound is not None}
    if all(isinstance(bound, TensorBase) for bound in given.values()):
        return ops.ClampTensor, (min, max), {}
    if any(isinstance(bound, TensorBase) and bound.array.ndim for bound in given.values()):
        raise TypeError("a number and a tensor")
    return ops.Clamp, (), {name: np.asarray(getattr(bound, "array", bound)).item() for name, bound in given.items()}


class Arithmetic(Comparing):
    """Elementwise methods and operators."""

    def add(self, other: Operand, *, alpha: Scalar = 1) -> Tensor:
        """Return self + alpha * other.

        Examples:
            >>> torch.ones(2).add(torch.tensor([1.0, 2.0]), alpha=10)
            tensor([11., 21.])
        """
        return self.apply(ops.Add, scalar(other), alpha=alpha)

    def sub(self, other: Operand, *, alpha: Scalar = 1) -> Tensor:
        """Return self - alpha * other.

        Examples:
            >>> torch.tensor([3, 4]).sub(1)
            tensor([2, 3])
        """
        return self.apply(ops.Sub, scalar(other), alpha=alpha)

    subtract = sub

    def mul(self, other: Operand) -> Tensor:
        """Return self * other.

        Examples:
            >>> torch.tensor([1, 2]).mul(3)
            tensor([3, 6])
        """
        return self.apply(ops.Mul, scalar(other))

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
            return self.apply(ops.Div, scalar(other))
        if rounding_mode not in ("floor", "trunc"):
            raise RuntimeError(
                "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '" + rounding_mode + "'"
            )
        return self.apply(ops.DivRounded, scalar(other), rounding_mode=rounding_mode)

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
        return self.apply(ops.RemainderOfNumber, number=scalar(other))

    def fmod(self, other: Operand) -> Tensor:
        """Return what is left of a division that is rounded towards zero; it has the sign of this tensor.

        Examples:
            >>> torch.tensor([7, -7]).fmod(3)
            tensor([ 1, -1])
        """
        if isinstance(other, TensorBase):
            return self.apply(ops.FmodTensor, other)
        return self.apply(ops.Fmod, number=scalar(other))

    def pow(self, exponent: Operand) -> Tensor:
        """Return self to the power of a number or, element by element, of a tensor.

        Examples:
            >>> torch.tensor([1.0, 2.0]).pow(3)
            tensor([1., 8.])
        """
        if isinstance(exponent, TensorBase):
            return self.apply(ops.PowTensor, exponent)
        return self.apply(ops.Pow, exponent=scalar(exponent))

    def neg(self) -> Tensor:
        """Return -self.

        Examples:
            >>> torch.tensor([1, -2]).neg()
            tensor([-1,  2])
        """
        return self.apply(ops.Neg)

    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """Return the elements, held between the bounds: numbers, or tensors with one for each element.

        Examples:
            >>> torch.tensor([-1.0, 0.5, 3.0]).clamp(0, 1)
            tensor([0.0000, 0.5000, 1.0000])
            >>> torch.tensor([-1.0, 0.5, 3.0]).clamp(max=torch.tensor([0.0, 1.0, 2.0]))
            tensor([-1.0000,  0.5000,  2.0000])
        """
        if isinstance(min, TensorBase) or isinstance(max, TensorBase):
            operation, tensors, options = clamped(min, max)
            return self.apply(operation, *tensors, **options)
        return self.apply(ops.Clamp, min=min, max=max)

    clip = clamp

    def clamp_min(self, min: Any) -> Tensor:
        """Return the elements, held above a bound, a number or a tensor.

        Examples:
            >>> torch.tensor([-1.0, 2.0]).clamp_min(0)
            tensor([0., 2.])
        """
        if isinstance(min, TensorBase):
            return self.apply(ops.ClampMinTensor, min)
        return self.apply(ops.ClampMin, min=min)

    def clamp_max(self, max: Any) -> Tensor:
        """Return the elements, held below a bound, a number or a tensor.

        Examples:
            >>> torch.tensor([-1.0, 2.0]).clamp_max(0)
            tensor([-1.,  0.])
        """
        if isinstance(max, TensorBase):
            return self.apply(ops.ClampMaxTensor, max)
        return self.apply(ops.ClampMax, max=max)

    def maximum(self, other: Tensor) -> Tensor:
        """Return the greater of each pair of elements.

        Examples:
            >>> torch.tensor([1, 5]).maximum(torch.tensor([4, 2]))
            tensor([4, 5])
        """
        if not isinstance(other, TensorBase):
            raise TypeError("no tensor")
        return self.apply(ops.Maximum, other)

    def minimum(self, other: Tensor) -> Tensor:
        """Return the smaller of each pair of elements.

        Examples:
            >>> torch.tensor([1, 5]).minimum(torch.tensor([4, 2]))
            tensor([1, 2])
        """
        if not isinstance(other, TensorBase):
            raise TypeError("no tensor")
        return self.apply(ops.Minimum, other)

    def lerp(self, end: Tensor, weight: Any) -> Tensor:
        """Return points on the way to `end`: self for a weight of 0, `end` for 1.

        Args:
            end: a tensor of this one's type.
            weight: a number, or a tensor with one for each element.

        Raises:
            RuntimeError: the types differ.

        Examples:
            >>> torch.tensor([1.0, 2.0]).lerp(torch.tensor([3.0, 4.0]), 0.25)
            tensor([1.5000, 2.5000])
        """
        if isinstance(weight, TensorBase):
            return self.apply(ops.LerpTensor, end, weight)
        return self.apply(ops.Lerp, end, weight=weight)

    def masked_fill(self, mask: Tensor, value: Scalar) -> Tensor:
        """Return the elements, with `value` where the boolean mask is true.

        Examples:
            >>> torch.tensor([1.0, 2.0]).masked_fill(torch.tensor([True, False]), 0)
            tensor([0., 2.])
        """
        check_mask(mask, value)
        return self.apply(ops.MaskedFill, mask, value=value)

    def to(self, *targets: Any, **options: Any) -> Tensor:
        """See `Tensor.to`."""
        raise NotImplementedError

    def softmax(self, dim: int, dtype: dtype | None = None) -> Tensor:
        """Return exp(self) divided by its sum along a dimension.

        Args:
            dim: the dimension.
            dtype: convert the elements to this type first.

        Examples:
            >>> torch.tensor([1.0, 1.0, 1.0, 1.0]).softmax(0)
            tensor([0.2500, 0.2500, 0.2500, 0.2500])
        """
        source = self if dtype is None else self.to(dtype=dtype)
        return source.apply(ops.Softmax, dim=dim)

    def log_softmax(self, dim: int, dtype: dtype | None = None) -> Tensor:
        """Return the logarithm of the softmax along a dimension; see `softmax`.

        Examples:
            >>> torch.tensor([1.0, 1.0]).log_softmax(0)
            tensor([-0.6931, -0.6931])
        """
        source = self if dtype is None else self.to(dtype=dtype)
        return source.apply(ops.LogSoftmax, dim=dim)

    # Operators have made sure of their operands, so they need no method that explains what is wrong with them.
    def __add__(self, other: Operand) -> Tensor:
        return self.apply(ops.Add, scalar(other)) if is_operand(other) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Operand) -> Tensor:
        return self.apply(ops.Sub, scalar(other)) if is_operand(other) else NotImplemented

    def __rsub__(self, other: Operand) -> Tensor:
        return self.apply(ops.Rsub, number=scalar(other)) if is_operand(other) else NotImplemented

    def __mul__(self, other: Operand) -> Tensor:
        return self.apply(ops.Mul, scalar(other)) if is_operand(other) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> Tensor:
        return self.apply(ops.Div, scalar(other)) if is_operand(other) else NotImplemented

    def __rtruediv__(self, other: Operand) -> Tensor:
        return self.reciprocal().mul(other) if is_operand(other) else NotImplemented

    def __pow__(self, other: Operand) -> Tensor:
        return self.pow(other) if is_operand(other) else NotImplemented

    def __rpow__(self, other: Operand) -> Tensor:
        return self.apply(ops.PowScalar, base=scalar(other)) if is_operand(other) else NotImplemented

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
        number = scalar(value)
        return self.detached(np.asarray(number, common_type((self.array, number))))

    def __rlshift__(self, other: Operand) -> Tensor:
        return self._as_tensor(other) << self if is_operand(other) else NotImplemented

    def __rrshift__(self, other: Operand) -> Tensor:
        return self._as_tensor(other) >> self if is_operand(other) else NotImplemented

    def __pos__(self) -> Tensor:
        return self  # type: ignore[return-value]

    def __neg__(self) -> Tensor:
        return self.neg()

    def __abs__(self) -> Tensor:
        return self.abs()
