"""Arithmetic of two tensors, or of a tensor and a number, with broadcasting."""

from __future__ import annotations

import numpy as np

from nnkit.dtypes import Scalar
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operand, Operation, check_broadcast, sample, sign


class Add(Operation):
    """a + alpha * b."""

    samples = [
        sample("x + y", (N, 4), (N, 4)),
        sample("x + y", (N, 4), (1, 4)),
        sample("x + y", (N, 1, 4), (3, 1)),
        sample("x + 2.5", (N, 4)),
        sample("2 + x", (N, 4)),
        sample("t.add(x, y, alpha=3)", (N, 4), (N, 4)),
    ]

    def forward(self, a: Operand, b: Operand, alpha: Scalar = 1) -> Array:
        check_broadcast((a, b))
        left, right = self.together(a, b)
        self.alpha = alpha
        return self.xp.add(left, right if alpha == 1 else right * right.dtype.type(alpha))

    def backward(self, grad: Array) -> Gradients:
        return grad, grad if self.alpha == 1 else grad * grad.dtype.type(self.alpha)


def check_subtraction(a: Operand, b: Operand) -> None:
    """Raise PyTorch's RuntimeError if one of two operands is boolean."""
    boolean = [isinstance(each, bool) or (not isinstance(each, Scalar) and each.dtype == np.bool_) for each in (a, b)]
    if all(boolean):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if any(boolean):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )


class Sub(Operation):
    """a - alpha * b."""

    samples = [
        sample("x - y", (N, 4), (4,)),
        sample("x.sub(y, alpha=2)", (N, 4), (N, 4)),
        sample("x - 1", (N, 4)),
    ]

    def forward(self, a: Operand, b: Operand, alpha: Scalar = 1) -> Array:
        check_subtraction(a, b)
        check_broadcast((a, b))
        left, right = self.together(a, b)
        self.alpha = alpha
        return self.xp.subtract(left, right if alpha == 1 else right * right.dtype.type(alpha))

    def backward(self, grad: Array) -> Gradients:
        return grad, -grad if self.alpha == 1 else grad * grad.dtype.type(-self.alpha)


class AddNumber(Operation):
    """a plus a number, where PyTorch adds one inside of a function of its own."""

    samples = [sample("F.cross_entropy(x, x.softmax(1), label_smoothing=0.1)", (N, 4))]
    node_name = "AddBackward1"

    def forward(self, a: Array, *, number: Scalar) -> Array:
        return a + a.dtype.type(number)

    def backward(self, grad: Array) -> Gradients:
        return grad


class Rsub(Operation):
    """A number minus a."""

    samples = [sample("2 - x", (N, 4))]
    overload = 1

    def forward(self, a: Array, *, number: Scalar) -> Array:
        check_subtraction(a, number)
        right, left = self.together(a, number)
        return self.xp.subtract(left, right)

    def backward(self, grad: Array) -> Gradients:
        return -grad


class Mul(Operation):
    """a * b."""

    samples = [
        sample("x * y", (N, 4), (N, 1)),
        sample("3 * x", (N, 4)),
        sample("x * x", (N, 4)),
    ]

    def forward(self, a: Operand, b: Operand) -> Array:
        check_broadcast((a, b))
        left, right = self.together(a, b)
        self.save(left if self.needs_input_grad[1] else None, right if self.needs_input_grad[0] else None)
        return self.xp.multiply(left, right)

    def backward(self, grad: Array) -> Gradients:
        left, right = self.saved
        return (None if right is None else grad * right), (None if left is None else grad * left)


class Div(Operation):
    """a / b, of floating type also for integers."""

    samples = [
        sample("x / y", (N, 4), (4,), low=0.3),
        sample("x / 4", (N, 4)),
    ]

    def forward(self, a: Operand, b: Operand) -> Array:
        check_broadcast((a, b))
        left, right = self.together(a, b)
        if left.dtype.kind != "f":
            left, right = left.astype(np.float32), right.astype(np.float32)
        self.save(left if self.needs_input_grad[1] else None, right)
        return self.xp.divide(left, right)

    def backward(self, grad: Array) -> Gradients:
        left, right = self.saved
        return grad / right, (None if left is None else -grad * (left / right / right))


class MulNumber(Operation):
    """a times a number, where PyTorch multiplies inside of a function of its own."""

    samples = [
        sample("F.cross_entropy(x, t.arange(len(x)) % 4, label_smoothing=0.1)", (N, 4)),
        sample("F.cross_entropy(x, t.arange(len(x)) % 4, label_smoothing=0.2, reduction='none')", (N, 4)),
    ]
    node_name = "MulBackward1"

    def forward(self, a: Array, *, number: Scalar) -> Array:
        self.number = a.dtype.type(number)
        return a * self.number

    def backward(self, grad: Array) -> Gradients:
        return grad * self.number


class DivNumber(Operation):
    """a divided by a number, where PyTorch divides inside of a function of its own."""

    samples = [sample("F.cross_entropy(x, y.softmax(1))", (N, 4), (N, 4))]
    node_name = "DivBackward1"

    def forward(self, a: Array, *, number: Scalar) -> Array:
        self.number = a.dtype.type(number)
        return a / self.number

    def backward(self, grad: Array) -> Gradients:
        return grad / self.number


class Pow(Operation):
    """a to the power of a number."""

    samples = [
        sample("x**2", (N, 4)),
        sample("x**3", (N, 4)),
        sample("x**0", (N, 4)),
        sample("x**-1.5", (N, 4), low=0.3),
    ]

    def forward(self, a: Array, *, exponent: Scalar) -> Array:
        base, power = self.together(a, exponent)
        if base.dtype.kind in "iu" and exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        self.exponent = exponent
        self.save(base)
        return self.xp.square(base) if exponent == 2 else self.xp.power(base, power)

    def backward(self, grad: Array) -> Gradients:
        (base,) = self.saved
        if self.exponent == 0:
            return self.xp.zeros_like(grad)
        return grad * (self.exponent * self.xp.power(base, base.dtype.type(self.exponent - 1)))


class PowTensor(Operation):
    """a to the power of b."""

    samples = [sample("x**y", (N, 4), (N, 4), low=0.3)]
    node_name = "PowBackward1"
    saved_names = ("self", "exponent")

    def forward(self, a: Array, b: Array) -> Array:
        check_broadcast((a, b))
        base, power = self.together(a, b)
        result = self.xp.power(base, power)
        self.save(base, power, result)
        return result

    def backward(self, grad: Array) -> Gradients:
        base, power, result = self.saved
        by_base = by_power = None
        if self.needs_input_grad[0]:
            by_base = self.xp.where(power == 0, 0, grad * (power * self.xp.power(base, power - 1)))
        if self.needs_input_grad[1]:
            # 0 ** b is 0 for every b > 0, so its derivative is 0 although log(0) is not finite.
            by_power = self.xp.where((base == 0) & (power >= 0), 0, grad * (result * self.xp.log(base)))
        return by_base, by_power


class PowScalar(Operation):
    """A number to the power of a."""

    samples = [sample("2**x", (N, 4))]
    node_name = "PowBackward2"

    def forward(self, a: Array, *, base: Scalar) -> Array:
        power, number = self.together(a, base)
        result = self.xp.power(number, power)
        self.save(result, number)
        return result

    def backward(self, grad: Array) -> Gradients:
        result, number = self.saved
        return self.xp.where(number == 0, 0, grad * (result * self.xp.log(number)))


class Neg(Operation):
    """-a."""

    samples = [sample("-x", (N, 4))]

    def forward(self, a: Array) -> Array:
        if a.dtype == np.bool_:
            raise RuntimeError(
                "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, "
                "use the `~` or `logical_not()` operator instead."
            )
        return self.xp.negative(a)

    def backward(self, grad: Array) -> Gradients:
        return -grad


class Abs(Operation):
    """|a|; its derivative at 0 and of NaN is 0."""

    samples = [sample("abs(x)", (N, 4))]

    def forward(self, a: Array) -> Array:
        if a.dtype == np.bool_:
            raise NotImplementedError("\"abs_cpu\" not implemented for 'Bool'")
        self.save(a)
        return self.xp.abs(a)

    def backward(self, grad: Array) -> Gradients:
        return grad * sign(self.xp, self.saved[0])
