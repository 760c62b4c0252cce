"""Quotients that are whole numbers, and what they leave."""

from __future__ import annotations

from nnkit.dtypes import Scalar
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operand, Operation, check_broadcast, sample


class WholeDivision(Operation):
    """A division without a fraction."""

    def pair(self, a: Operand, b: Operand) -> list[Array]:
        """Return dividend and divisor in the type that they are combined in.

        Raises:
            RuntimeError: integers are divided by zero.
        """
        check_broadcast((a, b))
        left, right = self.together(a, b)
        if right.dtype.kind in "iu" and not right.all():
            raise RuntimeError("ZeroDivisionError")
        return [left, right]


class DivRounded(WholeDivision):
    """a / b, rounded down or towards zero."""

    samples = [
        sample("x.div(y, rounding_mode='floor')", (N, 4), (4,), low=0.3),
        sample("x.div(0.7, rounding_mode='trunc')", (N, 4)),
    ]
    node_name = "DivBackward2"

    def forward(self, a: Operand, b: Operand, *, rounding_mode: str) -> Array:
        left, right = self.pair(a, b)
        if rounding_mode == "floor":
            return self.xp.floor_divide(left, right)
        whole = self.xp.trunc(left / right)
        return whole.astype(left.dtype)

    def backward(self, grad: Array) -> Gradients:
        zero = self.xp.zeros_like(grad)
        return zero, zero


class Remainder(WholeDivision):
    """a - b * floor(a / b), which has the sign of b."""

    samples = [sample("x % y", (N, 4), (4,), low=0.3)]
    overload = 1

    def forward(self, a: Array, b: Array) -> Array:
        left, right = self.pair(a, b)
        self.save(left, right)
        return self.xp.remainder(left, right)

    def backward(self, grad: Array) -> Gradients:
        left, right = self.saved
        return grad, -grad * self.xp.floor_divide(left, right) if self.needs_input_grad[1] else None


class RemainderOfNumber(WholeDivision):
    """`Remainder` of a division by a number."""

    samples = [sample("x % 0.7", (N, 4))]
    node_name = "RemainderBackward0"

    def forward(self, a: Array, *, number: Scalar) -> Array:
        return self.xp.remainder(*self.pair(a, number))

    def backward(self, grad: Array) -> Gradients:
        return grad


class Fmod(WholeDivision):
    """a - b * trunc(a / b), which has the sign of a."""

    samples = [sample("x.fmod(0.7)", (N, 4))]

    def forward(self, a: Array, *, number: Scalar) -> Array:
        return self.xp.fmod(*self.pair(a, number))

    def backward(self, grad: Array) -> Gradients:
        return grad


class FmodTensor(WholeDivision):
    """`Fmod` of a division by another tensor."""

    samples = [sample("x.fmod(y)", (N, 4), (4,), low=0.3)]
    node_name = "FmodBackward1"

    def forward(self, a: Array, b: Array) -> Array:
        left, right = self.pair(a, b)
        self.save(left, right)
        return self.xp.fmod(left, right)

    def backward(self, grad: Array) -> Gradients:
        left, right = self.saved
        return grad, -grad * self.xp.trunc(left / right) if self.needs_input_grad[1] else None
