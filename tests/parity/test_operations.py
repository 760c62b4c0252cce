"""Every operation, by its samples: gradcheck in float64, and PyTorch's values, gradients, graph and refusals."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from parity.cases import LAYOUTS, SIZES, placed, sized, spread
from parity.programs import evaluated, namespace, told

import nnkit
from nnkit import autograd, ops
from nnkit.kernels import backend_for
from nnkit.ops.operation import N, Sample

RTOL, ATOL = 1.3e-6, 1e-5
# PyTorch's graph shows each of the copies that it makes of this.
OTHER_NODES = {ops.CircularPad}
# In double precision PyTorch has no operation for this, and its graph shows each of the steps.
OTHER_NODES_IN_DOUBLE = {ops.LstmLayer}


class Case(NamedTuple):
    """One sample of an operation."""

    operation: type[ops.Operation]
    sample: Sample

    def __str__(self) -> str:
        return f"{self.operation.__name__}: {self.sample.program}"

    def arrays(self, count: int, kind: type) -> list[np.ndarray]:
        shapes = [sized(shape, count) for shape in self.sample.shapes]
        return spread(shapes, self.sample.low, self.sample.high, kind, seed=len(shapes[0]) * 7 + 1)

    def result(self, library: str, *tensors: Any) -> Any:
        return evaluated(self.sample.program, namespace(library) | dict(zip("xyzw", tensors, strict=False)))


CASES = [Case(operation, sample) for operation in ops.operations() for sample in operation.samples]
SIZED = [case for case in CASES if any(N in shape for shape in case.sample.shapes)]


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
@pytest.mark.parametrize("case", CASES, ids=str)
def test_N1_gradients_match_small_differences(case: Case) -> None:
    inputs = [nnkit.tensor(array, requires_grad=True) for array in case.arrays(3, np.float64)]
    # A result of float32 does not show small changes.
    tolerance = {"eps": 1e-3, "atol": 1e-2} if case.operation is ops.ToCopy else {}
    assert autograd.gradcheck(lambda *tensors: case.result("nnkit", *tensors), inputs, **tolerance)


def _compare(case: Case, count: int, layout: str, kind: type = np.float32) -> None:
    arrays = [placed(array, layout) for array in case.arrays(count, kind)]
    mine = [nnkit.from_numpy(array).requires_grad_() for array in arrays]
    theirs = [torch.from_numpy(array).requires_grad_() for array in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the degrees of freedom
        try:
            expected = case.result("torch", *theirs)
        except Exception as error:
            # What PyTorch refuses (a view of a transposed tensor, an index that is not there) is refused in its words.
            with pytest.raises(Exception) as refused:  # noqa: PT011
                case.result("nnkit", *mine)
            assert told(refused.value) == told(error)  # noqa: PT017
            return
        result = case.result("nnkit", *mine)
    assert tuple(result.shape) == tuple(expected.shape)
    assert str(result.dtype) == str(expected.dtype)
    rtol, atol = (RTOL, ATOL) if kind is np.float32 else (1e-12, 1e-12)
    if str(result.dtype) != str(mine[0].dtype):
        rtol, atol = RTOL, ATOL  # the samples that convert
    np.testing.assert_allclose(result.detach().numpy(), expected.detach().numpy(), rtol, atol)
    others = OTHER_NODES if kind is np.float32 else OTHER_NODES | OTHER_NODES_IN_DOUBLE
    if layout == "contiguous" and case.operation not in others:
        assert _nodes(result.grad_fn) == _nodes(expected.grad_fn)
    weights = np.linspace(-1, 1, int(np.prod(result.shape))).reshape(result.shape)
    result.backward(nnkit.tensor(weights, dtype=result.dtype))
    expected.backward(torch.tensor(weights, dtype=expected.dtype))
    for tensor, reference in zip(mine, theirs, strict=True):
        assert tensor.grad.dtype == tensor.dtype
        # A sum over many examples is rounded to the size of its terms.
        scale = max(1.0, float(np.abs(reference.grad.numpy()).max(initial=0)))
        np.testing.assert_allclose(tensor.grad.numpy(), reference.grad.numpy(), rtol, 5 * atol * scale)


@pytest.mark.parametrize(
    "layout",
    [
        pytest.param(layout, marks=pytest.mark.case(*(["N2"] if layout == "contiguous" else ["N2", "N7"])))
        for layout in LAYOUTS
    ],
)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_N2_N7_agrees_with_pytorch(case: Case, layout: str) -> None:
    _compare(case, 3, layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("case", SIZED, ids=str)
def test_any_number_of_examples_agrees_with_pytorch(case: Case, count: int, layout: str) -> None:
    _compare(case, count, layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_double_precision_agrees_with_pytorch(case: Case, layout: str) -> None:
    _compare(case, 17, layout, np.float64)


def _leaves(operation: type[ops.Operation]) -> list[type[ops.Operation]]:
    below = operation.__subclasses__()
    return [leaf for each in below for leaf in _leaves(each)] or [operation]


def test_every_operation_has_samples() -> None:
    declared = {leaf for leaf in _leaves(ops.Operation) if leaf.__module__.startswith("nnkit.ops.")}
    assert declared <= set(ops.operations())
    assert all(operation.samples for operation in ops.operations())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_sample_uses_its_operation(case: Case) -> None:
    inputs = [nnkit.tensor(array, requires_grad=True) for array in case.arrays(3, np.float32)]
    names = _nodes(case.result("nnkit", *inputs).grad_fn)
    # A change through a view is one node, and so is a whole tensor that was written to.
    accepted = {case.operation.node_name.rpartition("::")[-1]} | (
        {"CopySlices"} if case.operation is ops.Copy else set()
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
