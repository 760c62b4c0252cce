import inspect
import typing

import numpy as np
import pytest
import torch

import nnkit
from nnkit import nn, optim

CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "maximize": True}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.01}),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("Adam", {"lr": 0.1, "maximize": True, "weight_decay": 0.01}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.01, "decoupled_weight_decay": True}),
    ("AdamW", {"lr": 0.1}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.5, "eps": 1e-3, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.1, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.1, "centered": True}),
    ("RMSprop", {"lr": 0.1, "centered": True, "momentum": 0.9, "weight_decay": 0.01, "maximize": True}),
]


@pytest.mark.case("N3")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_N3_fifty_steps_follow_pytorch(pair, name, options, dtype):
    both = pair(name, options, dtype)
    for _ in range(50):
        both.step()
        both.check()


@pytest.mark.parametrize(("name", "options"), CASES)
def test_state_has_pytorchs_structure(pair, name, options):
    both = pair(name, options)
    assert both.optimizer.state_dict() == both.reference.state_dict()
    both.step()
    mine, reference = both.optimizer.state_dict(), both.reference.state_dict()
    assert mine["param_groups"] == reference["param_groups"]
    assert [list(group) for group in mine["param_groups"]] == [list(group) for group in reference["param_groups"]]
    assert list(mine["state"]) == list(reference["state"])
    for number, entry in reference["state"].items():
        assert list(mine["state"][number]) == list(entry)
        for key, value in entry.items():
            assert tuple(mine["state"][number][key].shape) == tuple(value.shape)
            assert str(mine["state"][number][key].dtype) == str(value.dtype)
            np.testing.assert_allclose(mine["state"][number][key].numpy(), value.numpy(), rtol=1e-5, atol=1e-7)
    assert repr(both.optimizer) == repr(both.reference)
    assert both.optimizer.defaults == both.reference.defaults


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop"])
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


def quiet(call):
    try:
        return repr(call())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


REFUSED = [
    lambda torch, p: torch.optim.SGD([p], lr=-1),
    lambda torch, p: torch.optim.SGD([p], lr=0.1, momentum=-1),
    lambda torch, p: torch.optim.SGD([p], lr=0.1, nesterov=True),
    lambda torch, p: torch.optim.SGD([p], lr=0.1, nesterov=True, momentum=0.9, dampening=0.1),
    lambda torch, p: torch.optim.SGD([p], lr=0.1, weight_decay=-1),
    lambda torch, p: torch.optim.Adam([p], lr=-1.0),
    lambda torch, p: torch.optim.Adam([p], betas=(1.0, 0.9)),
    lambda torch, p: torch.optim.Adam([p], betas=(0.9, 1.0)),
    lambda torch, p: torch.optim.Adam([p], eps=-1),
    lambda torch, p: torch.optim.Adam([p], weight_decay=-1),
    lambda torch, p: torch.optim.Adam([p], lr=float("nan")),
    lambda torch, p: torch.optim.RMSprop([p], lr=-1),
    lambda torch, p: torch.optim.RMSprop([p], alpha=-1),
    lambda torch, p: torch.optim.RMSprop([p], momentum=-1),
    lambda torch, p: torch.optim.RMSprop([p], eps=-1),
    lambda torch, p: torch.optim.RMSprop([p], weight_decay=-1),
    lambda torch, p: torch.optim.SGD([], lr=0.1),
    lambda torch, p: torch.optim.SGD(3),
    lambda torch, p: torch.optim.SGD(torch.zeros(2), lr=0.1),
    lambda torch, p: torch.optim.SGD([1.0], lr=0.1),
    lambda torch, p: torch.optim.SGD([p * 1], lr=0.1),
    lambda torch, p: torch.optim.SGD([{"params": [p]}, {"params": [p]}], lr=0.1),
    lambda torch, p: torch.optim.SGD([{"params": {p}}]),
    lambda torch, p: torch.optim.SGD([{}]),
    lambda torch, p: torch.optim.SGD([p]).add_param_group([p]),
    lambda torch, p: torch.optim.SGD([p]).add_param_group({"params": p}),
    lambda torch, p: torch.optim.SGD([p]).load_state_dict({"state": {}, "param_groups": []}),
    lambda torch, p: torch.optim.SGD([p]).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]}),
    lambda torch, p: torch.optim.Optimizer([p], {"lr": 0.1}),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_is_refused_is_refused_in_pytorchs_words(number):
    call = REFUSED[number]
    mine = quiet(lambda: call(nnkit, nn.Parameter(nnkit.zeros(2))))
    assert mine == quiet(lambda: call(torch, torch.nn.Parameter(torch.zeros(2))))


def test_groups_have_their_own_options(pair):
    def groups(module, parameters):
        first, second, third = parameters
        return [
            {"params": [first]},
            {"params": second, "lr": 1e-3, "name": "slow"},
            {"params": [third], "momentum": 0.5},
        ]

    both = pair("SGD", {"lr": 0.1})
    both.optimizer = optim.SGD(groups(nn, both.ours), lr=0.1, momentum=0.9)
    both.reference = torch.optim.SGD(groups(torch.nn, both.theirs), lr=0.1, momentum=0.9)
    for _ in range(5):
        both.step()
        both.check()
    assert repr(both.optimizer) == repr(both.reference)
    assert both.optimizer.state_dict()["param_groups"] == both.reference.state_dict()["param_groups"]


def test_a_duplicate_in_a_group_is_warned_of():
    parameter = nn.Parameter(nnkit.zeros(2))
    with pytest.warns(UserWarning, match="optimizer contains a parameter group with duplicate parameters"):
        optim.SGD([parameter, parameter])


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


@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_step_leaves_the_gradient_as_it_is(name, options):
    parameter = nn.Parameter(nnkit.ones(3))
    parameter.grad = nnkit.tensor([1.0, -2.0, 3.0])
    optimizer = getattr(optim, name)([parameter], **options)
    optimizer.step()
    optimizer.step()
    assert parameter.grad.tolist() == [1.0, -2.0, 3.0]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_gradients_that_are_not_finite_pass_without_a_warning(name, options):
    parameter = nn.Parameter(nnkit.ones(3))
    optimizer = getattr(optim, name)([parameter], **options)
    for values in ([float("inf"), float("nan"), 3e38], [1.0, 1.0, 1.0]):
        parameter.grad = nnkit.tensor(values)
        optimizer.step()
    assert not np.isfinite(parameter.detach().numpy()[1])


def test_the_base_leaves_the_rule_to_its_subclasses():
    parameter = nn.Parameter(nnkit.ones(1))
    parameter.grad = nnkit.ones(1)
    with pytest.raises(NotImplementedError):
        optim.Optimizer([parameter], {"lr": 0.1}).step()


def test_the_registry_has_every_optimizer():
    assert optim.OPTIMIZERS.names() == ["Adam", "AdamW", "RMSprop", "SGD"]
    assert optim.OPTIMIZERS.get("AdamW") is optim.AdamW
