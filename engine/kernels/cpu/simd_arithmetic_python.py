"""The functions of `simd_arithmetic` without a compiler, for NUMBA_DISABLE_JIT=1: a block is an array."""

from __future__ import annotations

import numpy as np

__all__ = [
    "absolute",
    "add",
    "divide",
    "exponent",
    "fused",
    "maximum",
    "minimum",
    "multiply",
    "nearest",
    "polynomial",
    "scale_by_power_of_two",
    "square_root",
    "subtract",
    "where_less",
    "where_nonzero",
    "with_sign",
]

# Compiled code says nothing when a result is infinite or NaN, so these do not either.
silent = np.errstate(all="ignore")


@silent
def add(a, b):
    """See `simd_arithmetic.add`."""
    return a + b


@silent
def subtract(a, b):
    """See `simd_arithmetic.subtract`."""
    return a - b


@silent
def multiply(a, b):
    """See `simd_arithmetic.multiply`."""
    return a * b


@silent
def divide(a, b):
    """See `simd_arithmetic.divide`."""
    return a / b


@silent
def fused(a, b, c):
    """See `simd_arithmetic.fused`; here a * b is rounded too."""
    return a * b + c


@silent
def polynomial(block, coefficients):
    """See `simd_arithmetic.polynomial`."""
    total = np.full_like(block, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * block + block.dtype.type(coefficient)
    return total


@silent
def maximum(a, b):
    """See `simd_arithmetic.maximum`."""
    return np.maximum(a, b)


@silent
def minimum(a, b):
    """See `simd_arithmetic.minimum`."""
    return np.minimum(a, b)


@silent
def where_less(a, b, yes, no):
    """See `simd_arithmetic.where_less`."""
    return np.where(a < b, yes, no)


def where_nonzero(condition, yes, no):
    """See `simd_arithmetic.where_nonzero`."""
    return np.where(condition != 0, yes, no)


def absolute(a):
    """See `simd_arithmetic.absolute`."""
    return np.abs(a)


def with_sign(a, b):
    """See `simd_arithmetic.with_sign`."""
    return np.copysign(a, b)


@silent
def square_root(a):
    """See `simd_arithmetic.square_root`."""
    return np.sqrt(a)


def nearest(a):
    """See `simd_arithmetic.nearest`."""
    return np.rint(a)


@silent
def scale_by_power_of_two(a, exponents):
    """See `simd_arithmetic.scale_by_power_of_two`."""
    return np.ldexp(a, exponents.astype(np.int32))


def exponent(a):
    """See `simd_arithmetic.exponent`."""
    fraction, exponents = np.frexp(a)  # at least 1/2 and less than 1
    return (exponents - (fraction < np.sqrt(0.5))).astype(a.dtype)
