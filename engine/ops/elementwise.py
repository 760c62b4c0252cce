"""Operations element by element, with broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnkit.dtypes import Scalar
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, Operand, Operation, check_broadcast, sign


class Add(Operation):
    """a + alpha * b."""

    def forward(self, a: Operand, b: Operand, alpha: Scalar = 1) -> Array:
        check_broadcast((a, b))
        left, right = self.together(a, b)
        self.alpha = alpha
        return self.xp.add(left, right if alpha == 1 else right * right.dtype.type(alpha))

    def backward(self, grad: Array) -> Gradients:
        return grad, grad if self.alpha == 1 else grad * grad.dtype.type(self.alpha)


class Sub(Operation):
    """a - alpha * b."""

    def forward(self, a: Operand, b: Operand, alpha: Scalar = 1) -> Array:
        check_broadcast((a, b))
        left, right = self.together(a, b)
        if left.dtype == np.bool_:
            raise RuntimeError(
                "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
                "operator instead."
            )
        self.alpha = alpha
        return self.xp.subtract(left, right if alpha == 1 else right * right.dtype.type(alpha))

    def backward(self, grad: Array) -> Gradients:
        return grad, -grad if self.alpha == 1 else grad * grad.dtype.type(-self.alpha)


class Rsub(Operation):
    """A number minus a."""

    overload = 1

    def forward(self, a: Array, *, number: Scalar) -> Array:
        right, left = self.together(a, number)
        return self.xp.subtract(left, right)

    def backward(self, grad: Array) -> Gradients:
        return -grad


class Mul(Operation):
    """a * b."""

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

    def forward(self, a: Operand, b: Operand) -> Array:
        check_broadcast((a, b))
        left, right = self.together(a, b)
        if left.dtype.kind != "f":
            left, right = left.astype(np.float32), right.astype(np.float32)
        self.save(left if self.needs_input_grad[1] else None, right)
        return self.xp.divide(left, right)

    def backward(self, grad: Array) -> Gradients:
        left, right = self.saved
        return grad / right, (None if left is None else -grad * left / (right * right))


class Pow(Operation):
    """a to the power of a number."""

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

    def forward(self, a: Array) -> Array:
        return self.xp.negative(a)

    def backward(self, grad: Array) -> Gradients:
        return -grad


class Abs(Operation):
    """|a|; its derivative at 0 and of NaN is 0."""

    def forward(self, a: Array) -> Array:
        self.save(a)
        return self.xp.abs(a)

    def backward(self, grad: Array) -> Gradients:
        return grad * sign(self.xp, self.saved[0])


class Floating(Operation):
    """An operation of one input whose result is of floating type also for integers."""

    def forward(self, a: Array) -> Array:
        if a.dtype.kind != "f":
            a = a.astype(np.float32)
        return self.compute(a)

    def compute(self, a: Array) -> Array:
        """Return the result for a floating input."""
        raise NotImplementedError


class Exp(Floating):
    """e to the power of a."""

    def compute(self, a: Array) -> Array:
        result = self.xp.exp(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return grad * self.saved[0]


class Log(Floating):
    """The natural logarithm."""

    def compute(self, a: Array) -> Array:
        self.save(a)
        return self.xp.log(a)

    def backward(self, grad: Array) -> Gradients:
        return grad / self.saved[0]


class Sqrt(Floating):
    """The square root."""

    def compute(self, a: Array) -> Array:
        result = self.xp.sqrt(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return grad / (2 * self.saved[0])


class Reciprocal(Floating):
    """1 / a."""

    def compute(self, a: Array) -> Array:
        result = self.xp.reciprocal(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        (result,) = self.saved
        return -grad * (result * result)


class Sigmoid(Floating):
    """1 / (1 + exp(-a)), without overflow."""

    def compute(self, a: Array) -> Array:
        result = self.backend.sigmoid(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return self.backend.sigmoid_gradient(grad, self.saved[0])


class Tanh(Floating):
    """The hyperbolic tangent."""

    def compute(self, a: Array) -> Array:
        result = self.xp.tanh(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return self.backend.tanh_gradient(grad, self.saved[0])


class Relu(Operation):
    """max(a, 0); its derivative at 0 is 0, and NaN comes through."""

    def forward(self, a: Array) -> Array:
        if a.dtype == np.bool_:
            raise RuntimeError("Boolean inputs not supported for relu")
        result = self.backend.relu(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return self.backend.relu_gradient(grad, self.saved[0])


class Clamp(Operation):
    """a, held between two bounds of which one may be missing; the derivative at a bound is 1."""

    overload = 1

    def forward(self, a: Array, *, min: Scalar | None = None, max: Scalar | None = None) -> Array:
        if min is None and max is None:
            raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
        bounds = [bound for bound in (min, max) if bound is not None]
        value, *_ = self.together(a, *bounds)
        inside = self.xp.ones(value.shape, np.bool_)
        result = value
        if min is not None:
            inside &= value >= min
            result = self.xp.maximum(result, value.dtype.type(min))
        if max is not None:
            inside &= value <= max
            result = self.xp.minimum(result, value.dtype.type(max))
        self.save(inside)
        return result

    def backward(self, grad: Array) -> Gradients:
        return self.xp.where(self.saved[0], grad, 0)


class Extremum(Operation):
    """The greater or the smaller of a and b.

    Where they are equal each gets half the gradient; where one is NaN, which is neither, each gets all of it.
    """

    chosen = "maximum"
    reject = "less"

    def forward(self, a: Array, b: Array) -> Array:
        check_broadcast((a, b))
        left, right = self.together(a, b)
        self.save(left, right)
        return getattr(self.xp, self.chosen)(left, right)

    def backward(self, grad: Array) -> Gradients:
        left, right = self.saved
        reject: Any = getattr(self.xp, self.reject)
        share = self.xp.where(left == right, grad / 2, grad)
        return self.xp.where(reject(left, right), 0, share), self.xp.where(reject(right, left), 0, share)


class Maximum(Extremum):
    """The greater of a and b."""


class Minimum(Extremum):
    """The smaller of a and b."""

    chosen = "minimum"
    reject = "greater"


class Where(Operation):
    """a where the condition holds, b elsewhere."""

    saved_names = ("condition", "self", "other")
    differentiable = slice(1, 3)

    def forward(self, condition: Array, a: Operand, b: Operand) -> Array:
        check_broadcast((condition, a, b))
        left, right = self.together(a, b)
        self.save(condition)
        return self.xp.where(condition, left, right)

    def backward(self, grad: Array) -> Gradients:
        (condition,) = self.saved
        return self.xp.where(condition, grad, 0), self.xp.where(condition, 0, grad)


class MaskedFill(Operation):
    """a, with a number where the mask holds."""

    differentiable = slice(1)

    def forward(self, a: Array, mask: Array, *, value: Scalar) -> Array:
        check_broadcast((a, mask))
        self.save(mask)
        return self.xp.where(mask, a.dtype.type(value), a)

    def backward(self, grad: Array) -> Gradients:
        return self.xp.where(self.saved[0], 0, grad)
