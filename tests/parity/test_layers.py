"""Every layer and loss of the tables, beside PyTorch's: parameters, text, results, gradients and buffers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from parity.cases import LAYOUTS, SIZES, Layer, Loss, placed, sized, spread, table
from parity.programs import namespace, told

import nnkit

LIBRARIES = ("nnkit", "torch")
# Sums of many products are rounded in another order.
RTOL, ATOL = 1e-4, 2e-5
LAYERS: list[Layer] = table("LAYERS")
LOSSES: list[Loss] = table("LOSSES")


def both(program: str) -> list[Any]:
    """Return what a program makes in each library from the same seed."""
    made = []
    for library in LIBRARIES:
        names = namespace(library)
        names["torch"].manual_seed(0)
        made.append(eval(program, names))
    return made


def tensors_of(result: Any) -> list[Any]:
    """Return the tensors of a result, which may be nested in tuples."""
    if isinstance(result, tuple | list):
        return [tensor for each in result for tensor in tensors_of(each)]
    return [result]


def call(library: str, module: Any, arrays: list[np.ndarray]) -> Any:
    """Return the results of a module and the gradients of its inputs and parameters, or the words of its refusal."""
    package = namespace(library)["torch"]
    inputs = [package.from_numpy(array) for array in arrays]
    for each in inputs:
        if each.dtype in (package.float32, package.float64):
            each.requires_grad_()
    module.zero_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            results = tensors_of(module(*inputs))
        except Exception as error:
            return told(error)
        total = sum((result * package.from_numpy(_weights(result))).sum() for result in results if result.requires_grad)
        if isinstance(total, package.Tensor):
            total.backward()
    leaves = [*inputs, *module.parameters()]
    return results, [leaf.grad for leaf in leaves]


def _weights(result: Any) -> np.ndarray:
    count = int(np.prod(tuple(result.shape)))
    return np.linspace(-1, 1, count).reshape(tuple(result.shape)).astype(result.detach().numpy().dtype)


def assert_same_tensors(mine: list[Any], theirs: list[Any]) -> None:
    assert len(mine) == len(theirs)
    for ours, reference in zip(mine, theirs, strict=True):
        assert (ours is None) == (reference is None)
        if reference is None:
            continue
        assert tuple(ours.shape) == tuple(reference.shape)
        assert str(ours.dtype) == str(reference.dtype)
        expected = reference.detach().numpy()
        scale = max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0)))
        np.testing.assert_allclose(ours.detach().numpy(), expected, RTOL, ATOL * scale)


def assert_same_calls(mine: Any, theirs: Any) -> None:
    if isinstance(theirs, str) or isinstance(mine, str):
        assert mine == theirs
        return
    for ours, reference in zip(mine, theirs, strict=True):
        assert_same_tensors(ours, reference)


@pytest.mark.parametrize("case", LAYERS, ids=lambda case: case.module)
def test_a_layer_begins_as_pytorchs(case: Layer) -> None:
    mine, theirs = both(case.module)
    assert repr(mine) == repr(theirs)
    states = [module.state_dict() for module in (mine, theirs)]
    assert list(states[0]) == list(states[1])
    assert states[0]._metadata == states[1]._metadata
    for name, tensor in states[0].items():
        assert str(tensor.dtype) == str(states[1][name].dtype)
        np.testing.assert_array_equal(tensor.numpy(), states[1][name].numpy())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("case", LAYERS, ids=lambda case: case.module)
def test_a_layer_calculates_as_pytorchs(case: Layer, count: int, layout: str) -> None:
    modules = both(case.module)
    for training in (True, False):
        shapes = [sized(shape, count) for shape in case.shapes]
        arrays = [placed(array, layout) for array in spread(shapes, -2, 2, np.float32, seed=count)]
        for module in modules:
            module.train(training)
        mine, theirs = (
            call(library, module, [array.copy(order="K") for array in arrays])
            for library, module in zip(LIBRARIES, modules, strict=True)
        )
        if not (case.random and training):
            assert_same_calls(mine, theirs)
        buffers = [list(module.buffers()) for module in modules]
        assert_same_tensors(*buffers)


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("case", LOSSES, ids=lambda case: f"{case.module} {case.target}")
def test_a_loss_is_pytorchs(case: Loss, count: int) -> None:
    mine, theirs = both(case.module)
    assert repr(mine) == repr(theirs)
    (array,) = spread([sized(case.shape, count)], 0.05, 0.95, np.float32)
    outcomes = []
    for library, criterion in zip(LIBRARIES, (mine, theirs), strict=True):
        names = namespace(library)
        names["torch"].manual_seed(1)
        target = eval(case.target, names | {"n": count})
        scores = names["torch"].from_numpy(array.copy()).requires_grad_()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                value = criterion(scores, target)
                value.sum().backward()
                outcomes.append(([value], [scores.grad]))
            except Exception as error:
                outcomes.append(told(error))
    assert_same_calls(*outcomes)


def test_the_tables_are_compared_with_another_library() -> None:
    assert nnkit.Tensor is not torch.Tensor
