"""The training loop: its numbers against PyTorch's, its events, and what stops it."""

import copy
import math

import numpy as np
import pytest
import torch

from nnkit import nn, optim
from nnkit.data import Batches, ImageSet
from nnkit.errors import NonFiniteError
from nnkit.models import Network
from nnkit.optim.lr_scheduler import ExponentialLR, MultiStepLR, OneCycleLR, ReduceLROnPlateau, StepLR
from nnkit.random import manual_seed
from nnkit.tensors import Tensor, ones
from nnkit.training.average import Average
from nnkit.training.evaluate import evaluate, evaluation_batches
from nnkit.training.fit import EpochDone, Evaluated, OnTape, StepDone, Training, fit
from nnkit.training.schedule import Schedule

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 4, 4), np.uint8)
LABELS = (IMAGES.mean((1, 2)) > 127).astype(np.uint8)
IMAGE_SET = ImageSet("noise", IMAGES, LABELS, ("dark", "bright"), 0.5, 0.25)


class Tiny(Network):
    input_size = (4, 4)

    def __init__(self, p=0.0):
        super().__init__()
        self.fc1 = nn.Linear(16, 8)
        self.dropout = nn.Dropout(p)
        self.fc2 = nn.Linear(8, 2)

    def forward(self, images):
        return self.fc2(self.dropout(nn.functional.relu(self.fc1(images.flatten(1)))))


def training(
    *, epochs=3, lr=0.1, schedule=None, p=0.0, optimizer=None, validation=None, network=None, criterion=None,
    decay=None, **more,
):  # fmt: skip
    manual_seed(1)
    network = network() if network else Tiny(p)
    optimizer = optimizer(network.parameters()) if optimizer else optim.SGD(network.parameters(), lr, momentum=0.9)
    return Training(
        network=network,
        criterion=criterion() if criterion else nn.CrossEntropyLoss(),
        optimizer=optimizer,
        schedule=schedule(optimizer) if schedule else None,
        train=Batches(IMAGE_SET, 16, (4, 4), shuffle=True, seed=5),
        test=evaluation_batches(IMAGE_SET, network),
        validation=validation,
        epochs=epochs,
        average=None if decay is None else Average(network, decay),
        **more,
    )


def per_step(optimizer):
    return Schedule(OneCycleLR(optimizer, max_lr=0.2, total_steps=12), each_step=True)


def per_epoch(optimizer):
    return Schedule(StepLR(optimizer, step_size=1, gamma=0.5), each_step=False)


def at_milestones(optimizer):
    return Schedule(MultiStepLR(optimizer, milestones=[1, 2], gamma=0.5), each_step=False)


def exponential(optimizer):
    return Schedule(ExponentialLR(optimizer, gamma=0.9), each_step=True)


def on_plateau(optimizer, mode="min"):
    # Hardly any epoch is better by a half.
    return Schedule(ReduceLROnPlateau(optimizer, mode, factor=0.5, patience=0, threshold=0.5), each_step=False)


def weights(run):
    """What a checkpoint keeps under the names of the parameters."""
    return {name: value.numpy().copy() for name, value in run.outcome.state_dict().items()}


@pytest.mark.parametrize("schedule", [None, per_step, per_epoch])
@pytest.mark.parametrize("clip", [None, 0.3])
def test_the_same_loop_in_pytorch_gives_the_same_weights(schedule, clip):
    run = training(schedule=schedule, clip_grad_norm=clip)
    network = torch.nn.Sequential(torch.nn.Linear(16, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    for theirs, ours in zip(network.parameters(), run.network.parameters(), strict=True):
        theirs.data = torch.from_numpy(ours.detach().numpy().copy())
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    scheduler = None
    if schedule is per_step:
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.2, total_steps=12)
    elif schedule is per_epoch:
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    rates = []
    for epoch in range(3):
        for images, labels in run.train.epoch(epoch):
            optimizer.zero_grad()
            logits = network(torch.from_numpy(np.ascontiguousarray(images.numpy())).flatten(1))
            torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels.numpy())).backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(network.parameters(), clip)
            rate = optimizer.param_groups[0]["lr"]
            optimizer.step()
            if schedule is per_step:
                scheduler.step()
        rates.append(rate)
        if schedule is per_epoch:
            scheduler.step()
    events = [event for event in fit(run) if isinstance(event, EpochDone)]
    assert [event.lr for event in events] == pytest.approx(rates)
    for theirs, ours in zip(network.parameters(), run.network.parameters(), strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("validates", [False, True])
def test_a_plateau_is_one_of_the_loss_or_accuracy_that_decides(mode, validates):
    dark = IMAGE_SET.select(np.flatnonzero(LABELS == 0))
    validation = evaluation_batches(dark, Tiny()) if validates else None
    run = training(epochs=5, schedule=lambda optimizer: on_plateau(optimizer, mode), validation=validation)
    reference = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.1)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(reference, mode, factor=0.5, patience=0, threshold=0.5)
    for event in fit(run):
        if isinstance(event, EpochDone):
            assert event.lr == reference.param_groups[0]["lr"]
            decisive = event.validation if validates else event.test
            scheduler.step(decisive.loss if mode == "min" else decisive.accuracy)
    assert run.optimizer.param_groups[0]["lr"] == reference.param_groups[0]["lr"] < 0.1


def test_events_tell_every_step_and_epoch():
    events = list(fit(training(epochs=2)))
    assert [type(event) for event in events] == ([StepDone] * 4 + [Evaluated, EpochDone]) * 2
    assert [event.step for event in events[:4]] == [1, 2, 3, 4]
    assert [event.step for event in events if isinstance(event, EpochDone)] == [4, 8]
    last_step, epoch = events[3], events[5]
    assert (last_step.epoch, last_step.steps) == (1, 4)
    assert (epoch.train_loss, epoch.train_accuracy) == (last_step.loss, last_step.accuracy)
    assert epoch.images_per_second == pytest.approx(50 / epoch.train_seconds)


def test_the_best_epoch_is_the_first_of_the_most_accurate():
    run = training(epochs=6)
    epochs = [event for event in fit(run) if isinstance(event, EpochDone)]
    accuracies = [event.test.accuracy for event in epochs]
    assert run.best.accuracy == max(accuracies)
    assert run.best.epoch == accuracies.index(max(accuracies)) + 1
    assert [event.epoch for event in epochs if event.improved][-1] == run.best.epoch


def test_validation_decides_where_there_is_one():
    bright = IMAGE_SET.select(np.flatnonzero(LABELS))
    run = training(epochs=4, validation=evaluation_batches(bright, Tiny()))
    epochs = [event for event in fit(run) if isinstance(event, EpochDone)]
    assert run.best.accuracy == max(event.validation.accuracy for event in epochs)
    assert all(event.validation.confusion.images == len(bright) for event in epochs)


def test_evaluation_is_the_mean_over_images_and_leaves_the_mode():
    run = training(p=0.5)
    run.network.train()
    one_by_one = evaluate(run.replay, Batches(IMAGE_SET, 7, (4, 4), shuffle=False, seed=0))
    at_once = evaluate(run.replay, run.test)
    assert run.network.training
    assert one_by_one.loss == pytest.approx(at_once.loss)
    assert one_by_one.confusion.counts.tolist() == at_once.confusion.counts.tolist()


def smoothed():
    """A loss that plans do not know, which is noticed at the first step."""
    return nn.CrossEntropyLoss(weight=ones(2), label_smoothing=0.1)


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": per_step},
        {"schedule": per_epoch, "p": 0.5},
        {"schedule": at_milestones, "optimizer": lambda parameters: optim.Adadelta(parameters, eps=1e-3)},
        {"schedule": exponential, "optimizer": lambda parameters: optim.Adagrad(parameters, 0.1, lr_decay=0.1)},
        {"schedule": on_plateau, "validates": True},
        {"schedule": lambda optimizer: on_plateau(optimizer, "max")},
        {"schedule": per_step, "criterion": smoothed, "validates": True},
        {"optimizer": lambda parameters: optim.Adam(parameters, 0.01), "plans": False, "clip_grad_norm": 0.1},
        {"schedule": per_step, "decay": 0.9, "validates": True},
        {"decay": 0.7, "plans": False},
    ],
)
def test_a_run_goes_on_from_every_event_to_the_same_bits(settings):
    def fresh():
        more = dict(settings)
        validates = more.pop("validates", False)
        return training(epochs=2, validation=evaluation_batches(IMAGE_SET, Tiny()) if validates else None, **more)

    whole, kinds = fresh(), set()
    number_of_events = len(list(fit(whole)))
    for number in range(number_of_events):
        first = fresh()
        kinds.update(type(event) for _, event in zip(range(number + 1), fit(first), strict=False))
        state, parameters = copy.deepcopy(first.state()), weights(first)
        second = fresh()
        second.outcome.load_state_dict({name: Tensor.detached(array) for name, array in parameters.items()})
        manual_seed(99)
        second.load_state(state)
        list(fit(second))
        assert (second.step, second.best) == (whole.step, whole.best)
        for name, array in weights(second).items():
            np.testing.assert_array_equal(array, weights(whole)[name])
        for mine, other in zip(second.network.parameters(), whole.network.parameters(), strict=True):
            np.testing.assert_array_equal(mine.array, other.array)
    assert kinds >= {StepDone, Evaluated, EpochDone}
    assert (OnTape in kinds) == ("criterion" in settings)


def test_a_validation_loss_that_is_not_finite_is_noticed():
    run = training(validation=evaluation_batches(IMAGE_SET, Tiny()))
    evaluate_batch = run.replay.evaluate
    calls = []

    def ruined(images, labels):
        calls.append(1)
        loss, logits = evaluate_batch(images, labels)
        return (math.inf if len(calls) == 2 else loss), logits

    run.replay.evaluate = ruined
    with pytest.raises(NonFiniteError, match=r"the validation loss is inf after step 4 \(epoch 1\)"):
        list(fit(run))


def test_a_loss_that_is_not_finite_stops_before_the_update():
    run = training(lr=1e30)
    events = fit(run)
    next(events)
    before = weights(run)
    with pytest.raises(NonFiniteError, match=r"the loss is (nan|inf) at step 2 \(epoch 1\)"):
        next(events)
    assert run.step == 1
    for name, array in weights(run).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_gradient_that_is_not_finite_stops_before_the_update():
    run = training(clip_grad_norm=1.0)
    before = weights(run)
    run.network.fc2.weight.register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(NonFiniteError, match=r"the gradient of fc2\.weight is not finite at step 1"):
        list(fit(run))
    for name, array in weights(run).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_last_step_that_ruins_the_network_is_noticed():
    run = training(lr=1e30)
    run.train = Batches(IMAGE_SET, 50, (4, 4), shuffle=False, seed=0)
    with pytest.raises(NonFiniteError, match=r"the test loss is (nan|inf) after step 1 \(epoch 1\)"):
        list(fit(run))


def test_gradients_too_long_to_be_measured_end_the_run():
    run = training()
    run.clip_grad_norm = 1.0
    for parameter in run.network.parameters():
        parameter.register_hook(lambda gradient: gradient * 0 + 1e30)
    with pytest.raises(NonFiniteError, match=r"the norm of all gradients is not finite at step 1 \(epoch 1\)"):
        list(fit(run))
