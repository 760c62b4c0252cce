"""Options of optimizers and schedules that Hypothesis draws, beside PyTorch's, whose states are taken over halfway."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from parity.programs import namespace
from parity.test_optimizers import SHAPES, optimizer, set_gradients

import nnkit
from nnkit import optim
from nnkit.optim import lr_scheduler

EXAMPLES = settings(max_examples=40, deadline=None)
SHARE = st.floats(0.1, 0.99)
SMALL = st.floats(1e-4, 0.1)
DECAY = st.one_of(st.just(0.0), SMALL)
SHARED = {"lr": SMALL, "weight_decay": DECAY, "maximize": st.booleans()}
OPTIMIZERS = {
    "SGD": {"momentum": st.one_of(st.just(0.0), SHARE), "dampening": st.floats(0, 1)},
    "Adam": {"betas": st.tuples(SHARE, SHARE), "eps": SMALL, "amsgrad": st.booleans()},
    "AdamW": {"betas": st.tuples(SHARE, SHARE), "eps": SMALL, "amsgrad": st.booleans()},
    "RMSprop": {"alpha": SHARE, "eps": SMALL, "momentum": st.floats(0, 0.9), "centered": st.booleans()},
    "Adagrad": {"lr_decay": DECAY, "initial_accumulator_value": DECAY, "eps": SMALL},
    "Adadelta": {"rho": st.floats(0, 1), "eps": SMALL},
}
LRS = st.floats(1e-3, 1.0)
PER_GROUP = st.one_of(LRS, st.lists(LRS, min_size=2, max_size=2))
STEPS = 50
SCHEDULES = {
    "StepLR": {"step_size": st.integers(1, 9), "gamma": SHARE},
    "MultiStepLR": {"milestones": st.lists(st.integers(0, STEPS)), "gamma": SHARE},
    "ExponentialLR": {"gamma": SHARE},
    "CosineAnnealingLR": {"T_max": st.integers(1, 60), "eta_min": st.floats(0, 0.1)},
    "ConstantLR": {"factor": st.floats(0.1, 1), "total_iters": st.integers(0, STEPS)},
    "LinearLR": {"start_factor": st.floats(0.1, 1), "end_factor": SHARE, "total_iters": st.integers(1, STEPS)},
    "OneCycleLR": {
        "max_lr": PER_GROUP,
        # A rise of no or one step is a division by zero in PyTorch.
        "total_steps": st.integers(STEPS, 90),
        "pct_start": st.floats(0.1, 0.9),
        "anneal_strategy": st.sampled_from(["cos", "linear"]),
        "cycle_momentum": st.booleans(),
        "base_momentum": SHARE,
        "max_momentum": SHARE,
        "div_factor": st.floats(1.0, 30.0),
        "final_div_factor": st.floats(1.0, 1e5),
        "three_phase": st.booleans(),
    },
    "ReduceLROnPlateau": {
        "mode": st.sampled_from(["min", "max"]),
        "factor": SHARE,
        "patience": st.integers(0, 5),
        "threshold": st.floats(0, 0.5),
        "threshold_mode": st.sampled_from(["rel", "abs"]),
        "cooldown": st.integers(0, 3),
        "min_lr": PER_GROUP,
        "eps": st.floats(0, 0.01),
    },
}


def exchanged(mine: Any, theirs: Any) -> None:
    """Give each of two optimizers the state of the other one."""
    states = copy.deepcopy((mine.state_dict(), theirs.state_dict()))
    mine.load_state_dict(converted(states[1], nnkit))
    theirs.load_state_dict(converted(states[0], torch))


def converted(value: Any, package: Any) -> Any:
    """Return a state with tensors of the other library."""
    if isinstance(value, dict):
        return {key: converted(each, package) for key, each in value.items()}
    return package.tensor(np.array(value.numpy())) if hasattr(value, "numpy") else value


@pytest.mark.parametrize("name", OPTIMIZERS)
@EXAMPLES
@given(data=st.data())
def test_drawn_optimizers_are_pytorchs(name: str, data: st.DataObject) -> None:
    drawn = data.draw(st.tuples(*[st.fixed_dictionaries(OPTIMIZERS[name] | SHARED) for _ in SHAPES]))
    groups = "".join(f"{{'params': p[{number}], **{options}}}, " for number, options in enumerate(drawn))
    sides = [(library, *optimizer(library, f"optim.{name}([{groups}])", np.float64)) for library in ("nnkit", "torch")]
    for step in range(8):
        for library, parameters, chosen in sides:
            set_gradients(library, parameters, step)
            chosen.step()
        if step == 3:
            exchanged(sides[0][2], sides[1][2])
        for mine, theirs in zip(sides[0][1], sides[1][1], strict=True):
            # Roots are the only operation that PyTorch does not always round right.
            rtol = 0.0 if name == "SGD" else 1e-11
            np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol, rtol)
    assert repr(sides[0][2]) == repr(sides[1][2])
    assert list(sides[0][2].state_dict()["state"]) == list(sides[1][2].state_dict()["state"])


@pytest.mark.parametrize("name", SCHEDULES)
@EXAMPLES
@given(data=st.data())
def test_drawn_schedules_are_pytorchs(name: str, data: st.DataObject) -> None:
    options = data.draw(st.fixed_dictionaries(SCHEDULES[name]))
    metrics = data.draw(st.lists(st.floats(-10, 10), min_size=STEPS, max_size=STEPS)) if "Plateau" in name else None
    sides = []
    for library in ("nnkit", "torch"):
        parameters, _ = optimizer(library, "None", np.float32)
        names = namespace(library)
        chosen = names["optim"].SGD([{"params": parameters[:1]}, {"params": parameters[1:], "lr": 0.01}], lr=0.1)
        sides.append((chosen, getattr(names["lr_scheduler"], name)(chosen, **options)))
    for step in range(STEPS):
        for chosen, schedule in sides:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                chosen.step()
                schedule.step(*(metrics[step : step + 1] if metrics else []))
        assert sides[0][0].state_dict()["param_groups"] == sides[1][0].state_dict()["param_groups"]
        assert sides[0][1].get_last_lr() == sides[1][1].get_last_lr()
        if step == 20:
            states = [copy.deepcopy(schedule.state_dict()) for _, schedule in sides]
            assert [*states[0].items()] == [*states[1].items()]
            sides[0][1].load_state_dict(states[1])
            sides[1][1].load_state_dict(states[0])


def test_all_of_them_are_drawn() -> None:
    assert sorted(OPTIMIZERS) == optim.OPTIMIZERS.names()
    assert sorted(SCHEDULES) == lr_scheduler.SCHEDULERS.names()
