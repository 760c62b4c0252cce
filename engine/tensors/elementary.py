"""Tensor methods that are functions of each element."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.ops.operation import check_broadcast
from nnkit.tensors.base import TensorBase

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


class Elementary(TensorBase):
    """Functions of one variable, and what is true of one element or two."""

    def exp(self) -> Tensor:
        """Return e to the power of each element.

        Examples:
            >>> torch.tensor([0.0, 1.0]).exp()
            tensor([1.0000, 2.7183])
        """
        return self.apply(ops.Exp)

    def expm1(self) -> Tensor:
        """Return e to the power of each element, minus 1, exact for small ones.

        Examples:
            >>> torch.tensor([0.0, 1.0]).expm1()
            tensor([0.0000, 1.7183])
        """
        return self.apply(ops.Expm1)

    def log(self) -> Tensor:
        """Return the natural logarithm of each element: -inf for 0, NaN for those below.

        Examples:
            >>> torch.tensor([1.0, 10.0]).log()
            tensor([0.0000, 2.3026])
        """
        return self.apply(ops.Log)

    def log1p(self) -> Tensor:
        """Return the natural logarithm of 1 plus each element, exact for small ones.

        Examples:
            >>> torch.tensor([0.0, 1.0]).log1p()
            tensor([0.0000, 0.6931])
        """
        return self.apply(ops.Log1P)

    def log2(self) -> Tensor:
        """Return the logarithm of each element to base 2.

        Examples:
            >>> torch.tensor([1.0, 8.0]).log2()
            tensor([0., 3.])
        """
        return self.apply(ops.Log2)

    def log10(self) -> Tensor:
        """Return the logarithm of each element to base 10.

        Examples:
            >>> torch.tensor([1.0, 1000.0]).log10()
            tensor([0., 3.])
        """
        return self.apply(ops.Log10)

    def sqrt(self) -> Tensor:
        """Return the square root of each element, NaN for those below 0.

        Examples:
            >>> torch.tensor([4.0, 9.0]).sqrt()
            tensor([2., 3.])
        """
        return self.apply(ops.Sqrt)

    def rsqrt(self) -> Tensor:
        """Return 1 divided by the square root of each element.

        Examples:
            >>> torch.tensor([4.0, 16.0]).rsqrt()
            tensor([0.5000, 0.2500])
        """
        return self.apply(ops.Rsqrt)

    def square(self) -> Tensor:
        """Return the square of each element.

        Examples:
            >>> torch.tensor([-2.0, 3.0]).square()
            tensor([4., 9.])
        """
        return self.apply(ops.Pow, exponent=2)

    def sin(self) -> Tensor:
        """Return the sine of each element, an angle in radians.

        Examples:
            >>> torch.tensor([0.0, 1.0]).sin()
            tensor([0.0000, 0.8415])
        """
        return self.apply(ops.Sin)

    def cos(self) -> Tensor:
        """Return the cosine of each element, an angle in radians.

        Examples:
            >>> torch.tensor([0.0, 1.0]).cos()
            tensor([1.0000, 0.5403])
        """
        return self.apply(ops.Cos)

    def sinh(self) -> Tensor:
        """Return the hyperbolic sine of each element.

        Examples:
            >>> torch.tensor([0.0, 1.0]).sinh()
            tensor([0.0000, 1.1752])
        """
        return self.apply(ops.Sinh)

    def cosh(self) -> Tensor:
        """Return the hyperbolic cosine of each element.

        Examples:
            >>> torch.tensor([0.0, 1.0]).cosh()
            tensor([1.0000, 1.5431])
        """
        return self.apply(ops.Cosh)

    def tanh(self) -> Tensor:
        """Return the hyperbolic tangent of each element.

        Examples:
            >>> torch.tensor([0.0, 1.0]).tanh()
            tensor([0.0000, 0.7616])
        """
        return self.apply(ops.Tanh)

    def sigmoid(self) -> Tensor:
        """Return 1 / (1 + exp(-x)) of each element x, without overflow.

        Examples:
            >>> torch.tensor([0.0, 100.0]).sigmoid()
            tensor([0.5000, 1.0000])
        """
        return self.apply(ops.Sigmoid)

    def relu(self) -> Tensor:
        """Return the greater of each element and 0.

        Examples:
            >>> torch.tensor([-1.0, 2.0]).relu()
            tensor([0., 2.])
        """
        return self.apply(ops.Relu)

    def erf(self) -> Tensor:
        """Return the error function of each element.

        Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, equation 7.1.1.

        Examples:
            >>> torch.tensor([0.0, 1.0]).erf()
            tensor([0.0000, 0.8427])
        """
        return self.apply(ops.Erf)

    def abs(self) -> Tensor:
        """Return the absolute value of each element.

        Examples:
            >>> torch.tensor([-2, 3]).abs()
            tensor([2, 3])
        """
        return self.apply(ops.Abs)

    absolute = abs  # noqa: A003 (the method above, not the builtin)

    def reciprocal(self) -> Tensor:
        """Return 1 divided by each element.

        Examples:
            >>> torch.tensor([2.0, 4.0]).reciprocal()
            tensor([0.5000, 0.2500])
        """
        return self.apply(ops.Reciprocal)

    def floor(self) -> Tensor:
        """Return the greatest whole number that is not above each element.

        Examples:
            >>> torch.tensor([1.7, -1.2]).floor()
            tensor([ 1., -2.])
        """
        return self.apply(ops.Floor)

    def ceil(self) -> Tensor:
        """Return the least whole number that is not below each element.

        Examples:
            >>> torch.tensor([1.2, -1.7]).ceil()
            tensor([ 2., -1.])
        """
        return self.apply(ops.Ceil)

    def trunc(self) -> Tensor:
        """Return each element without its fraction.

        Examples:
            >>> torch.tensor([1.7, -1.7]).trunc()
            tensor([ 1., -1.])
        """
        return self.apply(ops.Trunc)

    def round(self, *, decimals: int = 0) -> Tensor:
        """Return the nearest whole number, of two the even one.

        Args:
            decimals: how many digits are kept behind the point; if it is negative, how many are lost before it.

        Examples:
            >>> torch.tensor([1.7, 2.5]).round()
            tensor([2., 2.])
        """
        return self.apply(ops.RoundDecimals, decimals=decimals) if decimals else self.apply(ops.Round)

    def sign(self) -> Tensor:
        """Return -1, 0 or 1 for each element; the gradient is 0.

        Examples:
            >>> torch.tensor([-2.5, 0.0, 3.0]).sign()
            tensor([-1.,  0.,  1.])
        """
        return self.apply(ops.Sgn)

    def tan(self) -> Tensor:
        """Return the tangent of each element, an angle in radians.

        Examples:
            >>> torch.tensor([0.0, 1.0]).tan()
            tensor([0.0000, 1.5574])
        """
        return self.apply(ops.Tan)

    def asin(self) -> Tensor:
        """Return the angle in radians that has each element as its sine; NaN beyond 1.

        Examples:
            >>> torch.tensor([0.0, 1.0]).asin()
            tensor([0.0000, 1.5708])
        """
        return self.apply(ops.Asin)

    def acos(self) -> Tensor:
        """Return the angle in radians that has each element as its cosine; NaN beyond 1.

        Examples:
            >>> torch.tensor([0.0, 1.0]).acos()
            tensor([1.5708, 0.0000])
        """
        return self.apply(ops.Acos)

    def atan(self) -> Tensor:
        """Return the angle in radians, between -pi/2 and pi/2, that has each element as its tangent.

        Examples:
            >>> torch.tensor([0.0, 1.0]).atan()
            tensor([0.0000, 0.7854])
        """
        return self.apply(ops.Atan)

    def nan_to_num(self, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Tensor:
        """Return the elements, with numbers in the place of NaN and of the infinities.

        Args:
            nan: what NaN becomes; 0 if it is omitted.
            posinf: what infinity becomes; the greatest number of the type if it is omitted.
            neginf: what minus infinity becomes; the least number of the type if it is omitted.

        Examples:
            >>> torch.tensor([1.0, float("nan"), float("inf")]).nan_to_num(posinf=9.0)
            tensor([1., 0., 9.])
        """
        return self.apply(ops.NanToNum, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)

    def isnan(self) -> Tensor:
        """Return which elements are NaN.

        Examples:
            >>> torch.tensor([1.0, float("nan")]).isnan()
            tensor([False,  True])
        """
        return self._told(np.isnan)

    def isinf(self) -> Tensor:
        """Return which elements are infinite.

        Examples:
            >>> torch.tensor([1.0, float("-inf")]).isinf()
            tensor([False,  True])
        """
        return self._told(np.isinf)

    def isfinite(self) -> Tensor:
        """Return which elements are neither NaN nor infinite.

        Examples:
            >>> torch.tensor([1.0, float("inf")]).isfinite()
            tensor([ True, False])
        """
        return self._told(np.isfinite)

    def logical_not(self) -> Tensor:
        """Return which elements are 0.

        Examples:
            >>> torch.tensor([0, 2]).logical_not()
            tensor([ True, False])
        """
        return self._told(np.logical_not)

    def _told(self, function: Any) -> Tensor:
        return self.detached(np.asarray(function(self.array)))

    def logical_and(self, other: Tensor) -> Tensor:
        """Return where both are not 0.

        Examples:
            >>> torch.tensor([0, 1, 2]).logical_and(torch.tensor([1, 0, 3]))
            tensor([False, False,  True])
        """
        return self._logically(other, np.logical_and)

    def logical_or(self, other: Tensor) -> Tensor:
        """Return where at least one is not 0.

        Examples:
            >>> torch.tensor([0, 1, 2]).logical_or(torch.tensor([0, 0, 3]))
            tensor([False,  True,  True])
        """
        return self._logically(other, np.logical_or)

    def logical_xor(self, other: Tensor) -> Tensor:
        """Return where one is 0 and the other is not.

        Examples:
            >>> torch.tensor([0, 1, 2]).logical_xor(torch.tensor([0, 0, 3]))
            tensor([False,  True, False])
        """
        return self._logically(other, np.logical_xor)

    def _logically(self, other: Tensor, combine: Callable[..., Any]) -> Tensor:
        check_broadcast((self.array, other.array))
        return self.detached(np.asarray(combine(self.array, other.array)))
