"""Convolutions, poolings and borders of drawn shapes and options, beside PyTorch's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from parity.cases import LAYOUTS, SIZES, placed
from parity.programs import namespace, told

EXAMPLES = settings(max_examples=50, deadline=None)
KINDS = st.sampled_from([np.float32, np.float64])


def outcome(
    library: str, function: str, arrays: list[np.ndarray | None], options: dict[str, Any]
) -> tuple[list[np.ndarray], list[np.ndarray | None]] | str:
    """Return the results of a function and the gradients of its inputs, or the words of its refusal."""
    names = namespace(library)
    inputs = [
        None if array is None else names["t"].from_numpy(array.copy(order="K")).requires_grad_() for array in arrays
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of kernels of even length
        try:
            results = getattr(names["F"], function)(*inputs, **options)
        except Exception as error:
            return told(error)
    results = results if isinstance(results, tuple) else (results,)
    shape = tuple(results[0].shape)
    weights = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)
    results[0].backward(names["t"].tensor(weights, dtype=results[0].dtype))
    grads = [None if each is None else each.grad.numpy() for each in inputs]
    return [each.detach().numpy() for each in results], grads


def assert_as_pytorch(function: str, arrays: list[np.ndarray | None], **options: Any) -> None:
    mine, theirs = (outcome(library, function, arrays, options) for library in ("nnkit", "torch"))
    if isinstance(theirs, str) or isinstance(mine, str):
        # What PyTorch makes of a result without a size depends on the batch.
        if "Output size is too small" in mine:
            assert isinstance(theirs, str) or theirs[0][0].size == 0
        else:
            assert mine == theirs
        return
    for ours, expected in zip([*mine[0], *mine[1]], [*theirs[0], *theirs[1]], strict=True):
        assert (ours is None) == (expected is None)
        if ours is None or expected is None:
            continue
        assert (ours.shape, ours.dtype) == (expected.shape, expected.dtype)
        scale = max(1.0, float(np.abs(expected).max(initial=0)))
        tolerance = 1e-12 if arrays[0] is not None and arrays[0].dtype == np.float64 else 2e-5
        np.testing.assert_allclose(ours / scale, expected / scale, rtol=0, atol=tolerance)


def numbers(draw: Any, dims: int, low: int, high: int) -> Any:
    """Return an option: a number for all dimensions, or one for each."""
    values = tuple(draw(st.integers(low, high)) for _ in range(dims))
    return values if draw(st.booleans()) else values[0]


def each(option: Any, dims: int) -> tuple[int, ...]:
    return option if isinstance(option, tuple) else (option,) * dims


def images(draw: Any, channels: int, sizes: list[int]) -> np.ndarray:
    """Return numbers that are all different, with a batch or without one, in some memory layout."""
    batch = draw(st.sampled_from([None, *SIZES[:5]]))
    shape = (channels, *sizes) if batch is None else (batch, channels, *sizes)
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    values = generator.permutation(int(np.prod(shape))).reshape(shape) / max(1, np.prod(shape)) - 0.5
    return placed(values.astype(draw(KINDS)), draw(st.sampled_from(LAYOUTS)))


def drawn(draw: Any, like: np.ndarray, *shape: int) -> np.ndarray:
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    return generator.standard_normal(shape).astype(like.dtype)


@pytest.mark.parametrize("dims", [1, 2])
@EXAMPLES
@given(data=st.data())
def test_convolutions(dims: int, data: st.DataObject) -> None:
    draw = data.draw
    kernel = [draw(st.integers(1, 4)) for _ in range(dims)]
    stride, dilation = numbers(draw, dims, 1, 3), numbers(draw, dims, 1, 3)
    padding = draw(st.sampled_from(["same", "valid"])) if draw(st.booleans()) else numbers(draw, dims, 0, 3)
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 3))
    # Sometimes too small for the kernel, or with a stride that "same" cannot have: then the words are compared.
    x = images(draw, channels, [draw(st.integers(3, 9)) for _ in range(dims)])
    weight = drawn(draw, x, filters, channels // groups, *kernel)
    bias = drawn(draw, x, filters) if draw(st.booleans()) else None
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    assert_as_pytorch(f"conv{dims}d", [x, weight, bias], **options)


@pytest.mark.parametrize("dims", [1, 2])
@EXAMPLES
@given(data=st.data())
def test_transposed_convolutions(dims: int, data: st.DataObject) -> None:
    draw = data.draw
    kernel = [draw(st.integers(1, 4)) for _ in range(dims)]
    stride, dilation, padding = (numbers(draw, dims, low, 3) for low in (1, 1, 0))
    output_padding = numbers(draw, dims, 0, 2)
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 3))
    x = images(draw, channels, [draw(st.integers(1, 6)) for _ in range(dims)])
    weight = drawn(draw, x, channels, filters // groups, *kernel)
    bias = drawn(draw, x, filters) if draw(st.booleans()) else None
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    assert_as_pytorch(f"conv_transpose{dims}d", [x, weight, bias], output_padding=output_padding, **options)


@pytest.mark.parametrize("dims", [1, 2])
@EXAMPLES
@given(data=st.data())
def test_max_pools(dims: int, data: st.DataObject) -> None:
    draw = data.draw
    kernel, dilation = numbers(draw, dims, 1, 4), numbers(draw, dims, 1, 2)
    padding = tuple(draw(st.integers(0, size // 2)) for size in each(kernel, dims))
    # A window of which nothing is inside has a gradient in PyTorch, at some other place.
    reach = [(size - 1) * gap + 1 for size, gap in zip(each(kernel, dims), each(dilation, dims), strict=True)]
    x = images(draw, draw(st.integers(1, 3)), [draw(st.integers(max(2, size - 1), 9)) for size in reach])
    options: dict[str, Any] = {"dilation": dilation, "ceil_mode": draw(st.booleans())}
    if max(each(dilation, dims)) > 1:
        options["ceil_mode"] = False
    if draw(st.booleans()):
        options["stride"] = numbers(draw, dims, 1, 3)
    indices = draw(st.booleans())
    assert_as_pytorch(f"max_pool{dims}d", [x], kernel_size=kernel, padding=padding, return_indices=indices, **options)


@pytest.mark.parametrize("dims", [1, 2])
@EXAMPLES
@given(data=st.data())
def test_average_pools(dims: int, data: st.DataObject) -> None:
    draw = data.draw
    kernel = numbers(draw, dims, 1, 4)
    padding = tuple(draw(st.integers(0, size // 2)) for size in each(kernel, dims))
    x = images(draw, draw(st.integers(1, 3)), [draw(st.integers(2, 9)) for _ in range(dims)])
    options: dict[str, Any] = {"ceil_mode": draw(st.booleans()), "count_include_pad": draw(st.booleans())}
    if draw(st.booleans()):
        options["stride"] = numbers(draw, dims, 1, 3)
    if dims == 2:
        options["divisor_override"] = draw(st.sampled_from([None, None, 3, -2]))
    assert_as_pytorch(f"avg_pool{dims}d", [x], kernel_size=kernel, padding=padding, **options)


@pytest.mark.parametrize("dims", [1, 2])
@EXAMPLES
@given(data=st.data())
def test_adaptive_average_pools(dims: int, data: st.DataObject) -> None:
    draw = data.draw
    x = images(draw, draw(st.integers(1, 3)), [draw(st.integers(1, 9)) for _ in range(dims)])
    size = numbers(draw, dims, 1, 9)
    if dims == 2 and isinstance(size, tuple) and draw(st.booleans()):
        size = (None, size[1])
    assert_as_pytorch(f"adaptive_avg_pool{dims}d", [x], output_size=size)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@EXAMPLES
@given(data=st.data())
def test_borders(mode: str, data: st.DataObject) -> None:
    draw = data.draw
    dims = draw(st.integers(1, 3 if mode == "constant" else 2))
    sizes = [draw(st.integers(2, 6)) for _ in range(dims)]
    x = images(draw, draw(st.integers(1, 3)), sizes)
    # Sometimes too large for its dimension; never so small that nothing is left.
    borders = [draw(st.integers(-1 if size > 2 else 0, 6)) for size in reversed(sizes) for _ in range(2)]
    value = {"value": draw(st.sampled_from([0.5, -2]))} if mode == "constant" else {}
    assert_as_pytorch("pad", [x], pad=borders, mode=mode, **value)


def test_the_comparison_is_with_another_library() -> None:
    assert namespace("torch")["t"] is torch
