"""Every optimizer and schedule of the tables, fifty steps beside PyTorch's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from parity.cases import table
from parity.programs import namespace

LIBRARIES = ("nnkit", "torch")
SHAPES = ((3, 4), (4,), ())
STEPS = 50


def optimizer(library: str, program: str, kind: type) -> tuple[list[Any], Any]:
    """Return parameters and the optimizer that a program makes for them (p)."""
    names = namespace(library)
    generator = np.random.default_rng(0)
    parameters = [
        names["nn"].Parameter(names["torch"].tensor(generator.standard_normal(shape).astype(kind))) for shape in SHAPES
    ]
    return parameters, eval(program, names | {"p": parameters})


def set_gradients(library: str, parameters: list[Any], step: int) -> None:
    """Give the parameters the gradients of a step; the last parameter has none in every third."""
    package = namespace(library)["torch"]
    generator = np.random.default_rng(step + 1)
    for number, parameter in enumerate(parameters):
        values = generator.standard_normal(tuple(parameter.shape)).astype(parameter.detach().numpy().dtype)
        missing = number == len(parameters) - 1 and step % 3 == 2
        parameter.grad = None if missing else package.tensor(values)


def plain(value: Any) -> Any:
    """Return a state with its tensors as lists and their types, so that it can be compared."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        array = np.asarray(value.detach().numpy(), np.float64)
        return [str(value.dtype), list(value.shape), [float(f"{each:.4g}") for each in array.reshape(-1)]]
    return value


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("program", table("OPTIMIZERS"))
def test_fifty_steps_are_pytorchs(program: str, kind: type) -> None:
    sides = [(library, *optimizer(library, program, kind)) for library in LIBRARIES]
    assert repr(sides[0][2]) == repr(sides[1][2])
    assert repr(sides[0][2].state_dict()) == repr(sides[1][2].state_dict())
    assert sides[0][2].defaults == sides[1][2].defaults
    rtol, atol = (1e-4, 1e-6) if kind is np.float32 else (1e-9, 1e-12)
    for step in range(STEPS):
        for library, parameters, chosen in sides:
            set_gradients(library, parameters, step)
            chosen.step()
        for mine, theirs in zip(sides[0][1], sides[1][1], strict=True):
            np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol, atol)
    states = [plain(chosen.state_dict()) for _, _, chosen in sides]
    assert list(states[0]["state"]) == list(states[1]["state"])
    for mine, theirs in zip(states[0]["state"].values(), states[1]["state"].values(), strict=True):
        assert list(mine) == list(theirs)
        for name, value in mine.items():
            assert value[:2] == theirs[name][:2], name
            np.testing.assert_allclose(value[2], theirs[name][2], 1e-3, 1e-5)
    assert states[0]["param_groups"] == states[1]["param_groups"]


@pytest.mark.parametrize("program", table("SCHEDULES"))
def test_fifty_rates_are_pytorchs(program: str) -> None:
    rates, states = [], []
    for library in LIBRARIES:
        parameters, _ = optimizer(library, "None", np.float32)
        names = namespace(library)
        chosen = names["optim"].SGD([{"params": parameters[:1]}, {"params": parameters[1:], "lr": 0.01}], lr=0.1)
        schedule = eval(program, names | {"o": chosen})
        seen = []
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for step in range(STEPS):
                chosen.step()
                # A metric that falls, then stays, then rises.
                metric = [max(1.0 - 0.1 * step, 0.3) + max(step - 35, 0) * 0.02]
                schedule.step(*(metric if "Plateau" in program else []))
                options = [{**group, "params": len(group["params"])} for group in chosen.param_groups]
                seen.append((options, schedule.get_last_lr()))
        rates.append(seen)
        states.append(schedule.state_dict())
    assert rates[0] == rates[1]
    assert [*states[0].items()] == [*states[1].items()]
