"""Activations beyond ReLU, sigmoid and tanh: functions of each element that bend it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample


class Activation(Operation):
    """A function of each element that only floating types have."""

    kernel = ""

    def check(self, a: Array) -> None:
        """Raise PyTorch's NotImplementedError unless the input is floating-point."""
        if a.dtype.kind != "f":
            raise NotImplementedError(f"\"{self.kernel}\" not implemented for '{of_array(a).label}'")


class LeakyRelu(Activation):
    """a where it is positive, and a share of it elsewhere.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013, equation 2.
    """

    samples = [sample("F.leaky_relu(x)", (N, 4)), sample("F.leaky_relu(x, 0.3)", (N, 4))]
    kernel = "leaky_relu_cpu"

    def forward(self, a: Array, *, negative_slope: float) -> Array:
        self.check(a)
        self.slope = a.dtype.type(negative_slope)
        self.save(a)
        return self.xp.where(a > 0, a, a * self.slope)

    def backward(self, grad: Array) -> Gradients:
        return self.xp.where(self.saved[0] > 0, grad, grad * self.slope)


class LeakyReluInPlace(LeakyRelu):
    """`LeakyRelu` written over its input."""

    samples = [sample("F.leaky_relu(x * 1, 0.2, inplace=True)", (N, 4))]
    node_name = "LeakyReluBackward1"


class PreluKernel(Activation):
    """a where it is positive, and a share of it elsewhere that is learned.

    Source: He et al., "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
    2015, equation 1.
    """

    samples = [
        sample("F.prelu(x, y)", (N, 4), (1,)),
        sample("F.prelu(x, y)", (N, 3, 4), (3,)),
        sample("F.prelu(x, y)", (5,), (1,)),
    ]
    kernel = "prelu_cpu"
    saved_names = ("self", "weight")

    def forward(self, a: Array, weight: Array) -> Array:
        self.check(a)
        self.save(a, weight)
        return self.xp.where(a > 0, a, weight * a)

    def backward(self, grad: Array) -> Gradients:
        a, weight = self.saved
        return self.xp.where(a > 0, grad, weight * grad), self.xp.where(a > 0, 0 * grad, a * grad)


class Elu(Activation):
    """scale * a where a is positive, and scale * alpha * (exp(a) - 1) elsewhere.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units",
    2016, equation 6; with a scale in Klambauer et al., "Self-normalizing neural networks", 2017, equation 2.
    """

    samples = [sample("F.elu(x)", (N, 4)), sample("F.elu(x, 0.5)", (N, 4)), sample("F.selu(x)", (N, 4))]
    kernel = "elu_cpu"

    def forward(self, a: Array, *, alpha: float, scale: float = 1.0) -> Array:
        self.check(a)
        self.steepness, self.scale = a.dtype.type(alpha * scale), a.dtype.type(scale)
        self.save(a)
        # Held at 0, because what is not chosen is computed too and would overflow.
        below = self.xp.expm1(self.xp.minimum(a, 0)) * self.steepness
        return self.xp.where(a <= 0, below, a * self.scale)

    def backward(self, grad: Array) -> Gradients:
        (a,) = self.saved
        below = self.xp.exp(self.xp.minimum(a, 0)) * self.steepness
        return self.xp.where(a <= 0, grad * below, grad * self.scale)


class EluInPlace(Elu):
    """`Elu` written over its input."""

    samples = [sample("F.elu(x * 1, 0.5, inplace=True)", (N, 4))]
    node_name = "EluBackward1"

    def backward(self, grad: Array) -> Gradients:
        if self.steepness < 0:
            raise RuntimeError(
                "In-place elu backward calculation is triggered with a negative slope which is not supported. This is "
                "caused by calling in-place forward function with a negative slope, please call out-of-place version "
                "instead."
            )
        return super().backward(grad)


class Gelu(Activation):
    """a times the probability that a normally distributed number is less.

    Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016, section 2.
    """

    samples = [sample("F.gelu(x)", (N, 4))]
    kernel = "GeluKernelImpl"

    def forward(self, a: Array) -> Array:
        self.check(a)
        probability = 0.5 + 0.5 * self.backend.erf(a * a.dtype.type(math.sqrt(0.5)))
        self.save(a, probability)
        return a * probability

    def backward(self, grad: Array) -> Gradients:
        a, probability = self.saved
        density = self.xp.exp(a * a * a.dtype.type(-0.5)) * a.dtype.type(1 / math.sqrt(2 * math.pi))
        return grad * (probability + a * density)


class GeluTanh(Activation):
    """An approximation of `Gelu` with a hyperbolic tangent; its source has it too."""

    samples = [sample("F.gelu(x, approximate='tanh')", (N, 4))]
    kernel = "GeluKernelImpl"
    node_name = "GeluBackward0"
    inner, cubic = math.sqrt(2 / math.pi), 0.044715

    def forward(self, a: Array) -> Array:
        self.check(a)
        bent = self.xp.tanh((a + a * a * a * a.dtype.type(self.cubic)) * a.dtype.type(self.inner))
        self.save(a, bent)
        return a * (0.5 + 0.5 * bent)

    def backward(self, grad: Array) -> Gradients:
        a, bent = self.saved
        slope = (a * a * a.dtype.type(3 * self.cubic) + 1) * a.dtype.type(self.inner)
        return grad * (0.5 + 0.5 * bent + a * (1 - bent * bent) * slope * 0.5)


class Silu(Activation):
    """a times its sigmoid.

    Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in
    reinforcement learning", 2018, equation 2.
    """

    samples = [sample("F.silu(x)", (N, 4))]
    kernel = "silu_cpu"

    def forward(self, a: Array) -> Array:
        self.check(a)
        share = self.backend.sigmoid(a)
        self.save(a, share)
        return a * share

    def backward(self, grad: Array) -> Gradients:
        a, share = self.saved
        return grad * (share * (1 + a * (1 - share)))


def log_sigmoid(xp: Any, a: Array) -> Array:
    """Return the logarithm of the sigmoid of a: of both exponentials that of a number below 0 cannot overflow."""
    result: Array = xp.minimum(a, 0) - xp.log1p(xp.exp(-xp.abs(a)))
    return result


class Softplus(Activation):
    """log(1 + exp(beta * a)) / beta, a smooth ReLU; a itself where beta * a is above a threshold.

    Source: Dugas et al., "Incorporating second-order functional knowledge for better option pricing", 2001, section 2.
    """

    samples = [sample("F.softplus(x)", (N, 4)), sample("F.softplus(x, 2, 3.5)", (N, 4))]
    kernel = "softplus_cpu"

    def forward(self, a: Array, *, beta: float, threshold: float) -> Array:
        self.check(a)
        self.beta, self.threshold = a.dtype.type(beta), a.dtype.type(threshold)
        self.save(a)
        scaled = a * self.beta
        return self.xp.where(scaled > self.threshold, a, -log_sigmoid(self.xp, -scaled) / self.beta)

    def backward(self, grad: Array) -> Gradients:
        scaled = self.saved[0] * self.beta
        return self.xp.where(scaled > self.threshold, grad, grad * self.backend.sigmoid(scaled))


class LogSigmoid(Activation):
    """The logarithm of the sigmoid, without taking the logarithm of a small number."""

    samples = [sample("F.logsigmoid(x)", (N, 4))]
    kernel = "log_sigmoid_cpu"

    def forward(self, a: Array) -> Array:
        self.check(a)
        self.save(a)
        return log_sigmoid(self.xp, a)

    def backward(self, grad: Array) -> Gradients:
        return grad * self.backend.sigmoid(-self.saved[0])


class Hardtanh(Activation):
    """a, held between two bounds; the derivative at a bound is 0.

    Source: Collobert, "Large scale machine learning", 2004, section 5.
    """

    samples = [
        sample("F.hardtanh(x)", (N, 4)),
        sample("F.hardtanh(x, -0.5, 1.5)", (N, 4)),
        sample("F.relu6(x * 4)", (N, 4)),
    ]
    kernel = "hardtanh_cpu"

    def forward(self, a: Array, *, min_val: float, max_val: float) -> Array:
        if a.dtype == np.bool_:
            raise RuntimeError("Bool inputs not supported for hardtanh")
        self.low, self.high = a.dtype.type(min_val), a.dtype.type(max_val)
        self.save(a)
        return self.xp.minimum(self.xp.maximum(a, self.low), self.high)

    def backward(self, grad: Array) -> Gradients:
        (a,) = self.saved
        return self.xp.where(a <= self.low, 0, self.xp.where(a >= self.high, 0, grad))
