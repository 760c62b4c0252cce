"""Arithmetic on blocks of vectors, and the functions that are made of it, against NumPy."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys

import numba
import numpy as np
import pytest

from nnkit.kernels.cpu import simd, simd_math
from nnkit.kernels.cpu import simd_arithmetic as arithmetic

JIT_OFF = bool(numba.config.DISABLE_JIT)
# Elements of the blocks in these tests: 2 rows of 2 vectors.
SIZE = 64
KINDS = [np.float32, np.float64]
COEFFICIENTS = (0.5, -3.0, 0.25)
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1, -2, 3.5, 1e-45, -1e30])


@numba.njit
def _functions(x, out):
    block = simd.zeros(x, 2, 2)
    for i in range(0, x.size, SIZE):
        block = simd.load(block, x, i, 32, 16)
        simd.store(simd_math.exponential(block), out, i, 32, 16)
        simd.store(simd_math.logarithm(block), out, i + x.size, 32, 16)
        simd.store(simd_math.hyperbolic_tangent(block), out, i + 2 * x.size, 32, 16)
        simd.store(simd_math.sigmoid(block), out, i + 3 * x.size, 32, 16)
        simd.store(simd_math.exponential_minus_one(block), out, i + 4 * x.size, 32, 16)
        simd.store(simd_math.logarithm_plus_one(block), out, i + 5 * x.size, 32, 16)
        simd.store(simd_math.error_function(block), out, i + 6 * x.size, 32, 16)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


# The reference, and by how many units in the last place the float32 function may be wrong.
REFERENCES = {
    "exponential": (np.exp, 1.5),
    "logarithm": (np.log, 1.5),
    "hyperbolic_tangent": (np.tanh, 3),
    "sigmoid": (_sigmoid, 3),
    "exponential_minus_one": (np.expm1, 3),
    "logarithm_plus_one": (np.log1p, 3),
    "error_function": (np.vectorize(math.erf), 2),
}


def _compute(values: np.ndarray) -> dict[str, np.ndarray]:
    x = np.resize(values, -(-values.size // SIZE) * SIZE)
    out = np.empty((len(REFERENCES), x.size), x.dtype)
    _functions(x, out)
    return dict(zip(REFERENCES, out[:, : values.size], strict=True))


def _inputs() -> np.ndarray:
    """Return float32 numbers of every size, and all those around the places where something changes."""
    generator = np.random.default_rng(0)
    everywhere = np.arange(0, 2**32, 80021, dtype=np.uint32)
    # The borders of the exponential and of the intervals of its polynomial, of the tangent, and of the logarithm.
    places = np.float32(
        [88.72283, 87.33654, 87.33655, 88.37627, 0.34657359, 1.0397208, 9.010913, 10, 1, 0.5**0.5, 2**-126]
    )
    near = places.view(np.uint32)[:, None] + np.arange(-40, 40)
    bits = np.concatenate([everywhere, *near, *(near | 1 << 31)]).astype(np.uint32)
    drawn = generator.uniform(-1, 1, (3, 8000)) * [[1], [10], [100]]
    return np.concatenate([bits.view(np.float32), drawn.ravel().astype(np.float32)])


@pytest.fixture(scope="module")
def single() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    x = _inputs()
    return x, _compute(x)


@pytest.mark.parametrize("name", REFERENCES)
def test_float32_is_right_to_the_last_bits(name: str, single: tuple[np.ndarray, dict[str, np.ndarray]]) -> None:
    x, results = single
    function, allowed = REFERENCES[name]
    with np.errstate(all="ignore"):
        exact = function(x.astype(np.float64))
        rounded = exact.astype(np.float32)
        unit = np.exp2(np.maximum(np.floor(np.log2(np.abs(exact))), -126) - 23)
        error = np.abs(results[name] - exact) / unit
    if name in ("exponential", "sigmoid"):
        tiny = exact < 2.0**-126
        assert (results[name][tiny] >= 0).all()
        assert (results[name][tiny] <= 2.0**-126).all()
        error[tiny] = 0
    finite = np.isfinite(rounded) & (rounded != 0)
    np.testing.assert_array_equal(results[name][~np.isfinite(rounded)], rounded[~np.isfinite(rounded)])
    assert error[finite].max() <= allowed, f"at {x[finite][error[finite].argmax()]!r}"


def test_float32_keeps_symmetry_and_limits(single: tuple[np.ndarray, dict[str, np.ndarray]]) -> None:
    x, results = single
    np.testing.assert_array_equal(_compute(-x)["hyperbolic_tangent"], -results["hyperbolic_tangent"])
    assert np.nanmax(np.abs(results["hyperbolic_tangent"])) == 1
    assert np.nanmin(results["sigmoid"]) == 0
    assert np.nanmax(results["sigmoid"]) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_special_values(kind: type) -> None:
    x = np.array([np.nan, -np.nan, np.inf, -np.inf, 0, -0.0, -1, 1, 1000, -1000], kind)
    results = _compute(x)
    nan, inf = np.nan, np.inf
    e = kind(np.exp(1))
    np.testing.assert_array_equal(results["exponential"][[0, 1, 2, 3, 4, 5, 8, 9]], [nan, nan, inf, 0, 1, 1, inf, 0])
    np.testing.assert_array_equal(results["logarithm"][:8], [nan, nan, inf, nan, -inf, -inf, nan, 0])
    np.testing.assert_array_equal(
        results["hyperbolic_tangent"][[0, 1, 2, 3, 4, 5, 8, 9]], [nan, nan, 1, -1, 0, 0, 1, -1]
    )
    np.testing.assert_array_equal(np.signbit(results["hyperbolic_tangent"][4:6]), [False, True])
    np.testing.assert_array_equal(results["sigmoid"][[0, 1, 2, 3, 4, 5, 8, 9]], [nan, nan, 1, 0, 0.5, 0.5, 1, 0])
    np.testing.assert_allclose(results["exponential"][6:8], [1 / e, e], rtol=1e-6)
    np.testing.assert_array_equal(results["exponential_minus_one"][:6], [nan, nan, inf, -1, 0, 0])
    np.testing.assert_array_equal(results["exponential_minus_one"][8:], [inf, -1])
    np.testing.assert_array_equal(results["logarithm_plus_one"][:7], [nan, nan, inf, nan, 0, 0, -inf])
    np.testing.assert_array_equal(results["error_function"][[0, 1, 2, 3, 4, 5, 8, 9]], [nan, nan, 1, -1, 0, 0, 1, -1])


def test_every_kind_of_nan_stays_one() -> None:
    bits = np.array([0x7F800001, 0x7FC00001, 0x7FFFFFFF, 0xFF800001, 0xFFC00001, 0xFFFFFFFF], np.uint32)
    for result in _compute(bits.view(np.float32)).values():
        assert np.isnan(result).all()


@pytest.mark.parametrize("name", REFERENCES)
def test_float64_has_all_its_digits(name: str) -> None:
    generator = np.random.default_rng(1)
    x = np.concatenate([generator.standard_normal(500) * 10, generator.standard_normal(500) / 1000])
    x = np.abs(x) if name.startswith("logarithm") else x
    np.testing.assert_allclose(_compute(x)[name], REFERENCES[name][0](x), rtol=1e-15)


@pytest.mark.skipif(JIT_OFF, reason="nothing is compiled")
def test_float32_calls_nothing_for_single_lanes() -> None:
    compiled = {signature[0].dtype: code for signature, code in _functions.inspect_llvm().items()}
    assert "<16 x float> @llvm.fmuladd" in compiled[numba.float32]
    assert not re.search(r"call (float|double) @", compiled[numba.float32])


@numba.njit
def _arithmetic(a, b, c, out):
    size = a.size
    x = simd.load(simd.zeros(a, 2, 2), a, 0, 32, 16)
    y, z = simd.load(x, b, 0, 32, 16), simd.load(x, c, 0, 32, 16)
    simd.store(arithmetic.add(x, y), out, 0, 32, 16)
    simd.store(arithmetic.subtract(x, y), out, size, 32, 16)
    simd.store(arithmetic.multiply(x, y), out, 2 * size, 32, 16)
    simd.store(arithmetic.divide(x, y), out, 3 * size, 32, 16)
    simd.store(arithmetic.maximum(x, y), out, 4 * size, 32, 16)
    simd.store(arithmetic.minimum(x, y), out, 5 * size, 32, 16)
    simd.store(arithmetic.where_less(x, y, z, y), out, 6 * size, 32, 16)
    simd.store(arithmetic.where_nonzero(x, z, y), out, 7 * size, 32, 16)
    simd.store(arithmetic.absolute(x), out, 8 * size, 32, 16)
    simd.store(arithmetic.with_sign(x, y), out, 9 * size, 32, 16)
    simd.store(arithmetic.square_root(x), out, 10 * size, 32, 16)
    simd.store(arithmetic.nearest(x), out, 11 * size, 32, 16)
    simd.store(arithmetic.fused(x, y, z), out, 12 * size, 32, 16)
    simd.store(arithmetic.polynomial(x, COEFFICIENTS), out, 13 * size, 32, 16)


@pytest.mark.parametrize("kind", KINDS)
def test_arithmetic(kind: type) -> None:
    generator = np.random.default_rng(2)
    drawn = generator.integers(-9, 9, (2, 200)) / 4
    special = np.stack(np.meshgrid(SPECIAL, SPECIAL)).reshape(2, -1)
    pairs = np.concatenate([special, drawn], axis=1)
    pairs = np.concatenate([pairs, np.zeros((2, -pairs.shape[1] % SIZE))], axis=1).astype(kind)
    for a, b in pairs.reshape(2, -1, SIZE).transpose(1, 0, 2).copy():
        c = generator.integers(-5, 5, SIZE).astype(kind)
        out = np.empty((14, SIZE), kind)
        _arithmetic(a, b, c, out)
        with np.errstate(all="ignore"):
            exact = [a + b, a - b, a * b, a / b, np.maximum(a, b), np.minimum(a, b), np.where(a < b, c, b)]
            exact += [np.where(a != 0, c, b), np.abs(a), np.copysign(a, b), np.sqrt(a), np.rint(a), a * b + c]
            exact += [(kind(COEFFICIENTS[0]) * a + kind(COEFFICIENTS[1])) * a + kind(COEFFICIENTS[2])]
        for number, (mine, expected) in enumerate(zip(out, exact, strict=True)):
            np.testing.assert_array_equal(mine, expected, f"result {number}")


@numba.njit
def _parts(a, exponents, out):
    x = simd.load(simd.zeros(a, 2, 2), a, 0, 32, 16)
    simd.store(arithmetic.exponent(x), out, 0, 32, 16)
    simd.store(arithmetic.scale_by_power_of_two(x, simd.load(x, exponents, 0, 32, 16)), out, a.size, 32, 16)


def test_powers_of_two() -> None:
    generator = np.random.default_rng(3)
    for _ in range(20):
        fraction = np.exp2(generator.uniform(-0.5, 0.49999, SIZE)).astype(np.float32)
        fraction[:3] = 1, np.nextafter(np.float32(0.5**0.5), 1), np.nextafter(np.float32(2**0.5), 0)
        exponents = generator.integers(-125, 127, SIZE)
        factors = generator.integers(-125, 127, SIZE) - exponents
        values = np.ldexp(fraction, exponents)
        out = np.empty((2, SIZE), np.float32)
        _parts(values, factors.astype(np.float32), out)
        np.testing.assert_array_equal(out[0], exponents)
        np.testing.assert_array_equal(out[1], np.ldexp(values, factors))


@pytest.mark.skipif(JIT_OFF, reason="this is the run without the compiler")
def test_blocks_are_right_without_the_compiler() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
