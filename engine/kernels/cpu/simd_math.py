"""Exponential, logarithm, hyperbolic tangent, sigmoid and error function of the blocks of `simd`.

Calls of the C library, one for each lane, would take longer than everything around them. So the functions of float32
are made of block operations: a polynomial on a short interval, and the exponents of the floats for the rest. Those of
float64 do call the library: they serve checks of gradients, where only the digits count.

The polynomials are minimax fits of the relative error: least squares on a dense grid, reweighted by the error again and
again (Lawson's method). Coefficients were rounded to float32 one by one, each time the rest was fitted anew.

Without a compiler the functions do what their bodies say. For compiled code the last lines of the file put
implementations for blocks in their places.
"""

from __future__ import annotations

import math

import llvmlite.ir as ir
import numpy as np
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from nnkit.kernels.cpu import simd
from nnkit.kernels.cpu import simd_arithmetic as arithmetic
from nnkit.kernels.layout import LANES

# ln 2 in two parts: 16 bits, so that their product with an exponent is exact without a fused multiply-add too, and
# what is missing from them.
LN2_HIGH = 45426 / 65536
LN2_LOW = math.log(2) - LN2_HIGH
LOG2_E = math.log2(math.e)

# (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, from r^4 down; it leaves e^r wrong by a share of 2^-28.
GROWTH = (0.0013820729218423367, 0.008368677459657192, 0.04166826605796814, 0.1666652113199234, 0.4999999403953552)
# The exponential of numbers between these is a normal float32.
EXPONENTIAL_MIN, EXPONENTIAL_MAX = -87.33654, 88.72283

# (ln(1 + f) - f) / f^2 for sqrt(1/2) <= 1 + f <= sqrt(2), from f^8 down; it leaves ln(1 + f) wrong by a share of 2^-27.
LOGARITHM = (
    -0.07619192451238632,
    0.12909498810768127,
    -0.13246534764766693,
    0.14181169867515564,
    -0.1660856455564499,
    0.2000199854373932,
    -0.25001606345176697,
    0.33333325386047363,
    -0.49999988079071045,
)
SMALLEST_NORMAL = 2.0**-126

# From here on the exponential and the exponential minus 1 are the same in float32.
ONE_MAX = 20.0

# From here on the hyperbolic tangent is 1 in float32.
TANGENT_MAX = 10.0

# (erf(x) - x) / x as a polynomial of x^2 for |x| <= 1, from x^12 down; it leaves erf(x) wrong by a share of 2^-29.
ERROR_NEAR = (
    7.806903158780187e-05,
    -0.0007997853099368513,
    0.005187162198126316,
    -0.026853347197175026,
    0.11283578723669052,
    -0.3761262595653534,
    0.12837916612625122,
)
# -ln(1 - erf(x)) for 1 <= x <= 4, from x^7 down; it leaves erf(x) wrong by 2^-35.
ERROR_FAR = (
    2.1693345843232237e-05,
    -0.00044143132981844246,
    0.004205121658742428,
    -0.025210004299879074,
    0.10842172056436539,
    0.6332166194915771,
    1.1295802593231201,
    -0.00018846875173039734,
)
# From here on the error function is 1 in float32.
ERROR_MAX = 4.0


def exponential(block):
    """Return e to the power of each element, to 2 units in the last place.

    Compiled code gives 0 for float32 results below the smallest normal number.
    """
    return _in_double(np.exp, block)


def logarithm(block):
    """Return the natural logarithm of each element, to 2 units in the last place: -inf for 0, NaN for numbers below."""
    return _in_double(np.log, block)


def hyperbolic_tangent(block):
    """Return the hyperbolic tangent of each element, to 3 units in the last place."""
    return _in_double(np.tanh, block)


def sigmoid(block):
    """Return 1 / (1 + e^-x) for each element x, to 3 units in the last place of normal results."""
    return _in_double(lambda x: 1 / (1 + np.exp(-x)), block)


def exponential_minus_one(block):
    """Return e to the power of each element minus 1, to 3 units in the last place."""
    return _in_double(np.expm1, block)


def logarithm_plus_one(block):
    """Return the natural logarithm of 1 plus each element, to 3 units in the last place of normal results."""
    return _in_double(np.log1p, block)


def error_function(block):
    """Return the integral of 2 / sqrt(pi) * e^-t^2 from 0 to each element, to 2 units in the last place."""
    return _in_double(_error_functions, block)


_error_functions = np.vectorize(math.erf, otypes=[np.float64])


def _in_double(function, block):
    with np.errstate(all="ignore"):
        return function(block.astype(np.float64)).astype(block.dtype)


@register_jitable(forceinline=True)
def _power_and_growth(x):
    """Return a whole number n and a growth between -0.3 and 0.42 with e^x = 2^n (1 + growth)."""
    n = arithmetic.nearest(arithmetic.multiply(x, simd.broadcast(x, LOG2_E)))
    remainder = arithmetic.fused(n, simd.broadcast(x, -LN2_HIGH), x)
    remainder = arithmetic.fused(n, simd.broadcast(x, -LN2_LOW), remainder)
    square = arithmetic.multiply(remainder, remainder)
    return n, arithmetic.fused(square, arithmetic.polynomial(remainder, GROWTH), remainder)


def _exponential_single(block):
    n, growth = _power_and_growth(block)
    result = arithmetic.scale_by_power_of_two(arithmetic.add(simd.broadcast(block, 1.0), growth), n)
    result = arithmetic.where_less(block, simd.broadcast(block, EXPONENTIAL_MIN), simd.broadcast(block, 0.0), result)
    # This takes NaN too, which infinity leaves as it is.
    beyond = arithmetic.add(block, simd.broadcast(block, math.inf))
    return simd.where_greater(block, simd.broadcast(block, EXPONENTIAL_MAX), beyond, result)


def _logarithm_single(block):
    zero, infinity = simd.broadcast(block, 0.0), simd.broadcast(block, math.inf)
    smallest = simd.broadcast(block, SMALLEST_NORMAL)
    # Numbers below the smallest normal one have no exponent of their own: 2^24 times as much has.
    x = arithmetic.multiply(block, simd.broadcast(block, 2.0**24))
    x = arithmetic.where_less(block, smallest, x, block)
    raised = arithmetic.where_less(block, smallest, simd.broadcast(block, 24.0), zero)
    # ln x = n ln 2 + ln(1 + f)
    n = arithmetic.exponent(x)
    f = arithmetic.subtract(arithmetic.scale_by_power_of_two(x, arithmetic.subtract(zero, n)), simd.broadcast(x, 1.0))
    n = arithmetic.subtract(n, raised)
    # From the smallest term to the largest, so that each rounding is small.
    result = arithmetic.multiply(n, simd.broadcast(x, LN2_LOW))
    result = arithmetic.fused(arithmetic.multiply(f, f), arithmetic.polynomial(f, LOGARITHM), result)
    result = arithmetic.fused(n, simd.broadcast(x, LN2_HIGH), arithmetic.add(result, f))
    result = arithmetic.where_less(block, infinity, result, block)
    invalid = arithmetic.where_nonzero(block, simd.broadcast(block, math.nan), simd.broadcast(block, -math.inf))
    return arithmetic.where_less(zero, block, result, invalid)


def _hyperbolic_tangent_single(block):
    one, limit = simd.broadcast(block, 1.0), simd.broadcast(block, TANGENT_MAX)
    x = arithmetic.absolute(block)
    x = arithmetic.where_less(limit, x, limit, x)
    # tanh x = E / (E + 2) with E = e^2x - 1 = 2^n growth + (2^n - 1), of which no digits are lost when x is small.
    n, growth = _power_and_growth(arithmetic.add(x, x))
    power = arithmetic.scale_by_power_of_two(one, n)
    grown = arithmetic.fused(power, growth, arithmetic.subtract(power, one))
    result = arithmetic.divide(grown, arithmetic.add(grown, simd.broadcast(x, 2.0)))
    return arithmetic.with_sign(result, block)


def _sigmoid_of(block):
    one = simd.broadcast(block, 1.0)
    power = exponential(arithmetic.subtract(simd.broadcast(block, 0.0), block))
    return arithmetic.divide(one, arithmetic.add(one, power))


def _exponential_minus_one_single(block):
    one, limit = simd.broadcast(block, 1.0), simd.broadcast(block, ONE_MAX)
    least = simd.broadcast(block, EXPONENTIAL_MIN)
    held = arithmetic.where_less(block, least, least, arithmetic.where_less(limit, block, limit, block))
    n, growth = _power_and_growth(held)
    power = arithmetic.scale_by_power_of_two(one, n)
    result = arithmetic.fused(power, growth, arithmetic.subtract(power, one))
    # This takes NaN too.
    return simd.where_greater(block, limit, exponential(block), result)


def _logarithm_plus_one_of(block):
    one = simd.broadcast(block, 1.0)
    above = arithmetic.add(one, block)
    # What rounding has added to `above`, as a share of it, is what its logarithm is too large by.
    excess = arithmetic.divide(arithmetic.subtract(arithmetic.subtract(above, one), block), above)
    result = arithmetic.subtract(logarithm(above), excess)
    result = arithmetic.where_less(above, simd.broadcast(block, math.inf), result, above)
    return arithmetic.where_nonzero(above, result, simd.broadcast(block, -math.inf))


def _error_function_single(block):
    one, limit = simd.broadcast(block, 1.0), simd.broadcast(block, ERROR_MAX)
    size = arithmetic.absolute(block)
    held = arithmetic.where_less(limit, size, limit, size)
    zero = simd.broadcast(block, 0.0)
    far = arithmetic.subtract(one, exponential(arithmetic.subtract(zero, arithmetic.polynomial(held, ERROR_FAR))))
    square = arithmetic.multiply(held, held)
    near = arithmetic.fused(held, arithmetic.polynomial(square, ERROR_NEAR), held)
    return arithmetic.with_sign(simd.where_greater(held, one, far, near), block)


def _each_lane(block, function):
    """Return an intrinsic's signature and code: `function`, known to Numba, for one element after another."""

    def codegen(context, builder, signature, arguments):
        scalar = context.get_function(function, block.element(block.element))
        results = []
        for position in range(block.rows * block.columns):
            vector = builder.extract_value(arguments[0], position)
            for number in range(LANES):
                lane = ir.Constant(ir.IntType(32), number)
                vector = builder.insert_element(vector, scalar(builder, [builder.extract_element(vector, lane)]), lane)
            results.append(vector)
        return simd._filled(context, builder, block, results)

    return block(block), codegen


@intrinsic
def _exponential_lanes(typingctx, block):
    return _each_lane(block, math.exp)


@intrinsic
def _logarithm_lanes(typingctx, block):
    return _each_lane(block, math.log)


@intrinsic
def _hyperbolic_tangent_lanes(typingctx, block):
    return _each_lane(block, math.tanh)


@intrinsic
def _exponential_minus_one_lanes(typingctx, block):
    return _each_lane(block, math.expm1)


@intrinsic
def _logarithm_plus_one_lanes(typingctx, block):
    return _each_lane(block, math.log1p)


@intrinsic
def _error_function_lanes(typingctx, block):
    return _each_lane(block, math.erf)


def _exponential_double(block):
    return _exponential_lanes(block)


def _logarithm_double(block):
    return _logarithm_lanes(block)


def _hyperbolic_tangent_double(block):
    return _hyperbolic_tangent_lanes(block)


def _exponential_minus_one_double(block):
    return _exponential_minus_one_lanes(block)


def _logarithm_plus_one_double(block):
    return _logarithm_plus_one_lanes(block)


def _error_function_double(block):
    return _error_function_lanes(block)


def _for_blocks(function, single, double):
    """Let compiled code call one of two implementations as `function`, by the element type of the block."""

    @overload(function, jit_options={"forceinline": True})
    def choose(block):
        return single if block.element == types.float32 else double


_for_blocks(exponential, _exponential_single, _exponential_double)
_for_blocks(logarithm, _logarithm_single, _logarithm_double)
_for_blocks(hyperbolic_tangent, _hyperbolic_tangent_single, _hyperbolic_tangent_double)
_for_blocks(sigmoid, _sigmoid_of, _sigmoid_of)
_for_blocks(exponential_minus_one, _exponential_minus_one_single, _exponential_minus_one_double)
_for_blocks(logarithm_plus_one, _logarithm_plus_one_of, _logarithm_plus_one_double)
_for_blocks(error_function, _error_function_single, _error_function_double)
