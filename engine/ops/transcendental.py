"""Further functions of each element whose results are floating-point."""

from __future__ import annotations

import math

import numpy as np

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.ops.elementwise import Floating
from nnkit.ops.operation import Gradients, N, Operation, sample


class OfInput(Floating):
    """A function of NumPy's whose derivative is one of the input."""

    function = ""

    def compute(self, a: Array) -> Array:
        self.save(a)
        return getattr(self.xp, self.function)(a)

    def backward(self, grad: Array) -> Gradients:
        return grad * self.slope(self.saved[0])

    def slope(self, a: Array) -> Array:
        """Return the derivative at a."""
        raise NotImplementedError


class Sin(OfInput):
    """The sine of an angle in radians."""

    samples = [sample("x.sin()", (N, 4))]
    function = "sin"

    def slope(self, a: Array) -> Array:
        return self.xp.cos(a)


class Cos(OfInput):
    """The cosine of an angle in radians."""

    samples = [sample("x.cos()", (N, 4))]
    function = "cos"

    def slope(self, a: Array) -> Array:
        return -self.xp.sin(a)


class Tan(Floating):
    """The tangent of an angle in radians."""

    samples = [sample("x.tan()", (N, 4), low=-1.4, high=1.4)]

    def compute(self, a: Array) -> Array:
        result = self.xp.tan(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        (result,) = self.saved
        return grad * (result * result + 1)


class Asin(OfInput):
    """The angle in radians that has a sine."""

    samples = [sample("x.asin()", (N, 4), low=-0.9, high=0.9)]
    function = "arcsin"

    def slope(self, a: Array) -> Array:
        return 1 / self.xp.sqrt(1 - a * a)


class Acos(OfInput):
    """The angle in radians that has a cosine."""

    samples = [sample("x.acos()", (N, 4), low=-0.9, high=0.9)]
    function = "arccos"

    def slope(self, a: Array) -> Array:
        return -1 / self.xp.sqrt(1 - a * a)


class Atan(OfInput):
    """The angle in radians that has a tangent."""

    samples = [sample("x.atan()", (N, 4))]
    function = "arctan"

    def slope(self, a: Array) -> Array:
        return 1 / (a * a + 1)


class Sinh(OfInput):
    """The hyperbolic sine."""

    samples = [sample("x.sinh()", (N, 4))]
    function = "sinh"

    def slope(self, a: Array) -> Array:
        return self.xp.cosh(a)


class Cosh(OfInput):
    """The hyperbolic cosine."""

    samples = [sample("x.cosh()", (N, 4))]
    function = "cosh"

    def slope(self, a: Array) -> Array:
        return self.xp.sinh(a)


class Log1P(OfInput):
    """The natural logarithm of 1 + a, exact for small a."""

    samples = [sample("x.log1p()", (N, 4), low=-0.7)]
    function = "log1p"

    def slope(self, a: Array) -> Array:
        return 1 / (a + 1)


class Expm1(OfInput):
    """exp(a) - 1, exact for small a."""

    samples = [sample("x.expm1()", (N, 4))]
    function = "expm1"

    def slope(self, a: Array) -> Array:
        return self.xp.exp(a)


class Log2(OfInput):
    """The logarithm to base 2."""

    samples = [sample("x.log2()", (N, 4), low=0.3)]
    function = "log2"

    def slope(self, a: Array) -> Array:
        return 1 / (a * a.dtype.type(math.log(2)))


class Log10(OfInput):
    """The logarithm to base 10."""

    samples = [sample("x.log10()", (N, 4), low=0.3)]

    def compute(self, a: Array) -> Array:
        self.save(a)
        # In float32 NumPy misses the powers of 10.
        return self.xp.log10(a.astype(np.float64)).astype(a.dtype)

    def slope(self, a: Array) -> Array:
        return 1 / (a * a.dtype.type(math.log(10)))


class Rsqrt(Floating):
    """1 / sqrt(a)."""

    samples = [sample("x.rsqrt()", (N, 4), low=0.3)]

    def compute(self, a: Array) -> Array:
        result = 1 / self.xp.sqrt(a)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        (result,) = self.saved
        return grad * (result * result * result) * -0.5


class Erf(Floating):
    """The error function, the integral of 2 / sqrt(pi) * exp(-t^2) from 0 to a."""

    samples = [sample("x.erf()", (N, 4))]

    def compute(self, a: Array) -> Array:
        self.save(a)
        return self.backend.erf(a)

    def backward(self, grad: Array) -> Gradients:
        (a,) = self.saved
        return grad * self.xp.exp(-(a * a)) * a.dtype.type(2 / math.sqrt(math.pi))


class Rounding(Floating):
    """A whole number near a, of its own type also for integers; constant between jumps, its derivative is 0."""

    function = ""

    def forward(self, a: Array) -> Array:
        return a if a.dtype.kind in "iu" else self.compute(a)

    def compute(self, a: Array) -> Array:
        return getattr(self.xp, self.function)(a)

    def backward(self, grad: Array) -> Gradients:
        return self.xp.zeros_like(grad)


class Floor(Rounding):
    """The greatest whole number that is not above a."""

    samples = [sample("x.floor()", (N, 4))]
    function = "floor"


class Ceil(Rounding):
    """The least whole number that is not below a."""

    samples = [sample("x.ceil()", (N, 4))]
    function = "ceil"


class Trunc(Rounding):
    """a without its fraction."""

    samples = [sample("x.trunc()", (N, 4))]
    function = "trunc"


class Round(Rounding):
    """The nearest whole number, of two the even one."""

    samples = [sample("x.round()", (N, 4))]
    function = "rint"


class RoundDecimals(Operation):
    """The nearest number with so many digits behind the point, or with so many zeros before it."""

    samples = [sample("x.round(decimals=1)", (N, 4)), sample("(x * 90).round(decimals=-1)", (N, 4))]
    node_name = "RoundBackward1"

    def forward(self, a: Array, *, decimals: int) -> Array:
        if a.dtype.kind != "f":
            raise NotImplementedError(f"\"round_cpu\" not implemented for '{of_array(a).label}'")
        step = a.dtype.type(10 ** abs(decimals))
        return self.xp.rint(a * step) / step if decimals > 0 else self.xp.rint(a / step) * step

    def backward(self, grad: Array) -> Gradients:
        return self.xp.zeros_like(grad)


class Sgn(Rounding):
    """-1, 0 or 1; 0 for NaN."""

    samples = [sample("x.sign()", (N, 4))]
    node_name = "SignBackward0"

    def forward(self, a: Array) -> Array:
        return a if a.dtype == np.bool_ else self.xp.subtract(a > 0, a < 0, dtype=a.dtype)
