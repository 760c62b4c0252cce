"""Every operation, one line each: gradcheck in float64, and PyTorch's values, gradients and graph in float32."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

import nnkit
import nnkit.nn.functional
from nnkit import autograd, ops
from nnkit.kernels import backend_for
from nnkit.kernels.layout import empty_batch_last

RTOL, ATOL = 1.3e-6, 1e-5


class Case(NamedTuple):
    """A function of tensors, written once for both packages, and the shapes of its inputs."""

    operation: type[ops.Operation]
    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    low: float = -2.0
    high: float = 2.0


def positive(operation: type[ops.Operation], function: Callable[..., Any], *shapes: tuple[int, ...]) -> Case:
    return Case(operation, function, shapes, 0.3, 2.0)


def case(operation: type[ops.Operation], function: Callable[..., Any], *shapes: tuple[int, ...]) -> Case:
    return Case(operation, function, shapes)


def _mask(t: Any, *shape: int) -> Any:
    return t.arange(int(np.prod(shape))).view(*shape) % 3 == 0


def _assign(t: Any, x: Any, key: Any, value: Any) -> Any:
    y = x * 1
    y[key] = value
    return y


def _fill(t: Any, x: Any, operation: type[ops.Operation], *value: float) -> Any:
    """Write numbers over a tensor; its methods in nnkit are free to choose another operation."""
    if t is torch:
        return (x * 1).fill_(*value) if value else (x * 1).zero_()
    return (x * 1).apply_in_place(operation, value=value[0] if value else 0)


def _conv(t: Any, *tensors: Any, **options: Any) -> Any:
    return t.nn.functional.conv2d(*tensors, **options)


def _pool(t: Any, x: Any, *args: Any, **options: Any) -> Any:
    return t.nn.functional.max_pool2d(x, *args, **options)


M, V = (3, 4), (4,)
CASES = [
    case(ops.Add, lambda t, x, y: x + y, M, M),
    case(ops.Add, lambda t, x, y: x + y, M, (1, 4)),
    case(ops.Add, lambda t, x, y: x + y, (2, 1, 4), (3, 1)),
    case(ops.Add, lambda t, x: x + 2.5, M),
    case(ops.Add, lambda t, x: 2 + x, M),
    case(ops.Add, lambda t, x, y: t.add(x, y, alpha=3), M, M),
    case(ops.Sub, lambda t, x, y: x - y, M, V),
    case(ops.Sub, lambda t, x, y: x.sub(y, alpha=2), M, M),
    case(ops.Sub, lambda t, x: x - 1, M),
    case(ops.Rsub, lambda t, x: 2 - x, M),
    case(ops.Mul, lambda t, x, y: x * y, M, (3, 1)),
    case(ops.Mul, lambda t, x: 3 * x, M),
    case(ops.Mul, lambda t, x: x * x, M),
    positive(ops.Div, lambda t, x, y: x / y, M, V),
    case(ops.Div, lambda t, x: x / 4, M),
    case(ops.Pow, lambda t, x: x**2, M),
    case(ops.Pow, lambda t, x: x**3, M),
    case(ops.Pow, lambda t, x: x**0, M),
    positive(ops.Pow, lambda t, x: x**-1.5, M),
    positive(ops.PowTensor, lambda t, x, y: x**y, M, M),
    case(ops.PowScalar, lambda t, x: 2**x, M),
    case(ops.Neg, lambda t, x: -x, M),
    case(ops.Abs, lambda t, x: abs(x), M),
    case(ops.Exp, lambda t, x: x.exp(), M),
    positive(ops.Log, lambda t, x: x.log(), M),
    positive(ops.Sqrt, lambda t, x: t.sqrt(x), M),
    positive(ops.Reciprocal, lambda t, x: x.reciprocal(), M),
    case(ops.Sigmoid, lambda t, x: x.sigmoid(), M),
    case(ops.Tanh, lambda t, x: x.tanh(), M),
    case(ops.Relu, lambda t, x: x.relu(), M),
    case(ops.Clamp, lambda t, x: x.clamp(-0.5, 0.75), M),
    case(ops.Clamp, lambda t, x: x.clamp(min=0), M),
    case(ops.Clamp, lambda t, x: x.clamp(max=0.1), M),
    case(ops.Maximum, lambda t, x, y: t.maximum(x, y), M, V),
    case(ops.Minimum, lambda t, x, y: t.minimum(x, y), M, V),
    case(ops.Where, lambda t, x, y: t.where(x.detach() > 0, x, y), M, V),
    case(ops.MaskedFill, lambda t, x: x.masked_fill(_mask(t, 3, 4), 7.0), M),
    case(ops.Sum, lambda t, x: x.sum(), M),
    case(ops.SumDim, lambda t, x: x.sum(1), M),
    case(ops.SumDim, lambda t, x: x.sum((0, 2), keepdim=True), (2, 3, 4)),
    case(ops.Mean, lambda t, x: x.mean(), M),
    case(ops.MeanDim, lambda t, x: x.mean(-1, keepdim=True), M),
    case(ops.Prod, lambda t, x: x.prod(), M),
    case(ops.Var, lambda t, x: x.var(), M),
    case(ops.Var, lambda t, x: x.var(1, correction=0), M),
    case(ops.Std, lambda t, x: x.std(), M),
    case(ops.Norm, lambda t, x: x.norm(), M),
    case(ops.Norm, lambda t, x: x.norm(p=1), M),
    case(ops.Norm, lambda t, x: x.norm(3, 1), M),
    case(ops.Norm, lambda t, x: x.norm(float("inf")), M),
    case(ops.Norm, lambda t, x: x.norm(-float("inf"), 0), M),
    case(ops.Norm, lambda t, x: x.norm(-1.5, 1, keepdim=True), M),
    case(ops.Max, lambda t, x: x.max(), M),
    case(ops.Min, lambda t, x: x.min(), M),
    case(ops.MaxDim, lambda t, x: x.max(1)[0], M),
    case(ops.MaxDim, lambda t, x: x.max(0, keepdim=True).values, M),
    case(ops.MinDim, lambda t, x: x.min(-1)[0], M),
    case(ops.View, lambda t, x: x.view(2, -1), M),
    case(ops.View, lambda t, x: x.flatten(), M),
    case(ops.UnsafeView, lambda t, x: x.t().reshape(-1), M),
    case(ops.Transpose, lambda t, x: x.transpose(0, 2), (2, 3, 4)),
    case(ops.T, lambda t, x: x.t(), M),
    case(ops.Permute, lambda t, x: x.permute(2, 0, 1), (2, 3, 4)),
    case(ops.Permute, lambda t, x: x.T, M),
    case(ops.Unsqueeze, lambda t, x: x.unsqueeze(1), M),
    case(ops.Unsqueeze, lambda t, x: x[None], M),
    case(ops.Squeeze, lambda t, x: x.squeeze(), (1, 3, 1)),
    case(ops.SqueezeDim, lambda t, x: x.squeeze(0), (1, 3)),
    case(ops.Expand, lambda t, x: x.expand(5, 3, 4), (3, 1)),
    case(ops.Select, lambda t, x: x[1], M),
    case(ops.Select, lambda t, x: x[:, -1], M),
    case(ops.Select, lambda t, x: x[0, 2], M),
    case(ops.Slice, lambda t, x: x[1:], M),
    case(ops.Slice, lambda t, x: x[..., ::2], (2, 3, 5)),
    case(ops.Index, lambda t, x: x[t.tensor([0, 2, 0])], M),
    case(ops.Index, lambda t, x: x[[0, 1], [1, 3]], M),
    case(ops.Index, lambda t, x: x[:, t.tensor([3, 3])], M),
    case(ops.Index, lambda t, x: x[_mask(t, 3, 4)], M),
    case(ops.Copy, lambda t, x: _assign(t, x, 0, 5.0), M),
    case(ops.Copy, lambda t, x, y: _assign(t, x, slice(1, 3), y), M, V),
    case(ops.Copy, lambda t, x, y: (x * 1).copy_(y), M, V),
    case(ops.Fill, lambda t, x: _fill(t, x, ops.Fill, 2.5), M),
    case(ops.Zero, lambda t, x: _fill(t, x, ops.Zero), M),
    case(ops.IndexPut, lambda t, x, y: _assign(t, x, (t.tensor([0, 2]), t.tensor([1, 1])), y), M, (2,)),
    case(ops.AsStrided, lambda t, x: (x * 1)[0].mul_(2), M),
    case(ops.Cat, lambda t, x, y: t.cat((x, y), 1), M, (3, 2)),
    case(ops.Stack, lambda t, x, y: t.stack([x, y], 1), M, M),
    case(ops.Unbind, lambda t, x: x.unbind(1)[2], M),
    case(ops.Clone, lambda t, x: x.clone(), M),
    case(ops.ToCopy, lambda t, x: x.to(t.float64) if x.dtype == t.float32 else x.to(t.float32).to(t.float64), M),
    case(ops.Mm, lambda t, x, y: x @ y, M, (4, 5)),
    case(ops.Mm, lambda t, x, y: x @ y.t(), M, (5, 4)),
    case(ops.Mv, lambda t, x, y: x @ y, M, V),
    case(ops.Dot, lambda t, x, y: x @ y, V, V),
    case(ops.Bmm, lambda t, x, y: t.bmm(x, y), (2, 3, 4), (2, 4, 2)),
    case(ops.Addmm, lambda t, b, x, w: t.addmm(b, x, w), (5,), M, (4, 5)),
    case(ops.Addmm, lambda t, b, x, w: t.nn.functional.linear(x, w, b), (5,), (17, 4), (5, 4)),
    case(ops.Softmax, lambda t, x: x.softmax(1), M),
    case(ops.LogSoftmax, lambda t, x: x.log_softmax(0), M),
    case(ops.MseLoss, lambda t, x, y: t.nn.functional.mse_loss(x, y), M, M),
    case(ops.MseLoss, lambda t, x, y: t.nn.functional.mse_loss(x, y, reduction="sum"), M, M),
    case(ops.MseLoss, lambda t, x, y: t.nn.functional.mse_loss(x, y, reduction="none"), M, M),
    case(ops.NllLoss, lambda t, x: t.nn.functional.nll_loss(x, t.tensor([0, 3, 1])), M),
    case(ops.NllLoss, lambda t, x: t.nn.functional.cross_entropy(x, t.tensor([0, -100, 1]), reduction="sum"), M),
    case(
        ops.NllLoss,
        lambda t, x: t.nn.functional.nll_loss(x, t.tensor([0, 3, 1]), t.tensor([1, 2, 3, 4], dtype=x.dtype)),
        M,
    ),
    case(ops.Convolution, _conv, (2, 3, 6, 7), (4, 3, 3, 2), (4,)),
    case(ops.Convolution, lambda t, x, w: _conv(t, x, w, padding=(2, 1), stride=(1, 2)), (1, 2, 5, 6), (3, 2, 3, 3)),
    case(ops.Convolution, lambda t, x, w: _conv(t, x, w, stride=2, dilation=(2, 1)), (2, 1, 8, 8), (2, 1, 3, 3)),
    case(ops.Convolution, lambda t, x, w, b: _conv(t, x, w, b, groups=2, padding=1), (1, 4, 4, 4), (6, 2, 3, 3), (6,)),
    case(ops.MaxPool2DWithIndices, lambda t, x: _pool(t, x, 2), (2, 2, 4, 6)),
    case(ops.MaxPool2DWithIndices, lambda t, x: _pool(t, x, (3, 2), (2, 1), padding=(1, 0)), (1, 2, 6, 5)),
    case(ops.MaxPool2DWithIndices, lambda t, x: _pool(t, x, 2, dilation=2, ceil_mode=True), (1, 1, 6, 7)),
]


def _name(number: int) -> str:
    return f"{number}-{CASES[number].operation.__name__}"


def _inputs(example: Case, kind: type) -> list[np.ndarray]:
    """Return numbers that are all different, so that no maximum is a tie and no difference crosses a corner."""
    generator = np.random.default_rng(len(example.shapes[0]) * 7 + 1)
    arrays = []
    for shape in example.shapes:
        count = int(np.prod(shape))
        spread = np.linspace(example.low, example.high, count + 2)[1:-1] + 0.0123
        arrays.append(generator.permutation(spread).reshape(shape).astype(kind))
    return arrays


def _nodes(node: Any) -> list[str]:
    """Return the names of the nodes in the order of a walk that follows every edge."""
    names: list[str] = []
    waiting = [node]
    while waiting:
        current = waiting.pop(0)
        names.append(type(current).__name__ if current is not None else "None")
        if current is not None:
            waiting += [following for following, _ in current.next_functions]
    return names


@pytest.mark.case("N1")
@pytest.mark.parametrize("number", range(len(CASES)), ids=_name)
def test_N1_gradients_match_small_differences(number: int) -> None:
    example = CASES[number]
    inputs = [nnkit.tensor(array, requires_grad=True) for array in _inputs(example, np.float64)]
    tolerance = {"eps": 1e-3, "atol": 1e-2} if example.operation is ops.ToCopy else {}
    assert autograd.gradcheck(lambda *tensors: example.function(nnkit, *tensors), inputs, **tolerance)


@pytest.mark.parametrize(
    "layout",
    [
        pytest.param("contiguous", marks=pytest.mark.case("N2")),
        pytest.param("batch last", marks=pytest.mark.case("N2", "N7")),
        pytest.param("reversed strides", marks=pytest.mark.case("N2", "N7")),
    ],
)
@pytest.mark.parametrize("number", range(len(CASES)), ids=_name)
def test_N2_N7_agrees_with_pytorch(number: int, layout: str) -> None:
    example = CASES[number]
    arrays = _inputs(example, np.float32)
    mine, theirs = [], []
    for array in arrays:
        placed = array
        if layout == "batch last":
            placed = empty_batch_last(array.shape)
        elif layout == "reversed strides":
            placed = np.empty(array.shape[::-1], np.float32).T
        placed[...] = array
        mine.append(nnkit.from_numpy(placed).requires_grad_())
        theirs.append(torch.from_numpy(placed).requires_grad_())
    try:
        expected = example.function(torch, *theirs)
    except RuntimeError as error:
        # What PyTorch refuses in this layout (a view of a transposed tensor) is refused in the same words.
        with pytest.raises(RuntimeError) as mine_error:
            example.function(nnkit, *mine)
        assert str(mine_error.value) == str(error)  # noqa: PT017
        return
    result = example.function(nnkit, *mine)
    assert tuple(result.shape) == tuple(expected.shape)
    assert str(result.dtype) == str(expected.dtype)
    np.testing.assert_allclose(result.detach().numpy(), expected.detach().numpy(), RTOL, ATOL)
    if layout == "contiguous":
        assert _nodes(result.grad_fn) == _nodes(expected.grad_fn)
    weights = np.linspace(-1, 1, int(np.prod(result.shape))).reshape(result.shape)
    result.backward(nnkit.tensor(weights, dtype=result.dtype))
    expected.backward(torch.tensor(weights, dtype=expected.dtype))
    for tensor, reference in zip(mine, theirs, strict=True):
        assert tensor.grad.dtype == tensor.dtype
        np.testing.assert_allclose(tensor.grad.numpy(), reference.grad.numpy(), RTOL, 2e-5)


def test_every_operation_has_a_case() -> None:
    named = {getattr(ops, name) for name in ops.__all__} - {ops.Operation}
    assert {example.operation for example in CASES} == named


@pytest.mark.parametrize("number", range(len(CASES)), ids=_name)
def test_the_case_uses_its_operation(number: int) -> None:
    example = CASES[number]
    inputs = [nnkit.tensor(array, requires_grad=True) for array in _inputs(example, np.float32)]
    names = _nodes(example.function(nnkit, *inputs).grad_fn)
    # A change through a view is one node, and so is a whole tensor that was written to.
    accepted = (
        {example.operation.node_name, "CopySlices"} if example.operation is ops.Copy else {example.operation.node_name}
    )
    assert accepted & set(names)


# Where the numbers are special (none, one, equal, zero) or the options are: a program, run in both packages.
EDGES = """
x.norm(0), x.norm(0, 1), x[:0].norm(0), x[:0].norm(), x[:0].norm(3), x[0, 0].norm(), (x * 0).norm(0.5)
x.norm(0.5), x.norm(-1), (x + 1).norm(-2, 0), x.norm(-float("inf"))
x.var(1), x.std(1), x.var(1, correction=0), x.std(1, correction=0), x.var(0, correction=2.5), x[0, 0].std()
x[:0].var(), x[:0].std(), (x * 0).std()
F.nll_loss(x.expand(3, 4), t.tensor([-100] * 3)), F.cross_entropy(x.expand(3, 4), t.tensor([-100] * 3))
F.nll_loss(x.expand(3, 4), t.tensor([-100, 1, -100])), F.nll_loss(x.expand(3, 4)[:0], t.tensor([], dtype=t.int64))
F.nll_loss(x.expand(3, 4), t.tensor([-100] * 3), reduction="sum"), F.nll_loss(x, t.tensor([-9] * 3), ignore_index=-9)
F.nll_loss(x.expand(3, 4), t.tensor([0, 1, -100]), t.tensor([0., 0., 1., 1.]))
t.zeros(3, 1).copy_(x), (x * 1).copy_(t.ones(1)), (x * 1).copy_(t.arange(3).view(3, 1)).sum() + x.sum()
x[1, 0].transpose(0, -1)
"""
WRONG = """
t.arange(3).var()
t.arange(3).std(0)
t.arange(3).norm()
t.tensor([True]).norm(1)
t.tensor([]).norm(float("inf"))
t.tensor([]).norm(-1)
t.dot(t.ones(2, 2), t.ones(2, 2))
t.dot(t.tensor(1.), t.ones(2))
t.dot(t.ones(2), t.ones(3))
t.dot(t.ones(2), t.ones(2, dtype=t.float64))
t.mv(t.ones(2, 2, 2), t.ones(2))
t.mv(t.ones(2), t.ones(2))
t.mv(t.ones(2, 2), t.tensor(1.))
t.mv(t.ones(2, 3), t.ones(2))
t.mv(t.ones(2, 3), t.ones(3, dtype=t.float64))
t.bmm(t.ones(2, 2), t.ones(2, 2))
t.bmm(t.ones(2, 2, 2), t.ones(2, 2))
t.bmm(t.ones(2, 2, 2), t.ones(3, 2, 2))
t.bmm(t.ones(2, 2, 2), t.ones(2, 2, 2, dtype=t.float64))
t.zeros(2).copy_(t.ones(3))
t.zeros(2, 3).copy_(t.ones(1, 1, 2))
t.zeros(2).copy_(t.ones(1, 2))
t.tensor(0.).copy_(t.ones(1))
"""


def _edge(line: str, package: Any) -> list[tuple[str, str]]:
    """Return each result of a line and the gradient of its input, written out: that tells -0.0 from 0.0."""
    results = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of the degrees of freedom
        for number in range(len(eval(f"[{line}]", _names(package)))):
            names = _names(package)
            result = eval(f"[{line}]", names)[number]
            result.sum().backward()
            results.append((repr(result.tolist()), repr(names["x"].grad)))
    return results


def _names(package: Any) -> dict[str, Any]:
    x = package.arange(3.0).view(3, 1).requires_grad_()
    return {"t": package, "F": package.nn.functional, "x": x}


@pytest.mark.parametrize("line", EDGES.strip().splitlines())
def test_edges_are_pytorchs(line: str) -> None:
    assert _edge(line, nnkit) == _edge(line, torch)


@pytest.mark.parametrize("line", WRONG.strip().splitlines())
def test_refuses_in_pytorchs_words(line: str) -> None:
    with pytest.raises(RuntimeError) as expected:
        eval(line, {"t": torch})
    with pytest.raises(RuntimeError) as refused:
        eval(line, {"t": nnkit})
    assert str(refused.value) == str(expected.value).split("\nException raised from")[0]


@pytest.mark.parametrize(
    "operation", [ops.Mul, ops.PowTensor, ops.Mv, ops.Dot, ops.Bmm, ops.Mm], ids=lambda operation: operation.__name__
)
@pytest.mark.parametrize("needed", [(True, False), (False, True)])
def test_gradients_that_nobody_needs_are_not_computed(
    operation: type[ops.Operation], needed: tuple[bool, bool]
) -> None:
    shapes = {ops.Mv: ((2, 2), (2,)), ops.Dot: ((2,), (2,)), ops.Bmm: ((1, 2, 2), (1, 2, 2))}
    first, second = (np.ones(shape, np.float32) for shape in shapes.get(operation, ((2, 2), (2, 2))))
    applied = operation(backend_for("cpu"), needed)
    grads = applied.backward(np.ones_like(applied.forward(first, second)))
    assert isinstance(grads, tuple)
    assert tuple(grad is not None for grad in grads) == needed


def test_a_transposed_number_is_a_view() -> None:
    number = np.array(1.5, np.float32)
    transposed = ops.Transpose(backend_for("cpu"), (False,)).forward(number, dim0=0, dim1=-1)
    assert np.shares_memory(transposed, number)
