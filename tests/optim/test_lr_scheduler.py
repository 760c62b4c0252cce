import inspect

import pytest
import torch

import nnkit
from nnkit import nn, optim
from nnkit.optim import lr_scheduler


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


@pytest.mark.parametrize("name", [*lr_scheduler.SCHEDULERS.names(), "LambdaLR"])
def test_constructors_have_pytorchs_arguments(name):
    mine, reference = (
        inspect.signature(getattr(library, name).__init__).parameters.values()
        for library in (lr_scheduler, torch.optim.lr_scheduler)
    )
    assert [(p.name, p.kind, p.default) for p in mine] == [(p.name, p.kind, p.default) for p in reference]


def test_the_first_beta_takes_part_in_a_cycle(pair):
    both = pair("Adam", {"lr": 0.1})
    mine = lr_scheduler.OneCycleLR(both.optimizer, 0.5, total_steps=20)
    reference = torch.optim.lr_scheduler.OneCycleLR(both.reference, 0.5, total_steps=20)
    for _ in range(19):
        both.step()
        mine.step()
        reference.step()
        assert both.optimizer.param_groups[0]["betas"] == both.reference.param_groups[0]["betas"]
        both.check()


class Warmup:
    """A function with an attribute, which belongs to the state of its schedule."""

    def __init__(self, length):
        self.length = length

    def __call__(self, epoch):
        return min(1.0, (epoch + 1) / self.length)


def test_functions_stay_and_objects_take_over_their_attributes(optimizer):
    saved = lr_scheduler.LambdaLR(optimizer, [Warmup(5)]).state_dict()
    assert saved["lr_lambdas"] == [{"length": 5}]
    warmup = Warmup(3)
    scheduler = lr_scheduler.LambdaLR(optimizer, [warmup])
    scheduler.load_state_dict(saved)
    assert scheduler.lr_lambdas == [warmup]
    assert warmup.length == 5
    scheduler = lr_scheduler.LambdaLR(optimizer, abs_of := lambda epoch: abs(epoch))
    scheduler.load_state_dict(scheduler.state_dict())
    assert scheduler.lr_lambdas == [abs_of]


@pytest.fixture
def optimizer():
    return optim.SGD([nn.Parameter(nnkit.zeros(2))], lr=0.1, momentum=0.9)


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
    assert lr_scheduler.SCHEDULERS.names() == [
        "ConstantLR",
        "CosineAnnealingLR",
        "ExponentialLR",
        "LinearLR",
        "MultiStepLR",
        "OneCycleLR",
        "ReduceLROnPlateau",
        "StepLR",
    ]
    assert lr_scheduler.SCHEDULERS.get("StepLR") is lr_scheduler.StepLR
