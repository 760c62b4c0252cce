import copy

import pytest

import nnkit
from nnkit import nn, optim

KINDS = [
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.1}),
    ("Adadelta", {}),
]


@pytest.mark.parametrize(("name", "options"), KINDS)
def test_training_goes_on_where_it_stopped(pair, name, options):
    both = pair(name, options)
    for _ in range(3):
        both.step()
    saved = copy.deepcopy(both.optimizer.state_dict())
    resumed = getattr(optim, name)(both.ours, lr=7.0)
    resumed.load_state_dict(saved)
    both.optimizer = resumed
    for _ in range(3):
        both.step()
        both.check()


def trained(name, size=2, dtype=None, **options):
    parameter = nn.Parameter(nnkit.ones(size, dtype=dtype))
    parameter.grad = nnkit.ones(size, dtype=dtype)
    optimizer = getattr(optim, name)([parameter], **options)
    optimizer.step()
    return optimizer


REFUSED = [
    (lambda: trained("SGD", momentum=0.9), "Adam", "its groups have no .*betas.*, which Adam needs"),
    (lambda: trained("Adam"), "SGD", "its groups have no dampening, .*which SGD needs"),
    (lambda: trained("RMSprop"), "SGD", "its groups have no dampening"),
    (lambda: trained("Adam"), "AdamW", "its decoupled_weight_decay is False, that of this AdamW is True"),
    (
        lambda: trained("SGD", size=3, momentum=0.9),
        "SGD",
        r"momentum_buffer of parameter 0 is torch\.float32 of size \[3\]",
    ),
    (lambda: trained("Adam", dtype=nnkit.float64), "Adam", r"exp_avg of parameter 0 is torch\.float64 of size \[2\]"),
]


@pytest.mark.parametrize(("make", "name", "message"), REFUSED)
def test_foreign_state_is_refused_and_nothing_changes(make, name, message):
    state = make().state_dict()
    optimizer = trained(name)
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    assert repr(optimizer.state_dict()) == repr(before)


def altered(change):
    state = trained("Adam").state_dict()
    change(state)
    return state


ALTERED = [
    (lambda s: s["state"][0].pop("exp_avg"), r"parameter 0 has \['exp_avg_sq', 'step'\], where Adam has"),
    (lambda s: s["state"][0].update(exp_avg=[0.0, 0.0]), "exp_avg of parameter 0 is not a Tensor but list"),
    (lambda s: s["state"][0].update(step=nnkit.ones(2)), r"step of parameter 0 is not one number: \[2\]"),
    (lambda s: s["state"].update({7: {}}), r"state of parameters that no group has: \[7\]"),
]


@pytest.mark.parametrize(("change", "message"), ALTERED)
def test_damaged_state_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        trained("Adam").load_state_dict(altered(change))


def test_what_an_option_has_left_behind_can_be_loaded():
    optimizer = trained("SGD", momentum=0.9)
    optimizer.param_groups[0]["momentum"] = 0
    resumed = trained("SGD")
    resumed.load_state_dict(optimizer.state_dict())
    assert repr(resumed.state_dict()) == repr(optimizer.state_dict())
