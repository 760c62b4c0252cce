import inspect
import typing

import numpy as np
import pytest
import torch

import nnkit
from nnkit import nn, optim


@pytest.mark.parametrize("name", optim.OPTIMIZERS.names())
def test_constructors_have_pytorchs_arguments_and_types(name):
    mine = inspect.signature(getattr(optim, name).__init__).parameters
    reference = inspect.signature(getattr(torch.optim, name).__init__).parameters
    assert [(p.name, p.kind, p.default) for p in mine.values()] == [
        (p.name, p.kind, p.default) for p in reference.values()
    ]
    # The schema of the configs is made from the types.
    types = typing.get_type_hints(getattr(optim, name).__init__)
    assert {"lr", "weight_decay", "maximize"} <= set(types)
    assert types["lr"] is float


def test_parameters_without_gradient_are_left_alone_and_the_closure_is_called():
    parameter = nn.Parameter(nnkit.ones(2))
    other = nn.Parameter(nnkit.ones(2))
    optimizer = optim.SGD([parameter, other], lr=0.1)
    assert optimizer.step() is None

    def closure():
        optimizer.zero_grad()
        loss = (parameter * 2).sum()
        loss.backward()
        return loss

    with nnkit.no_grad():
        assert optimizer.step(closure).item() == 4.0
    np.testing.assert_allclose(parameter.tolist(), [0.8, 0.8], rtol=1e-6)
    assert other.tolist() == [1.0, 1.0]
    assert optimizer.state_dict()["state"] == {}


def test_zero_grad_drops_or_zeroes():
    parameter = nn.Parameter(nnkit.ones(2))
    optimizer = optim.SGD([parameter])
    parameter.grad = gradient = nnkit.ones(2)
    optimizer.zero_grad(set_to_none=False)
    assert parameter.grad is gradient
    assert gradient.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert parameter.grad is None


def test_a_step_changes_values_in_place_and_the_tape_notices():
    parameter = nn.Parameter(nnkit.ones(2))
    memory = parameter.array
    result = (parameter * parameter).sum()
    optimizer = optim.SGD([parameter], lr=0.1)
    parameter.grad = nnkit.ones(2)
    optimizer.step()
    assert parameter.array is memory
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        result.backward()


def test_the_registry_has_every_optimizer():
    assert optim.OPTIMIZERS.names() == ["Adadelta", "Adagrad", "Adam", "AdamW", "RMSprop", "SGD"]
    assert optim.OPTIMIZERS.get("AdamW") is optim.AdamW
