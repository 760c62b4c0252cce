"""Training by plan: the tape's parameters after dozens of steps, the same bits each time, and nothing lost between."""

import subprocess
import sys

import numba
import numpy as np
import pytest
from plan_steps import JIT_OFF, assert_close

import nnkit.nn.functional as F
from nnkit import nn, optim
from nnkit.data import Augmentation, Batches, ImageSet
from nnkit.errors import NonFiniteError
from nnkit.models import Network
from nnkit.optim import lr_scheduler
from nnkit.plan import plan as plans
from nnkit.random import manual_seed
from nnkit.tensors import Tensor, ones
from nnkit.training.evaluate import evaluation_batches
from nnkit.training.fit import EpochDone, OnTape, StepDone, Training, fit
from nnkit.training.schedule import Schedule

EPOCHS = 2 if JIT_OFF else 8
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (50, 6, 6), np.uint8)
# The second of the three classes has no images.
IMAGE_SET = ImageSet("noise", IMAGES, (IMAGES.mean((1, 2)) > 127).astype(np.uint8) * 2, ("a", "b", "c"), 0.5, 0.25)


class Small(Network):
    input_size = (8, 8)

    def __init__(self, p=0.0):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.dropout = nn.Dropout(p)
        self.fc1 = nn.Linear(36, 9)
        self.fc2 = nn.Linear(9, 3)

    def forward(self, images):
        x = F.max_pool2d(self.conv(images).relu(), 2).flatten(1)
        return self.fc2(self.fc1(self.dropout(x)).tanh())


class Normalized(Network):
    input_size = (8, 8)

    def __init__(self, p=0.0):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout2d(p)
        self.fc1 = nn.Linear(36, 9)
        self.rows = nn.BatchNorm1d(9, momentum=None)
        self.fc2 = nn.Linear(9, 3)

    def forward(self, images):
        x = F.max_pool2d(self.norm(self.conv(images)).relu(), 2)
        return self.fc2(self.rows(self.fc1(self.dropout(x).flatten(1))).tanh())


def sgd(parameters):
    return optim.SGD(parameters, 0.05, momentum=0.9)


def nesterov(parameters):
    return optim.SGD(parameters, 0.02, momentum=0.9, nesterov=True, weight_decay=5e-3)


def each_epoch(kind, **options):
    return lambda optimizer: Schedule(kind(optimizer, **options), each_step=False)


def one_cycle(optimizer):
    return Schedule(lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=8 * EPOCHS), each_step=True)


def training(
    *,
    network=Small,
    p=0.0,
    optimizer=sgd,
    schedule=None,
    epochs=EPOCHS,
    batch_size=16,
    validation=False,
    images=IMAGE_SET,
    augmentation=None,
    criterion=None,
    **more,
):
    manual_seed(1)
    network = network(p)
    optimizer = optimizer(network.parameters())
    return Training(
        network=network,
        criterion=criterion or nn.CrossEntropyLoss(),
        optimizer=optimizer,
        schedule=schedule(optimizer) if schedule else None,
        train=Batches(images, batch_size, (8, 8), shuffle=True, seed=5, augmentation=augmentation),
        test=evaluation_batches(images, network),
        validation=evaluation_batches(images.select(np.arange(0, len(images), 3)), network) if validation else None,
        epochs=epochs,
        **more,
    )


def weights(run):
    return {name: value.array.copy() for name, value in run.network.state_dict().items()}


def bits(run):
    list(fit(run))
    return {name: value.tobytes() for name, value in weights(run).items()}


def assert_planned(run):
    assert run.replay.obstacle is None
    assert run.replay.evaluation_obstacle is None
    assert {(key.training, key.differentiates) for key in run.replay._plans} == {(True, True), (False, False)}


def assert_planned_so_far(run):
    assert run.replay.obstacle is None
    assert run.replay._plans


RUNS = {
    "plain": {"optimizer": lambda parameters: optim.SGD(parameters, 0.1)},
    "momentum": {},
    "nesterov and decay": {"optimizer": nesterov},
    "Adam": {"optimizer": lambda parameters: optim.Adam(parameters, 0.003)},
    "AdamW": {"optimizer": lambda parameters: optim.AdamW(parameters, 0.003)},
    "RMSprop": {"optimizer": lambda parameters: optim.RMSprop(parameters, 0.001, momentum=0.5, centered=True)},
    "Adagrad": {"optimizer": lambda parameters: optim.Adagrad(parameters, 0.01, lr_decay=0.01)},
    "Adadelta": {"optimizer": lambda parameters: optim.Adadelta(parameters, weight_decay=1e-3)},
    "amsgrad": {"optimizer": lambda parameters: optim.Adam(parameters, 0.003, weight_decay=1e-3, amsgrad=True)},
    "StepLR": {"schedule": each_epoch(lr_scheduler.StepLR, step_size=2, gamma=0.5)},
    "cosine": {"schedule": each_epoch(lr_scheduler.CosineAnnealingLR, T_max=EPOCHS)},
    "MultiStepLR": {"schedule": each_epoch(lr_scheduler.MultiStepLR, milestones=[1, 3])},
    "ExponentialLR": {"schedule": each_epoch(lr_scheduler.ExponentialLR, gamma=0.8)},
    "plateau": {"schedule": each_epoch(lr_scheduler.ReduceLROnPlateau, factor=0.5, patience=0, threshold=0.1)},
    "OneCycleLR": {"schedule": one_cycle},
    "clipped": {"clip_grad_norm": 0.1},
    "dropout": {"p": 0.5},
    "batch normalization": {"network": Normalized, "p": 0.3, "clip_grad_norm": 0.5},
    "validation": {"validation": True},
    "one image a step": {"batch_size": 1, "epochs": 1},
    "all at once": {"batch_size": 64},
    "augmented": {"augmentation": Augmentation(shift=1, rotation=10)},
    "everything": {
        "optimizer": nesterov,
        "schedule": one_cycle,
        "clip_grad_norm": 0.5,
        "p": 0.3,
        "validation": True,
        "augmentation": Augmentation(shift=1),
        "batch_size": 7,
        "epochs": 2,
    },
}


@pytest.mark.parametrize("name", RUNS)
def test_plan_and_tape_train_to_the_same_parameters(name):
    tape = training(**RUNS[name], plans=False)
    expected = list(fit(tape))
    run = training(**RUNS[name])
    events = list(fit(run))
    assert_planned(run)
    assert len(events) == len(expected)
    for event, other in zip(events, expected, strict=True):
        assert type(event) is type(other)
        if isinstance(event, StepDone):
            assert event.loss == pytest.approx(other.loss, rel=1e-4)
        elif isinstance(event, EpochDone):
            assert event.lr == other.lr
            assert event.test.loss == pytest.approx(other.test.loss, rel=1e-4)
            assert (event.validation is None) == (other.validation is None)
    for name, values in weights(tape).items():
        assert_close(weights(run)[name], values, 2e-4)


@pytest.mark.case("N4")
@pytest.mark.skipif(JIT_OFF, reason="without the compiler there is one thread")
@pytest.mark.parametrize("batch_size", [16, 50, 200])
def test_N4_threads_and_repetition_change_no_bit(batch_size):
    images = ImageSet("many", np.tile(IMAGES, (5, 1, 1)), np.tile(IMAGE_SET.labels, 5), IMAGE_SET.classes, 0.5, 0.25)

    def run():
        return training(images=images, batch_size=batch_size, p=0.4, clip_grad_norm=0.5, epochs=2)

    before = numba.get_num_threads()
    found = []
    try:
        for threads in (1, before, 1, before):
            numba.set_num_threads(threads)
            found.append(bits(run()))
    finally:
        numba.set_num_threads(before)
    assert found[0] == found[1] == found[2] == found[3]


@pytest.mark.parametrize(
    "name", ["momentum", "Adam", "Adadelta", "plateau", "dropout", "batch normalization", "everything"]
)
@pytest.mark.parametrize("epoch", [1, EPOCHS - 1])
def test_going_on_from_a_checkpoint_gives_the_same_bits(name, epoch):
    def fresh():
        return training(**{**RUNS[name], "epochs": EPOCHS})

    whole = bits(fresh())
    first = fresh()
    for event in fit(first):
        if isinstance(event, EpochDone) and event.epoch == epoch:
            break
    state, parameters = first.state(), weights(first)
    second = fresh()
    second.network.load_state_dict({name: Tensor.detached(array) for name, array in parameters.items()})
    manual_seed(99)
    second.load_state(state)
    assert bits(second) == whole
    assert_planned(second)


@pytest.mark.parametrize("p", [0.0, 0.4])
def test_long_work_is_cut_into_calls_without_a_change_of_a_bit(monkeypatch, p):
    images, labels = np.tile(IMAGES, (12, 1, 1)), np.tile(IMAGE_SET.labels, 12)
    many = ImageSet("many", images, labels, IMAGE_SET.classes, 0.5, 0.25)

    def run(most):
        monkeypatch.setattr(plans, "CALL_WORK", most)
        run = training(images=many, batch_size=600, p=p, epochs=2)
        found = bits(run)
        assert_planned(run)
        return found

    expected = run(4e12)
    calls = []
    executable = plans.Plan._execute

    def counted(plan):
        calls.append(-(-plan.program.blocks // (plan.slots * plan._window)))
        executable(plan)

    monkeypatch.setattr(plans.Plan, "_execute", counted)
    found = run(1.0)
    assert max(calls) == -(-38 // min(38, plans.SLOTS))  # blocks of images in each share
    assert found == expected


def last_steps(run):
    """Return what happened until the loss was not finite, and the parameters before that step."""
    seen, before = [], weights(run)
    try:
        for event in fit(run):
            seen.append(type(event))
            before = weights(run)
    except NonFiniteError as error:
        return seen, before, str(error)
    raise AssertionError("the loss stayed finite")


def test_a_loss_that_is_not_finite_is_seen_in_its_step():
    def run(enabled):
        return training(optimizer=lambda parameters: optim.SGD(parameters, 1e38), plans=enabled)

    expected, _, text = last_steps(run(False))
    planned = run(True)
    seen, before, message = last_steps(planned)
    assert (seen, message) == (expected, text)
    assert message.startswith(("the loss is nan at step", "the loss is inf at step"))
    assert_planned_so_far(planned)
    for name, values in weights(planned).items():
        np.testing.assert_array_equal(values, before[name])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_parameter_that_is_not_finite_is_seen_at_once(value):
    run = training(clip_grad_norm=1.0)
    events = fit(run)
    for _ in range(3):
        next(events)
    run.network.fc2.weight.array[1, 2] = value
    before = weights(run)
    with pytest.raises(NonFiniteError, match=r"the loss is (nan|inf) at step 4 "):
        next(events)
    for name, values in weights(run).items():
        np.testing.assert_array_equal(values, before[name])
    # With the parameter mended the same plan goes on.
    run.network.fc2.weight.array[1, 2] = 0
    run.epoch = 1
    next(fit(run))
    assert run.replay.obstacle is None


def test_a_skipped_step_leaves_the_statistics():
    run = training(network=Normalized, skips_nonfinite=True)
    events = fit(run)
    for _ in range(3):
        next(events)
    run.network.conv.weight.array[1] = np.nan
    before = weights(run)
    next(events)
    assert run.skipped == 1
    for name, values in weights(run).items():
        np.testing.assert_array_equal(values, before[name])
    assert_planned_so_far(run)


def test_why_steps_stay_on_the_tape_is_told_once():
    run = training(criterion=nn.CrossEntropyLoss(weight=ones(3), label_smoothing=0.1))
    events = list(fit(run))
    told = [number for number, event in enumerate(events) if isinstance(event, OnTape)]
    assert told == [0]
    assert events[0] == OnTape("weights of classes together with label smoothing")
    assert [event for event in fit(training(plans=False)) if isinstance(event, OnTape)] == []


def test_a_hook_in_the_middle_of_a_run_is_told_and_called():
    run = training(epochs=2)
    called = []
    told = []
    for number, event in enumerate(fit(run)):
        if number == 6:
            run.network.fc1.register_forward_hook(lambda *_: called.append(1))
        if isinstance(event, OnTape):
            told.append((number, event.reason))
    assert told == [(7, "a hook on fc1")]
    assert len(called) == 4  # the three steps that were left, and the evaluation


class Judging(Small):
    def forward(self, images):
        logits = super().forward(images)
        return logits if self.training else logits.softmax(1)


def test_evaluation_on_the_tape_is_told_too():
    run = training(network=Judging)
    events = list(fit(run))
    assert [event.reason for event in events if isinstance(event, OnTape)] == [
        "max, which plans do not know in evaluation"
    ]
    assert isinstance(events[5], OnTape)
    assert run.replay.obstacle is None


@pytest.mark.skipif(JIT_OFF, reason="takes minutes without the compiler")
@pytest.mark.parametrize(("layer", "lines"), [("{name: Dropout, inplace: true}", 1), ("ReLU", 0)])
def test_the_command_tells_it_once(tmp_path, layer, lines):
    command = [sys.executable, "-c", "from nnkit.cli.main import main; main()"]
    options = ["--verbose", "--no-report", "--epochs", "2", "--set", "data.name=digits"]
    options += ["--set", f"network.layers.8={layer}"]
    done = subprocess.run(
        [*command, "train", "sequential", *options], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    reason = "steps run on the tape, not as a plan, because of an operation in place"
    assert done.stdout.splitlines().count(reason) == lines
    assert "because of" not in done.stdout.replace(reason, "")
