"""Tensor methods that change the tensor itself; their names end in an underscore, as in PyTorch."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.dtypes import Scalar, can_cast, common_type, of_array
from nnkit.kernels.layout import Array
from nnkit.recording import note_obstacle
from nnkit.streams import HasStream, stream_of
from nnkit.tensors.arithmetic import check_mask, clamped
from nnkit.tensors.base import TensorBase
from nnkit.tensors.comparing import is_operand, scalar

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


class InPlace(TensorBase):
    """Methods that write into the memory of the tensor."""

    def add_(self, other: Any, *, alpha: Scalar = 1) -> Tensor:
        """Add alpha * other.

        Examples:
            >>> torch.ones(2).add_(3)
            tensor([4., 4.])
        """
        return self.apply_in_place(ops.Add, other, alpha=alpha)

    def sub_(self, other: Any, *, alpha: Scalar = 1) -> Tensor:
        """Subtract alpha * other.

        Examples:
            >>> torch.ones(2).sub_(3)
            tensor([-2., -2.])
        """
        return self.apply_in_place(ops.Sub, other, alpha=alpha)

    def mul_(self, other: Any) -> Tensor:
        """Multiply by other.

        Examples:
            >>> torch.ones(2).mul_(3)
            tensor([3., 3.])
        """
        return self.apply_in_place(ops.Mul, other)

    def div_(self, other: Any) -> Tensor:
        """Divide by other.

        Examples:
            >>> torch.ones(2).div_(2)
            tensor([0.5000, 0.5000])
        """
        return self.apply_in_place(ops.Div, other)

    def pow_(self, exponent: Any) -> Tensor:
        """Raise to the power of a number or, element by element, of a tensor.

        Examples:
            >>> torch.tensor([2.0, 3.0]).pow_(2)
            tensor([4., 9.])
        """
        if isinstance(exponent, TensorBase):
            return self.apply_in_place(ops.PowTensor, exponent)
        return self.apply_in_place(ops.Pow, exponent=exponent)

    def neg_(self) -> Tensor:
        """Negate.

        Examples:
            >>> torch.ones(2).neg_()
            tensor([-1., -1.])
        """
        return self.apply_in_place(ops.Neg)

    def exp_(self) -> Tensor:
        """Replace each element by e to its power.

        Examples:
            >>> torch.zeros(2).exp_()
            tensor([1., 1.])
        """
        return self.apply_in_place(ops.Exp)

    def sqrt_(self) -> Tensor:
        """Replace each element by its square root.

        Examples:
            >>> torch.tensor([4.0, 9.0]).sqrt_()
            tensor([2., 3.])
        """
        return self.apply_in_place(ops.Sqrt)

    def relu_(self) -> Tensor:
        """Replace negative elements by zero.

        Examples:
            >>> torch.tensor([-1.0, 2.0]).relu_()
            tensor([0., 2.])
        """
        return self.apply_in_place(ops.Relu)

    def sigmoid_(self) -> Tensor:
        """Replace each element by its sigmoid.

        Examples:
            >>> torch.zeros(2).sigmoid_()
            tensor([0.5000, 0.5000])
        """
        return self.apply_in_place(ops.Sigmoid)

    def tanh_(self) -> Tensor:
        """Replace each element by its hyperbolic tangent.

        Examples:
            >>> torch.zeros(2).tanh_()
            tensor([0., 0.])
        """
        return self.apply_in_place(ops.Tanh)

    def clamp_(self, min: Any = None, max: Any = None) -> Tensor:
        """Hold the elements between the bounds, numbers or tensors.

        Examples:
            >>> torch.tensor([-1.0, 2.0]).clamp_(0, 1)
            tensor([0., 1.])
        """
        if isinstance(min, TensorBase) or isinstance(max, TensorBase):
            operation, tensors, options = clamped(min, max)
            return self.apply_in_place(operation, *tensors, **options)
        return self.apply_in_place(ops.Clamp, min=min, max=max)

    clip_ = clamp_

    def nan_to_num_(self, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Tensor:
        """Put numbers in the place of NaN and of the infinities; see `nan_to_num`.

        Examples:
            >>> torch.tensor([1.0, float("nan")]).nan_to_num_()
            tensor([1., 0.])
        """
        return self.apply_in_place(ops.NanToNum, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)

    def masked_fill_(self, mask: Tensor, value: Scalar) -> Tensor:
        """Write `value` where the boolean mask is true.

        Examples:
            >>> torch.zeros(2).masked_fill_(torch.tensor([True, False]), 5)
            tensor([5., 0.])
        """
        check_mask(mask, value)
        return self.apply_in_place(ops.MaskedFill, mask, value=value)

    def copy_(self, source: Tensor) -> Tensor:
        """Write the elements of `source`, broadcast and cast to the type of this tensor.

        Examples:
            >>> torch.zeros(2).copy_(torch.tensor(3))
            tensor([3., 3.])
        """
        if not is_operand(source):
            raise TypeError("neither a tensor nor a number")
        return self.apply_in_place(ops.Copy, source)

    def fill_(self, value: Scalar) -> Tensor:
        """Write one value everywhere.

        Examples:
            >>> torch.zeros(2).fill_(3)
            tensor([3., 3.])
        """
        if not is_operand(value):
            raise TypeError("neither a tensor nor a number")
        if isinstance(value, TensorBase) and value.array.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value.array.ndim} dimensions."
            )
        return self.apply_in_place(ops.Fill, value=value)

    def zero_(self) -> Tensor:
        """Write zero everywhere.

        Examples:
            >>> torch.ones(2).zero_()
            tensor([0., 0.])
        """
        return self.apply_in_place(ops.Zero, value=0)

    def __iadd__(self, other: Any) -> Tensor:
        return self.add_(other) if is_operand(other) else NotImplemented

    def __isub__(self, other: Any) -> Tensor:
        return self.sub_(other) if is_operand(other) else NotImplemented

    def __imul__(self, other: Any) -> Tensor:
        return self.mul_(other) if is_operand(other) else NotImplemented

    def __itruediv__(self, other: Any) -> Tensor:
        return self.div_(other) if is_operand(other) else NotImplemented

    def __ipow__(self, other: Any) -> Tensor:
        return self.pow_(other) if is_operand(other) else NotImplemented

    def __ifloordiv__(self, other: Any) -> Tensor:
        if not is_operand(other):
            return NotImplemented
        return self.apply_in_place(ops.DivRounded, scalar(other), rounding_mode="floor")

    def __imod__(self, other: Any) -> Tensor:
        if isinstance(other, TensorBase):
            return self.apply_in_place(ops.Remainder, other)
        return self.apply_in_place(ops.RemainderOfNumber, number=scalar(other)) if is_operand(other) else NotImplemented

    def __iand__(self, other: Any) -> Tensor:
        return self._replaced(operator.and_, other)

    def __ior__(self, other: Any) -> Tensor:
        return self._replaced(operator.or_, other)

    def __ixor__(self, other: Any) -> Tensor:
        return self._replaced(operator.xor, other)

    def __ilshift__(self, other: Any) -> Tensor:
        return self._replaced(operator.lshift, other)

    def __irshift__(self, other: Any) -> Tensor:
        return self._replaced(operator.rshift, other)

    def _replaced(self, combine: Callable[[Any, Any], Tensor], other: Any) -> Tensor:
        """Write what an operator of whole numbers makes of this tensor and another, if its type holds it."""
        if not is_operand(other):
            return NotImplemented
        common = common_type((self.array, other.array if isinstance(other, TensorBase) else scalar(other)))
        made, mine = of_array(np.empty(0, common)), of_array(self.array)
        if not can_cast(made, mine):
            raise RuntimeError(f"result type {made.label} can't be cast to the desired output type {mine.label}")
        return self.copy_(combine(self, other))

    def uniform_(self, low: float = 0, high: float = 1, *, generator: HasStream | None = None) -> Tensor:
        """Write numbers evenly spread over [low, high).

        Examples:
            >>> torch.empty(2).uniform_(-1, 1)
            tensor([-0.0075,  0.5364])
        """
        self._require_floating("check_uniform_bounds")
        return self._draw(stream_of(generator).uniform(self.array.size, low, high, self.array.dtype))

    def normal_(self, mean: float = 0, std: float = 1, *, generator: HasStream | None = None) -> Tensor:
        """Write normally distributed numbers.

        Examples:
            >>> torch.empty(2).normal_(mean=1, std=0.1)
            tensor([1.1541, 0.9707])
        """
        self._require_floating("normal_kernel_cpu")
        return self._draw(stream_of(generator).normal(self.array.size, mean, std, self.array.dtype))

    def _require_floating(self, kernel: str) -> None:
        if self.array.dtype.kind != "f":
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{of_array(self.array).label}'")

    def _draw(self, numbers: Array) -> Tensor:
        note_obstacle("random numbers in the network")
        return self.copy_(self.detached(numbers.reshape(self.array.shape)))
