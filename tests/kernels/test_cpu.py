"""The CPU kernels against PyTorch, over drawn shapes and options."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nnkit.kernels import backend_for
from nnkit.kernels.backend import AverageWindow, Border, Sliding
from nnkit.kernels.cpu.arrays import as_blocks
from nnkit.kernels.layer_gradients import LayerGradients
from nnkit.kernels.layout import LANES, empty_batch_last, from_blocks, to_blocks

backend = backend_for("cpu")
JIT_OFF = bool(numba.config.DISABLE_JIT)
EXAMPLES = settings(max_examples=10 if JIT_OFF else 60, deadline=None)

sizes = st.integers(1, 3 if JIT_OFF else 9)
batches = st.sampled_from([1, 2, 17] if JIT_OFF else [0, 1, 2, 15, 16, 17, 33, 64])
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
layouts = st.sampled_from(["contiguous", "batch last", "reversed"])


def _placed(array: np.ndarray, layout: str) -> np.ndarray:
    placed = {
        "contiguous": lambda: np.empty_like(array),
        "batch last": lambda: empty_batch_last(array.shape, array.dtype),
        "reversed": lambda: np.empty(array.shape[::-1], array.dtype).T,
    }[layout]()
    placed[...] = array
    return placed


def _assert_close(mine: np.ndarray, theirs: torch.Tensor | None) -> None:
    assert theirs is not None
    expected = theirs.detach().numpy()
    assert mine.shape == expected.shape
    assert mine.dtype == expected.dtype
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(mine / scale, expected / scale, rtol=0, atol=3e-6)


@EXAMPLES
@given(st.data())
def test_convolution(data: st.DataObject) -> None:
    stride, dilation, kernel = data.draw(pairs), data.draw(pairs), data.draw(pairs)
    padding = (data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3)))
    groups = data.draw(st.sampled_from([1, 1, 2, 3]))
    batch, channels, outputs = data.draw(batches), groups * data.draw(sizes), groups * data.draw(sizes)
    height, width = (
        max(1, dilation[i] * (kernel[i] - 1) + 1 - 2 * padding[i]) + data.draw(st.integers(0, 6)) for i in (0, 1)
    )
    kind = data.draw(st.sampled_from([np.float32, np.float64]))
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = generator.standard_normal((batch, channels, height, width)).astype(kind)
    weight = generator.standard_normal((outputs, channels // groups, *kernel)).astype(kind)
    bias = generator.standard_normal(outputs).astype(kind) if data.draw(st.booleans()) else None
    tensors = [torch.from_numpy(array).requires_grad_() for array in (x, weight)]
    options = (Sliding(stride, padding, dilation), groups)
    their_bias = None if bias is None else torch.from_numpy(bias)
    expected = torch.nn.functional.conv2d(*tensors, their_bias, stride, padding, dilation, groups)
    x = _placed(x, data.draw(layouts))
    _assert_close(backend.convolution(x, weight, bias, *options), expected)
    grad = generator.standard_normal(tuple(expected.shape)).astype(kind)
    expected.backward(torch.from_numpy(grad))
    grad = _placed(grad, data.draw(layouts))
    _assert_close(backend.transposed_convolution(grad, weight, None, x.shape, *options), tensors[0].grad)
    own = generator.standard_normal(channels).astype(kind)
    shifted = backend.transposed_convolution(grad, weight, own, x.shape, *options) - own[:, None, None]
    _assert_close(shifted, tensors[0].grad)
    _assert_close(backend.convolution_weight_gradient(grad, x, kernel, *options), tensors[1].grad)


@EXAMPLES
@given(st.data())
def test_max_pool(data: st.DataObject) -> None:
    kernel, stride, dilation = data.draw(pairs), data.draw(pairs), data.draw(pairs)
    padding = tuple(data.draw(st.integers(0, kernel[i] // 2)) for i in (0, 1))
    reach = [dilation[i] * (kernel[i] - 1) + 1 - 2 * padding[i] for i in (0, 1)]
    height, width = (max(1, reach[i]) + data.draw(st.integers(0, 6)) for i in (0, 1))
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    # Few different values, so that many windows have several equal maxima, and sometimes a NaN.
    x = generator.integers(0, 3, (data.draw(batches), data.draw(sizes), height, width)).astype(np.float32)
    x[generator.random(x.shape) < data.draw(st.sampled_from([0, 0.2]))] = np.nan
    tensor = torch.from_numpy(x).requires_grad_()
    # PyTorch's own padding adds the gradient of a window with no element inside to some other element.
    borders = (padding[1], padding[1], padding[0], padding[0])
    framed = torch.nn.functional.pad(tensor, borders, value=-torch.inf)
    expected = torch.nn.functional.max_pool2d(framed, kernel, stride, 0, dilation)
    shape = (expected.shape[2], expected.shape[3])
    values, taps = backend.max_pool(_placed(x, data.draw(layouts)), shape, kernel, Sliding(stride, padding, dilation))
    np.testing.assert_array_equal(values, expected.detach().numpy())
    grad = generator.standard_normal(values.shape).astype(np.float32)
    expected.backward(torch.from_numpy(grad))
    _assert_close(
        backend.max_pool_gradient(grad, taps, x.shape, kernel, Sliding(stride, padding, dilation)), tensor.grad
    )


@EXAMPLES
@given(st.data())
def test_average_pool(data: st.DataObject) -> None:
    kernel, stride = data.draw(pairs), data.draw(pairs)
    padding = tuple(data.draw(st.integers(0, kernel[i] // 2)) for i in (0, 1))
    size = tuple(max(1, kernel[i] - 2 * padding[i]) + data.draw(st.integers(0, 6)) for i in (0, 1))
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    kind = data.draw(st.sampled_from([np.float32, np.float64]))
    x = generator.standard_normal((data.draw(batches), data.draw(sizes), *size)).astype(kind)
    tensor = torch.from_numpy(x).requires_grad_()
    if data.draw(st.booleans()):
        window = None
        expected = torch.nn.functional.adaptive_avg_pool2d(tensor, data.draw(pairs))
    else:
        counts, divisor = data.draw(st.booleans()), data.draw(st.sampled_from([None, -2, 3]))
        ceil = data.draw(st.booleans())
        window = AverageWindow(kernel, Sliding(stride, padding, (1, 1)), counts, divisor or 0)
        expected = torch.nn.functional.avg_pool2d(tensor, kernel, stride, padding, ceil, counts, divisor)
    shape = (expected.shape[2], expected.shape[3])
    _assert_close(backend.average_pool(_placed(x, data.draw(layouts)), shape, window), expected)
    grad = generator.standard_normal(tuple(expected.shape)).astype(kind)
    expected.backward(torch.from_numpy(grad))
    _assert_close(backend.average_pool_gradient(_placed(grad, data.draw(layouts)), x.shape, window), tensor.grad)


@EXAMPLES
@given(st.data())
def test_pad(data: st.DataObject) -> None:
    height, width = data.draw(sizes), data.draw(sizes)
    mode = data.draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    largest = [min(size - (mode == "reflect"), 4) for size in (height, height, width, width)]
    least = 0 if mode == "circular" else -1
    numbers = [data.draw(st.integers(least if size > 2 else 0, size)) for size in largest]
    border = Border((numbers[0], numbers[1]), (numbers[2], numbers[3]), mode, 0.5 if mode == "constant" else 0.0)
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = generator.standard_normal((data.draw(batches), data.draw(sizes), height, width)).astype(np.float32)
    tensor = torch.from_numpy(x).requires_grad_()
    value = {"value": 0.5} if mode == "constant" else {}
    expected = torch.nn.functional.pad(tensor, [*border.columns, *border.rows], mode, **value)
    _assert_close(backend.pad(_placed(x, data.draw(layouts)), border), expected)
    grad = generator.standard_normal(tuple(expected.shape)).astype(np.float32)
    expected.backward(torch.from_numpy(grad))
    if mode != "constant":
        _assert_close(backend.pad_gradient(_placed(grad, data.draw(layouts)), x.shape, border), tensor.grad)


@EXAMPLES
@given(st.data())
def test_products(data: st.DataObject) -> None:
    wide = st.integers(1, 5 if JIT_OFF else 70)
    batch, inputs, outputs = data.draw(batches), data.draw(wide), data.draw(wide)
    kind = data.draw(st.sampled_from([np.float32, np.float64]))
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = _placed(generator.standard_normal((batch, inputs)).astype(kind), data.draw(layouts))
    weight = _placed(generator.standard_normal((inputs, outputs)).astype(kind), data.draw(layouts))
    bias = generator.standard_normal(outputs).astype(kind)
    _assert_close(backend.product(x, weight, bias), torch.from_numpy(x @ weight + bias))
    grad = _placed(generator.standard_normal((batch, outputs)).astype(kind), data.draw(layouts))
    _assert_close(backend.product_transposed(grad, x), torch.from_numpy(x.T @ grad))


@EXAMPLES
@given(st.data())
def test_gradients_of_a_layer_are_those_of_its_parts(data: st.DataObject) -> None:
    batch, channels, outputs = data.draw(batches), data.draw(sizes), data.draw(sizes)
    needs = data.draw(st.tuples(st.booleans(), st.booleans(), st.booleans()).filter(any))
    kind = data.draw(st.sampled_from([np.float32, np.float64]))
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))

    def array(*shape: int) -> np.ndarray:
        return _placed(generator.standard_normal(shape).astype(kind), data.draw(layouts))

    if data.draw(st.booleans()):
        name, options = "product_gradients", ()
        grad, x, weight = array(batch, outputs), array(batch, channels), array(channels, outputs)
    else:
        name, padding = "convolution_gradients", data.draw(st.integers(0, 1))
        grad, x = array(batch, outputs, 3 + 2 * padding, 2 + 2 * padding), array(batch, channels, 5, 4)
        weight = array(outputs, channels, 3, 3)
        options = (x.shape, (3, 3), Sliding((1, 1), (padding, padding), (1, 1)), 1)
    given_arrays = grad, x if needs[1] else None, weight if needs[0] else None
    together = getattr(backend, name)(*given_arrays, *options, needs)
    apart = getattr(LayerGradients, name)(backend, *given_arrays, *options, needs)
    for one, other, needed in zip(together, apart, needs, strict=True):
        assert (one is not None) == (other is not None) == needed
        if needed:
            _assert_close(one, torch.from_numpy(np.ascontiguousarray(other)))


@pytest.mark.parametrize("batch", [1, 15, 16, 17, 64])
@pytest.mark.parametrize("count", [1, 15, 16, 17, 100])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_become_the_same_blocks(batch: int, count: int, dtype: Any) -> None:
    array = np.random.default_rng(0).standard_normal((batch, count)).astype(dtype)
    array[0, 0] = np.nan
    np.testing.assert_array_equal(as_blocks(array), to_blocks(array))


@pytest.mark.parametrize("batch", [0, 1, 15, 16, 17, 64])
def test_blocks_hold_the_batch_and_zeros(batch: int) -> None:
    array = np.arange(batch * 6, dtype=np.float32).reshape(batch, 2, 3)
    blocks = to_blocks(array)
    assert blocks.shape[:-1] == (2, 3)
    assert blocks.shape[-1] % LANES == 0
    assert blocks.flags.c_contiguous
    np.testing.assert_array_equal(from_blocks(blocks, batch), array)
    assert not blocks[..., batch:].any()


def test_whole_blocks_are_not_copied() -> None:
    array = empty_batch_last((32, 3, 4))
    assert np.shares_memory(to_blocks(array), array)
    assert np.shares_memory(to_blocks(array.reshape(32, 12)), array)
    assert not np.shares_memory(to_blocks(array[:16]), array)


def _everything() -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((272, 3, 9, 9)).astype(np.float32)
    weight = generator.standard_normal((7, 3, 3, 3)).astype(np.float32)
    options: Any = (Sliding((1, 1), (1, 1), (1, 1)), 1)
    out = backend.convolution(x, weight, None, *options)
    window: Any = ((2, 2), Sliding((2, 2), (0, 0), (1, 1)))
    pooled, taps = backend.max_pool(out, (4, 4), *window)
    flat = pooled.reshape(272, -1)
    average = AverageWindow((2, 2), Sliding((2, 2), (1, 0), (1, 1)), counts_border=True, divisor=0)
    border = Border((1, 2), (0, 3), "reflect")
    matrix = generator.standard_normal((112, 10)).astype(np.float32)
    product = backend.product(flat, matrix, None)
    return [
        out,
        pooled,
        product,
        backend.product_transposed(product, flat),
        backend.max_pool_gradient(pooled, taps, out.shape, *window),
        backend.convolution_weight_gradient(out, x, (3, 3), *options),
        backend.transposed_convolution(out, weight, None, x.shape, *options),
        backend.average_pool(x, (5, 4), average),
        backend.average_pool_gradient(pooled, out.shape, None),
        backend.pad(x, border),
        backend.pad_gradient(x, (272, 3, 6, 6), border),
    ]


@pytest.mark.skipif(JIT_OFF, reason="without the compiler there is one thread")
def test_threads_do_not_change_a_bit() -> None:
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = _everything()
    finally:
        numba.set_num_threads(before)
    for one, many in zip(alone, _everything(), strict=True):
        assert one.tobytes() == many.tobytes()


@pytest.mark.skipif(JIT_OFF, reason="this is the run without the compiler")
def test_kernels_are_right_without_the_compiler() -> None:
    """The same tests with every vector address checked, in a process of its own."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


@EXAMPLES
@given(st.data())
def test_relu_gradient(data: st.DataObject) -> None:
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    shape = (data.draw(batches), *data.draw(st.lists(sizes, max_size=3)))
    result = np.maximum(generator.integers(-3, 3, shape), 0).astype(np.float32)
    result[generator.random(shape) < 0.2] = np.nan
    grad = generator.choice(np.array([np.inf, -1, 0.5, np.nan], np.float32), shape)
    mine = backend.relu_gradient(_placed(grad, data.draw(layouts)), _placed(result, data.draw(layouts)))
    np.testing.assert_array_equal(mine, np.where(result != 0, grad, 0))


def _results(batch: int, features: int) -> dict[str, tuple[Any, Any, Any]]:
    """Return for each kernel a function of `out`, what it returns without one, and a fresh `out`."""
    generator = np.random.default_rng(batch)

    def draw(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape).astype(np.float32)

    x, weight, bias, grad = draw(batch, 2, 5, 4), draw(3, 2, 2, 2), draw(3), draw(batch, 3, 4, 3)
    matrix, product = draw(features, 7), draw(batch, 7)
    flat = draw(batch, features)
    images, indices = generator.integers(0, 256, (9, 3, 4), np.uint8), generator.integers(0, 9, batch)
    options: Any = (Sliding((1, 1), (0, 0), (1, 1)), 1)
    window: Any = ((2, 2), Sliding((1, 1), (0, 0), (1, 1)))
    _, taps = backend.max_pool(x, (4, 3), *window)
    calls: dict[str, Any] = {
        "convolution": lambda out: backend.convolution(x, weight, bias, *options, out),
        "transposed_convolution": lambda out: backend.transposed_convolution(
            grad, weight, bias[:2], x.shape, *options, out
        ),
        "convolution_weight_gradient": lambda out: backend.convolution_weight_gradient(grad, x, (2, 2), *options, out),
        "product": lambda out: backend.product(flat, matrix, None, out),
        "product_transposed": lambda out: backend.product_transposed(product, flat, out),
        "relu_gradient": lambda out: backend.relu_gradient(x, np.maximum(x, 0), out),
        "max_pool": lambda out: backend.max_pool(x, (4, 3), *window, out),
        "max_pool_gradient": lambda out: backend.max_pool_gradient(grad[:, :2], taps, x.shape, *window, out),
        "average_pool": lambda out: backend.average_pool(x, (4, 3), None, out),
        "average_pool_gradient": lambda out: backend.average_pool_gradient(grad, (batch, 3, 9, 7), None, out),
        "pad": lambda out: backend.pad(x, Border((1, 2), (0, -1), value=0.5), out),
        "pad_gradient": lambda out: backend.pad_gradient(
            grad, (batch, 3, 3, 2), Border((1, 0), (0, 1), "reflect"), out
        ),
        "gather": lambda out: backend.gather(images, indices, 0.25, 0.5, (5, 6), out),
    }
    fresh = {
        "convolution_weight_gradient": lambda array: np.empty_like(array, order="C"),
        "product_transposed": lambda array: np.empty(array.shape[::-1], array.dtype).T,
        "max_pool": lambda arrays: tuple(empty_batch_last(array.shape) for array in arrays),
    }
    found = {name: (call, call(None)) for name, call in calls.items()}
    return {
        name: (call, result, fresh.get(name, lambda array: empty_batch_last(array.shape))(result))
        for name, (call, result) in found.items()
    }


KERNELS = list(_results(1, 1))


@pytest.mark.parametrize("batch", [0, 1, 16, 18])
@pytest.mark.parametrize("features", [5, 32])
@pytest.mark.parametrize("name", KERNELS)
def test_results_are_written_into_given_memory(name: str, features: int, batch: int) -> None:
    call, expected, out = _results(batch, features)[name]
    for array in out if isinstance(out, tuple) else (out,):
        array.fill(np.nan)
    assert call(out) is out
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("name", KERNELS)
def test_memory_that_does_not_fit_is_refused(name: str) -> None:
    call, expected, out = _results(18, 5)[name]
    several = isinstance(expected, tuple)
    right = out[0] if several else out
    wrong = [right[1:], np.zeros_like(right, np.float64), np.broadcast_to(np.float32(0), right.shape)]
    if name != "relu_gradient":
        wrong.append(np.empty((*right.shape[:-1], 2 * right.shape[-1]), np.float32)[..., ::2])
        wrong.append(empty_batch_last((right.shape[0] + 32, *right.shape[1:]))[32:])
    for array in wrong:
        with pytest.raises(ValueError, match=r"^out.*: expected .*"):
            call((array, out[1]) if several else array)
