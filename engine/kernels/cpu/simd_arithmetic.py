"""Arithmetic on the blocks of `simd`, element by element: every function takes and returns blocks of one type.

Nothing here assumes that NaN and infinity do not occur.
With NUMBA_DISABLE_JIT=1 the functions come from `simd_arithmetic_python`.
"""

from __future__ import annotations

import llvmlite.ir as ir
from numba import config
from numba.extending import intrinsic

from nnkit.kernels.cpu.simd import Block, _broadcast, _filled, _multiply_add
from nnkit.kernels.layout import LANES

# The parts of a float32: its 23 lowest bits are the fraction, the next 8 the exponent.
FRACTION_BITS = 23
INTEGERS = ir.VectorType(ir.IntType(32), LANES)
# Added to a whole number below 2^22, it leaves that number in the lowest bits of the sum.
WHOLE = 1.5 * 2.0**FRACTION_BITS
ROOT_OF_HALF_BITS = 0x3F3504F3


def _each_vector(block, operands, operation):
    """Return an intrinsic's signature and code: `operation` on the vectors at each place of the operands."""

    def codegen(context, builder, signature, arguments):
        results = []
        for position in range(block.rows * block.columns):
            vectors = [builder.extract_value(argument, position) for argument in arguments]
            results.append(operation(builder, *vectors))
        return _filled(context, builder, block, results)

    return block(*[block] * operands), codegen


def _llvm(builder, name, *vectors):
    """Call LLVM's own function `name` for vectors of this type."""
    kind = vectors[0].type
    width = 64 if isinstance(kind.element, ir.DoubleType) else 32
    function = ir.FunctionType(kind, [kind] * len(vectors))
    return builder.call(builder.module.declare_intrinsic(f"llvm.{name}.v{LANES}f{width}", fnty=function), vectors)


def _constant(kind, number):
    return ir.Constant(kind, [number] * LANES)


@intrinsic
def add(typingctx, a, b):
    """Return a + b."""
    return _each_vector(a, 2, lambda builder, x, y: builder.fadd(x, y))


@intrinsic
def subtract(typingctx, a, b):
    """Return a - b."""
    return _each_vector(a, 2, lambda builder, x, y: builder.fsub(x, y))


@intrinsic
def multiply(typingctx, a, b):
    """Return a * b."""
    return _each_vector(a, 2, lambda builder, x, y: builder.fmul(x, y))


@intrinsic
def divide(typingctx, a, b):
    """Return a / b."""
    return _each_vector(a, 2, lambda builder, x, y: builder.fdiv(x, y))


@intrinsic
def fused(typingctx, a, b, c):
    """Return a * b + c, rounded once where the machine can; also of numbers that are not blocks."""
    if isinstance(a, Block):
        return _each_vector(a, 3, _multiply_add)
    return a(a, a, a), lambda context, builder, signature, arguments: _multiply_add(builder, *arguments)


@intrinsic
def polynomial(typingctx, block, coefficients):
    """Return coefficients[0] * x^n + ... + coefficients[n] for each element x, given a tuple of n + 1 floats."""

    def codegen(context, builder, signature, arguments):
        value, numbers = arguments
        vector_type = context.get_value_type(block).element
        rounded = [
            context.cast(builder, builder.extract_value(numbers, place), coefficients.dtype, block.element)
            for place in range(len(coefficients))
        ]
        first, *others = [_broadcast(builder, number, vector_type) for number in rounded]
        results = []
        for position in range(block.rows * block.columns):
            x, total = builder.extract_value(value, position), first
            for other in others:
                total = _multiply_add(builder, total, x, other)
            results.append(total)
        return _filled(context, builder, block, results)

    return block(block, coefficients), codegen


def _select_extreme(sign, builder, x, y):
    # The comparison is false for a NaN in either place and so chooses y: only a NaN in x is left to see to.
    chosen = builder.select(builder.fcmp_ordered(sign, x, y), x, y)
    return builder.select(builder.fcmp_unordered("uno", x, x), x, chosen)


@intrinsic
def maximum(typingctx, a, b):
    """Return the greater of a and b, and NaN where one of them is."""
    return _each_vector(a, 2, lambda builder, x, y: _select_extreme(">", builder, x, y))


@intrinsic
def minimum(typingctx, a, b):
    """Return the lesser of a and b, and NaN where one of them is."""
    return _each_vector(a, 2, lambda builder, x, y: _select_extreme("<", builder, x, y))


@intrinsic
def where_less(typingctx, a, b, yes, no):
    """Return `yes` where a < b and `no` elsewhere, also where a or b is NaN."""

    def choose(builder, x, y, chosen, otherwise):
        return builder.select(builder.fcmp_ordered("<", x, y), chosen, otherwise)

    return _each_vector(a, 4, choose)


@intrinsic
def where_nonzero(typingctx, condition, yes, no):
    """Return `yes` where the condition is not 0, and so also where it is NaN, and `no` elsewhere."""

    def choose(builder, x, chosen, otherwise):
        return builder.select(builder.fcmp_unordered("!=", x, _constant(x.type, 0.0)), chosen, otherwise)

    return _each_vector(condition, 3, choose)


@intrinsic
def absolute(typingctx, a):
    """Return the elements without their signs."""
    return _each_vector(a, 1, lambda builder, x: _llvm(builder, "fabs", x))


@intrinsic
def with_sign(typingctx, a, b):
    """Return the elements of a with the signs of b."""
    return _each_vector(a, 2, lambda builder, x, y: _llvm(builder, "copysign", x, y))


@intrinsic
def square_root(typingctx, a):
    """Return the square roots, NaN for numbers below 0."""
    return _each_vector(a, 1, lambda builder, x: _llvm(builder, "sqrt", x))


@intrinsic
def nearest(typingctx, a):
    """Return the nearest whole numbers, of two the even one."""
    return _each_vector(a, 1, lambda builder, x: _llvm(builder, "nearbyint", x))


@intrinsic
def scale_by_power_of_two(typingctx, a, exponents):
    """Return a * 2^exponents, where that and a are normal numbers; float32 only.

    The exponents are whole numbers. Elsewhere, as for 0, NaN and infinity, the result can be anything.
    """

    def scale(builder, x, exponent):
        # The sum has the exponent in its lowest bits, and the shift leaves nothing else of it.
        sum_bits = builder.bitcast(builder.fadd(exponent, _constant(x.type, WHOLE)), INTEGERS)
        step = builder.shl(sum_bits, _constant(INTEGERS, FRACTION_BITS))
        return builder.bitcast(builder.add(builder.bitcast(x, INTEGERS), step), x.type)

    return _each_vector(a, 2, scale)


@intrinsic
def exponent(typingctx, a):
    """Return the whole numbers e for which a / 2^e is at least sqrt(1/2) and less than sqrt(2); float32 only.

    Only for positive normal numbers; elsewhere the result can be any whole number.
    """

    def exponent_of(builder, x):
        above = builder.sub(builder.bitcast(x, INTEGERS), _constant(INTEGERS, ROOT_OF_HALF_BITS))
        return builder.sitofp(builder.ashr(above, _constant(INTEGERS, FRACTION_BITS)), x.type)

    return _each_vector(a, 1, exponent_of)


if config.DISABLE_JIT:  # type: ignore[attr-defined]
    from nnkit.kernels.cpu.simd_arithmetic_python import *  # type: ignore[assignment]  # noqa: F403 (the same names)
