import copy

import pytest
import torch

import nnkit
from nnkit import nn, optim
from nnkit.optim import lr_scheduler

CASES = [
    ("StepLR", {"step_size": 3}, {"lr": 0.1}),
    ("StepLR", {"step_size": 7, "gamma": 0.5}, {"lr": 0.1, "momentum": 0.9}),
    ("CosineAnnealingLR", {"T_max": 10}, {"lr": 0.1}),
    ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01}, {"lr": 0.1}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 50}, {"lr": 0.1, "momentum": 0.9}),
    ("OneCycleLR", {"max_lr": 0.5, "epochs": 5, "steps_per_epoch": 11, "anneal_strategy": "linear"}, {"lr": 0.1}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 50, "three_phase": True}, {"lr": 0.1, "momentum": 0.9}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "pct_start": 0.5, "cycle_momentum": False}, {"lr": 0.1}),
    (
        "OneCycleLR",
        {"max_lr": [0.5], "total_steps": 50, "div_factor": 10.0, "final_div_factor": 3.0, "base_momentum": [0.7]},
        {"lr": 0.1, "momentum": 0.9},
    ),
]


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "options", "settings"), CASES)
def test_fifty_steps_follow_pytorch(pair, name, options, settings, optimizer):
    settings = settings if optimizer == "SGD" else {"lr": 0.1}
    both = pair(optimizer, settings)
    mine = getattr(lr_scheduler, name)(both.optimizer, **options)
    reference = getattr(torch.optim.lr_scheduler, name)(both.reference, **options)
    assert mine.state_dict() == reference.state_dict()
    assert list(mine.state_dict()) == list(reference.state_dict())
    for _ in range(50):
        both.step()
        mine.step()
        reference.step()
        assert both.optimizer.param_groups[0]["lr"] == both.reference.param_groups[0]["lr"]
        assert mine.get_last_lr() == reference.get_last_lr()
        both.check()
    assert mine.state_dict() == reference.state_dict()
    assert both.optimizer.state_dict()["param_groups"] == both.reference.state_dict()["param_groups"]


def test_schedules_can_be_chained(pair):
    both = pair("SGD", {"lr": 0.1})
    mine = [lr_scheduler.StepLR(both.optimizer, 3), lr_scheduler.CosineAnnealingLR(both.optimizer, 10)]
    theirs = torch.optim.lr_scheduler
    reference = [theirs.StepLR(both.reference, 3), theirs.CosineAnnealingLR(both.reference, 10)]
    for _ in range(25):
        both.step()
        for scheduler in mine + reference:
            scheduler.step()
        assert both.optimizer.param_groups[0]["lr"] == both.reference.param_groups[0]["lr"]


def test_groups_keep_their_proportion(pair):
    both = pair("SGD", {"lr": 0.1})
    both.optimizer = optim.SGD([{"params": both.ours[:1]}, {"params": both.ours[1:], "lr": 0.01}], lr=0.1)
    both.reference = torch.optim.SGD([{"params": both.theirs[:1]}, {"params": both.theirs[1:], "lr": 0.01}], lr=0.1)
    mine = lr_scheduler.OneCycleLR(both.optimizer, [0.5, 0.05], total_steps=20)
    reference = torch.optim.lr_scheduler.OneCycleLR(both.reference, [0.5, 0.05], total_steps=20)
    for _ in range(19):
        both.step()
        mine.step()
        reference.step()
        assert mine.get_last_lr() == reference.get_last_lr()


@pytest.mark.parametrize(("name", "options", "settings"), CASES)
def test_a_schedule_goes_on_where_it_stopped(pair, name, options, settings):
    make = getattr(lr_scheduler, name)
    both = pair("SGD", settings)
    scheduler = make(both.optimizer, **options)
    for _ in range(5):
        both.step()
        scheduler.step()
    saved = copy.deepcopy((both.optimizer.state_dict(), scheduler.state_dict()))
    expected = []
    for _ in range(20):
        scheduler.step()
        expected.append(scheduler.get_last_lr())
    resumed = optim.SGD(both.ours)
    again = make(resumed, **options)
    resumed.load_state_dict(saved[0])
    again.load_state_dict(saved[1])
    found = []
    for _ in range(20):
        again.step()
        found.append(again.get_last_lr())
    assert found == expected


def quiet(call):
    try:
        return repr(call())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def beyond_the_end(torch, p):
    optimizer = torch.optim.SGD([p], momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=2)
    for _ in range(4):
        optimizer.step()
        scheduler.step()


class Plain(optim.Optimizer):
    """An optimizer without momentum."""


class TorchPlain(torch.optim.Optimizer):
    """An optimizer without momentum."""


def one_cycle(**options):
    return lambda torch, p: torch.optim.lr_scheduler.OneCycleLR(torch.optim.SGD([p], momentum=0.9), 0.5, **options)


REFUSED = [
    one_cycle(),
    one_cycle(total_steps=0),
    one_cycle(total_steps=2.5),
    one_cycle(epochs=0, steps_per_epoch=1),
    one_cycle(epochs=1, steps_per_epoch=0),
    one_cycle(epochs=1, steps_per_epoch=5, pct_start=2),
    one_cycle(epochs=1, steps_per_epoch=5, pct_start=1),
    one_cycle(epochs=1, steps_per_epoch=5, anneal_strategy="x"),
    one_cycle(total_steps=5, base_momentum=[0.1, 0.2]),
    lambda torch, p: torch.optim.lr_scheduler.OneCycleLR(torch.optim.SGD([p]), [0.5, 0.1], total_steps=5),
    lambda torch, p: torch.optim.lr_scheduler.OneCycleLR(3, 0.5, total_steps=5),
    lambda torch, p: torch.optim.lr_scheduler.OneCycleLR(
        (Plain if torch is nnkit else TorchPlain)([p], {"lr": 0.1}), 0.5, total_steps=5
    ),
    lambda torch, p: torch.optim.lr_scheduler.StepLR(3, 1),
    lambda torch, p: torch.optim.lr_scheduler.StepLR(torch.optim.SGD([p]), 2, last_epoch=3),
    beyond_the_end,
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_is_refused_is_refused_in_pytorchs_words(number):
    call = REFUSED[number]
    mine = quiet(lambda: call(nnkit, nn.Parameter(nnkit.zeros(2))))
    assert mine == quiet(lambda: call(torch, torch.nn.Parameter(torch.zeros(2))))


@pytest.fixture
def optimizer():
    return optim.SGD([nn.Parameter(nnkit.zeros(2))], lr=0.1, momentum=0.9)


def test_the_schedule_before_the_optimizer_is_warned_of(optimizer):
    scheduler = lr_scheduler.StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match=r"Detected call of `lr_scheduler\.step\(\)` before `optimizer\.step\(\)`"):
        scheduler.step()


def test_asking_for_the_next_rate_is_warned_of(optimizer):
    with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
        assert lr_scheduler.StepLR(optimizer, 2).get_lr() == [0.1]


@pytest.mark.parametrize("make", [lambda o: lr_scheduler.StepLR(o, 0), lambda o: lr_scheduler.CosineAnnealingLR(o, 0)])
def test_a_period_of_zero_is_refused(optimizer, make):
    with pytest.raises(ValueError, match=r"Expected positive integer (step_size|T_max), but got 0"):
        make(optimizer)


@pytest.mark.parametrize("options", [{"total_steps": 1}, {"total_steps": 10, "pct_start": 0.1}, {"total_steps": 3}])
def test_a_cycle_may_be_so_short_that_it_has_no_rise(optimizer, options):
    scheduler = lr_scheduler.OneCycleLR(optimizer, 0.5, **options)
    for _ in range(options["total_steps"] - 1):
        optimizer.step()
        scheduler.step()
    assert 0 < scheduler.get_last_lr()[0] <= 0.5


def test_the_state_of_another_schedule_is_refused(optimizer):
    scheduler = lr_scheduler.StepLR(optimizer, 2)
    other = lr_scheduler.CosineAnnealingLR(optimizer, 2)
    with pytest.raises(ValueError, match=r"of another scheduler: it has .*'T_max'.*, where StepLR has .*'step_size'"):
        scheduler.load_state_dict(other.state_dict())
    assert scheduler.step_size == 2
    assert not hasattr(scheduler, "T_max")


def test_the_registry_has_every_schedule():
    assert lr_scheduler.SCHEDULERS.names() == ["CosineAnnealingLR", "OneCycleLR", "StepLR"]
    assert lr_scheduler.SCHEDULERS.get("StepLR") is lr_scheduler.StepLR
