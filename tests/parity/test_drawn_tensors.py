"""Tensors of drawn shapes and types: promotion, broadcasting, text, indices and reductions are PyTorch's."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from parity.programs import told

import nnkit

TYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
EXAMPLES = settings(max_examples=60, deadline=None)
NUMBERS = st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, -1.25, 2.0]))


@st.composite
def tensors(draw, types=TYPES, shapes=None):
    """Draw an array of small numbers, which both libraries can share."""
    if shapes is None:
        shapes = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    shape = draw(shapes)
    kind = np.dtype(draw(st.sampled_from(types)))
    low = 0 if kind.kind in "bu" else -4
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    values = generator.integers(low, 6, shape) / (4 if kind.kind == "f" else 1)
    return np.asarray(values).astype(kind)


def both(function, *inputs):
    """Return what comes of a function of tensors in each library, or of its refusal."""
    outcomes = []
    for package in (nnkit, torch):
        given_to = [package.from_numpy(each.copy()) if isinstance(each, np.ndarray) else each for each in inputs]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                result = function(package, *given_to)
            except Exception as error:
                outcomes.append(told(error))
                continue
        outcomes.append(result)
    return outcomes


def assert_same(mine, theirs):
    if isinstance(theirs, str) or isinstance(mine, str):
        assert mine == theirs
        return
    assert str(mine.dtype) == str(theirs.dtype)
    assert tuple(mine.shape) == tuple(theirs.shape)
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-3 if mine.itemsize == 2 else 1e-6)


@EXAMPLES
@given(st.sampled_from(["+", "-", "*", "/", "==", "<", ">="]), tensors(), st.one_of(NUMBERS, tensors()))
def test_types_are_promoted_and_shapes_broadcast(operator, first, second):
    assert_same(*both(lambda package, a, b: eval(f"a {operator} b"), first, second))


@EXAMPLES
@given(tensors(), st.one_of(NUMBERS, tensors()))
def test_the_type_of_a_result_is_told(first, second):
    mine, theirs = both(lambda package, a, b: str(package.result_type(a, b)), first, second)
    assert mine == theirs


@EXAMPLES
@given(tensors(), st.one_of(NUMBERS, tensors()))
def test_what_cannot_be_written_in_place_is_refused(first, second):
    def add(package, a, b):
        a += b
        return a

    assert_same(*both(add, first, second))


@EXAMPLES
@given(tensors(shapes=arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12)), st.integers(-4, 9))
def test_tensors_print_alike(array, exponent):
    if array.dtype.kind == "f" and array.itemsize > 2:
        array = np.asarray(array * array.dtype.type(10.0**exponent))
    mine, theirs = both(lambda package, x: repr(x), array)
    assert mine == theirs


INDICES = st.one_of(
    st.integers(-5, 5),
    st.none(),
    st.just(Ellipsis),
    st.builds(slice, st.none() | st.integers(-5, 5), st.none() | st.integers(-5, 5), st.none() | st.integers(1, 3)),
)


@EXAMPLES
@given(tensors(types=("float32",)), st.lists(INDICES, min_size=1, max_size=4))
def test_indices_pick_the_same(array, key):
    assume(key.count(...) < 2)
    assert_same(*both(lambda package, x: x[tuple(key)].clone(), array))


@EXAMPLES
@given(
    st.sampled_from(["sum", "mean", "amax", "argmax", "any", "all", "cumsum", "logsumexp"]),
    tensors(types=("bool", "int64", "float32")),
    st.integers(-4, 3),
)
def test_reductions_are_alike(name, array, dim):
    assert_same(*both(lambda package, x: getattr(x, name)(dim), array))


def test_without_dimensions_everything_is_reduced():
    for name in ("sum", "mean", "max", "min", "prod", "std", "argmin"):
        mine, theirs = both(lambda package, x, name=name: getattr(x, name)(), np.arange(6, dtype=np.float32))
        assert_same(mine, theirs)


@pytest.mark.parametrize("shape", [(3,), ()])
def test_other_transposes_than_of_matrices_are_deprecated(shape):
    with pytest.warns(UserWarning, match="deprecated"):
        assert nnkit.zeros(shape).T.shape == shape
