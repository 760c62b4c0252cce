"""Functions of each element, and choices between elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnkit.dtypes import C_NAMES, Scalar, element, of_array
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operand, Operation, check_broadcast, sample


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

    samples = [sample("x.exp()", (N, 4))]

    def compute(self, a: Array) -> Array:
        result = self.xp.exp(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return grad * self.saved[0]


class Log(Floating):
    """The natural logarithm."""

    samples = [sample("x.log()", (N, 4), low=0.3)]

    def compute(self, a: Array) -> Array:
        self.save(a)
        return self.xp.log(a)

    def backward(self, grad: Array) -> Gradients:
        return grad / self.saved[0]


class Sqrt(Floating):
    """The square root."""

    samples = [sample("t.sqrt(x)", (N, 4), low=0.3)]

    def compute(self, a: Array) -> Array:
        result = self.xp.sqrt(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return grad / (2 * self.saved[0])


class Reciprocal(Floating):
    """1 / a."""

    samples = [sample("x.reciprocal()", (N, 4), low=0.3)]

    def compute(self, a: Array) -> Array:
        result = self.xp.reciprocal(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        (result,) = self.saved
        return -grad * (result * result)


class Sigmoid(Floating):
    """1 / (1 + exp(-a)), without overflow."""

    samples = [sample("x.sigmoid()", (N, 4))]

    def compute(self, a: Array) -> Array:
        result = self.backend.sigmoid(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return self.backend.sigmoid_gradient(grad, self.saved[0])


class Tanh(Floating):
    """The hyperbolic tangent."""

    samples = [sample("x.tanh()", (N, 4))]

    def compute(self, a: Array) -> Array:
        result = self.xp.tanh(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return self.backend.tanh_gradient(grad, self.saved[0])


class Relu(Operation):
    """max(a, 0); its derivative at 0 is 0, and NaN comes through."""

    samples = [sample("x.relu()", (N, 4))]

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

    samples = [
        sample("x.clamp(-0.5, 0.75)", (N, 4)),
        sample("x.clamp(min=0)", (N, 4)),
        sample("x.clamp(max=0.1)", (N, 4)),
    ]
    overload = 1

    def forward(self, a: Array, *, min: Scalar | None = None, max: Scalar | None = None) -> Array:
        if min is None and max is None:
            raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
        bounds = [bound for bound in (min, max) if bound is not None]
        value, *_ = self.together(a, *bounds)
        self.min, self.max = (None if bound is None else value.dtype.type(bound) for bound in (min, max))
        self.save(value)
        result = value if self.min is None else self.xp.maximum(value, self.min)
        return result if self.max is None else self.xp.minimum(result, self.max)

    def backward(self, grad: Array) -> Gradients:
        (value,) = self.saved
        if self.min is not None:
            grad = self.xp.where(value >= self.min, grad, 0)
        return grad if self.max is None else self.xp.where(value <= self.max, grad, 0)


class ClampMin(Clamp):
    """a, held above a bound."""

    samples = [sample("x.clamp_min(0.5)", (N, 4))]
    overload = 0


class ClampMax(Clamp):
    """a, held below a bound."""

    samples = [sample("x.clamp_max(0.5)", (N, 4))]
    overload = 0


class ClampTensor(Operation):
    """a, held between tensors of which one may be missing; at a bound the gradient is that of a.

    Where the lower bound is above the upper one the result is the upper one, which has the gradient.
    """

    samples = [
        sample("x.clamp(y, z * 1.7)", (N, 4), (4,), (N, 4)),
        sample("x.clamp(min=y)", (N, 4), (4,)),
        sample("x.clamp(max=y)", (N, 4), (N, 1)),
    ]
    node_name = "ClampBackward0"
    saved_names = ("self", "min", "max")

    def forward(self, a: Array, low: Array | None, high: Array | None) -> Array:
        check_broadcast((a, *(bound for bound in (low, high) if bound is not None)))
        value, *bounds = self.together(a, *(bound for bound in (low, high) if bound is not None))
        low = bounds[0] if low is not None else None
        high = bounds[-1] if high is not None else None
        self.save(value, low, high)
        held = value if low is None else self.xp.maximum(value, low)
        return held if high is None else self.xp.minimum(held, high)

    def backward(self, grad: Array) -> Gradients:
        value, low, high = self.saved
        if low is None or high is None:
            outside = value < low if high is None else value > high
            mine, bound = self.xp.where(outside, 0, grad), self.xp.where(outside, grad, 0)
            return mine, None if low is None else bound, None if high is None else bound
        crossed = high < low
        mine = self.xp.where((value < low) | (value > high), 0, grad)
        below = self.xp.where((value < low) & (low < high), grad, 0)
        return mine, below, self.xp.where((value > high) | crossed, grad, 0)


class ClampMinTensor(Operation):
    """a, held above a tensor; where they are equal the gradient is that of a."""

    samples = [sample("x.clamp_min(y)", (N, 4), (4,))]
    node_name = "ClampMinBackward1"
    saved_names = ("self", "min")
    chosen = "maximum"
    reject = "less"

    def forward(self, a: Array, bound: Array) -> Array:
        check_broadcast((a, bound))
        value, held = self.together(a, bound)
        self.save(value, held)
        return getattr(self.xp, self.chosen)(value, held)

    def backward(self, grad: Array) -> Gradients:
        value, held = self.saved
        outside = getattr(self.xp, self.reject)(value, held)
        return self.xp.where(outside, 0, grad), self.xp.where(outside, grad, 0)


class ClampMaxTensor(ClampMinTensor):
    """a, held below a tensor; where they are equal the gradient is that of a."""

    samples = [sample("x.clamp_max(y)", (N, 4), (4,))]
    node_name = "ClampMaxBackward1"
    saved_names = ("self", "max")
    chosen = "minimum"
    reject = "greater"


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

    samples = [sample("t.maximum(x, y)", (N, 4), (4,))]


class Minimum(Extremum):
    """The smaller of a and b."""

    samples = [sample("t.minimum(x, y)", (N, 4), (4,))]
    chosen = "minimum"
    reject = "greater"


class Lerp(Operation):
    """The point on the way from a to b that a number says: a for 0, b for 1."""

    samples = [
        sample("x.lerp(y, 0.25)", (N, 4), (4,)),
        sample("x.lerp(y, 0.75)", (N, 4), (N, 4)),
    ]
    saved_names = ("self", "end")

    def forward(self, a: Array, b: Array, *, weight: Scalar) -> Array:
        check_broadcast((a, b))
        if a.dtype != b.dtype:
            raise RuntimeError(f"expected dtype {C_NAMES[of_array(a)]} for `end` but got dtype {C_NAMES[of_array(b)]}")
        if a.dtype.kind != "f":
            raise NotImplementedError(f"\"lerp_kernel_scalar\" not implemented for '{of_array(a).label}'")
        self.weight = a.dtype.type(weight)
        # From the nearer end, so that the last step arrives there.
        return a + self.weight * (b - a) if weight < 0.5 else b - (b - a) * (1 - self.weight)

    def backward(self, grad: Array) -> Gradients:
        return grad * (1 - self.weight), grad * self.weight


class LerpTensor(Operation):
    """The points on the way from a to b that a tensor says."""

    samples = [sample("x.lerp(y, z)", (N, 4), (4,), (N, 4))]
    node_name = "LerpBackward1"
    saved_names = ("self", "end", "weight")

    def forward(self, a: Array, b: Array, weight: Array) -> Array:
        check_broadcast((a, b, weight))
        for name, each in (("end", b), ("weight", weight)):
            if each.dtype != a.dtype:
                kinds = C_NAMES[of_array(a)], C_NAMES[of_array(each)]
                raise RuntimeError(f"expected dtype {kinds[0]} for `{name}` but got dtype {kinds[1]}")
        self.save(a, b, weight)
        return self.xp.where(self.xp.abs(weight) < 0.5, a + weight * (b - a), b - (b - a) * (1 - weight))

    def backward(self, grad: Array) -> Gradients:
        a, b, weight = self.saved
        return grad * (1 - weight), grad * weight, grad * (b - a)


class NanToNum(Operation):
    """a, with numbers in the place of NaN and of both infinities."""

    samples = [
        sample("t.where(x.detach() > 0, x, float('nan')).nan_to_num(2.0)", (N, 4)),
        sample("x.nan_to_num()", (N, 4)),
    ]

    def forward(self, a: Array, *, nan: float, posinf: float | None, neginf: float | None) -> Array:
        if a.dtype.kind != "f":
            return self.xp.array(a)
        self.save(self.xp.isfinite(a))
        return self.xp.nan_to_num(a, nan=nan, posinf=posinf, neginf=neginf)

    def backward(self, grad: Array) -> Gradients:
        return self.xp.where(self.saved[0], grad, 0)


class Where(Operation):
    """a where the condition holds, b elsewhere."""

    samples = [sample("t.where(x.detach() > 0, x, y)", (N, 4), (4,))]
    differentiable = slice(1, 3)
    saved_names = ("condition", "self", "other")

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

    samples = [sample("x.masked_fill(x.detach() > 0.5, 7.0)", (N, 4))]
    differentiable = slice(1)

    def forward(self, a: Array, mask: Array, *, value: Scalar) -> Array:
        check_broadcast((a, mask))
        self.save(mask)
        return self.xp.where(mask, element(value, a.dtype), a)

    def backward(self, grad: Array) -> Gradients:
        return self.xp.where(self.saved[0], 0, grad)
