"""The moving average of the parameters: its numbers against PyTorch's, and where a run uses it."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from nnkit import nn
from nnkit.data import Batches
from nnkit.errors import CheckpointError
from nnkit.models import Network
from nnkit.optim import SGD
from nnkit.plan import Replay
from nnkit.tensors import Tensor, no_grad, zeros
from nnkit.training import checkpoint as checkpoints
from nnkit.training.average import Average
from nnkit.training.build import build_average
from nnkit.training.evaluate import evaluate, evaluate_checkpoint
from nnkit.training.fit import EpochDone, StepDone, fit
from nnkit.training.run import RunDone, RunStopped, prepare, train
from nnkit.training.yaml_loader import InvalidConfigError

from .conftest import configured

# Around the width of a vector, and more than a thread takes at a time.
SIZES = (1, 15, 16, 17, 63, 8193, 20_000)


class Sizes(Network):
    """Parameters of many sizes, and a buffer."""

    def __init__(self):
        super().__init__()
        for size in SIZES:
            self.register_parameter(f"of_{size}", nn.Parameter(zeros(size)))
        self.register_buffer("seen", zeros(1))


@pytest.mark.parametrize("decay", [0, 0.3, 0.5, 0.9, 0.999])
def test_fifty_updates_follow_pytorch(decay):
    mine = Sizes()
    theirs = torch.nn.ParameterList([torch.zeros(size) for size in SIZES])
    average = Average(mine, decay)
    reference = AveragedModel(theirs, multi_avg_fn=get_ema_multi_avg_fn(decay))
    generator = np.random.default_rng(0)
    for _ in range(50):
        for parameter, other in zip(mine.parameters(), theirs.parameters(), strict=True):
            values = generator.standard_normal(parameter.shape).astype(np.float32)
            parameter.array[...] = values
            other.data = torch.from_numpy(values)
        average.update()
        reference.update_parameters(theirs)
    for parameter, other in zip(average.averaged().parameters(), reference.module.parameters(), strict=True):
        np.testing.assert_allclose(parameter.array, other.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_the_first_update_takes_the_parameters_as_they_are():
    network = Sizes()
    average = Average(network, 0.999)
    network.of_17.array[...] = 0.1
    average.update()
    assert average.averaged().of_17.array.tobytes() == network.of_17.array.tobytes()


def test_buffers_are_those_of_the_network():
    network = Sizes()
    average = Average(network, 0.9)
    with no_grad():
        network.seen += 3
    assert average.averaged().seen.item() == 3


class Seen(nn.Module):
    """A network whose buffer decides what it gives, and is another one after each step, as in batch normalisation."""

    input_size = (28, 28)

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(28 * 28, 10)
        self.register_buffer("mean", zeros(28 * 28))

    def forward(self, x):
        x = x.flatten(1)
        if self.training:
            with no_grad():
                self.mean.mul_(0.5).add_(x.mean(0))
        return self.layer(x - self.mean)


def test_buffers_are_brought_up_to_date_for_each_evaluation(tmp_path):
    run = prepare(configured(training__epochs="2"))
    network = Seen()
    run = dataclasses.replace(
        run,
        network=network,
        optimizer=SGD(network.parameters(), lr=0.01),
        schedule=None,
        average=Average(network, 0.5),
        **{
            name: Batches(getattr(run, name).image_set, 64, (28, 28), shuffle=False, seed=0)
            for name in ("train", "test")
        },
    )
    for event in fit(run):
        if isinstance(event, EpochDone):
            again = evaluate(Replay(run.outcome, run.criterion, enabled=False), run.test)
            assert event.test.loss == pytest.approx(again.loss, rel=1e-5)


def test_parameters_that_get_other_memory_are_followed():
    network = Sizes()
    average = Average(network, 0.0)
    average.update()
    network.of_16.data = Tensor.detached(np.full(16, 2, np.float32))
    average.update()
    assert average.averaged().of_16.tolist() == [2] * 16


def test_training_averages_after_each_step_that_was_taken():
    run = prepare(configured(training__ema_decay="0.5", training__on_nonfinite="skip", training__epochs="1"))
    run.test = run.test.__class__(run.test.image_set.select(range(5)), 5, (32, 32), shuffle=False, seed=0)
    expected, events = None, fit(run)
    differentiate = run.replay.differentiate

    def ruined(images, labels):
        loss, logits = differentiate(images, labels)
        return (float("nan") if run.step in (3, 4) else loss), logits

    run.replay.differentiate = ruined
    for _ in range(8):
        assert isinstance(next(events), StepDone)
        latest = run.network.fc1.weight.array.copy()
        if run.step not in (4, 5):
            expected = latest if expected is None else (expected + latest) / 2
        np.testing.assert_allclose(run.outcome.fc1.weight.array, expected, rtol=1e-5, atol=1e-6)
    assert (run.average.updates, run.skipped) == (6, 2)


@pytest.fixture(scope="module")
def averaged(tmp_path_factory):
    """The folder of a run with an average, and its events."""
    folder = tmp_path_factory.mktemp("averaged")
    return folder, list(train(configured(training__ema_decay="0.9"), folder))


def test_the_average_is_what_is_measured_and_kept(averaged):
    folder, events = averaged
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for name in ("best", "last"):
        report = evaluate_checkpoint(folder / f"{name}.safetensors")
        assert report.evaluation.accuracy == lines[report.epoch - 1]["test_accuracy"]
        assert report.evaluation.loss == lines[report.epoch - 1]["test_loss"]
    last = checkpoints.load(folder / "last.safetensors")
    trained = last.state["trained"]
    assert set(trained) == set(last.parameters)
    assert all((trained[name].array != array).any() for name, array in last.parameters.items())
    assert (last.state["averaged"], events[-1].step) == (180, 180)
    assert "trained" not in str(checkpoints.load(folder / "best.safetensors").state)


@pytest.mark.parametrize("plan", ["true", "false"])
def test_a_run_that_is_stopped_goes_on_to_the_same_bits(plan, tmp_path):
    config = configured(training__ema_decay="0.9", training__plan=plan, training__epochs="2")
    list(train(config, tmp_path / "whole"))
    events = train(config, tmp_path / "parts", should_stop=iter([False] * 49 + [True]).__next__)
    assert isinstance(list(events)[-1], RunStopped)
    list(train(config, tmp_path / "parts", "auto"))
    for name in ("best", "last"):
        parts, whole = (checkpoints.load(tmp_path / kind / f"{name}.safetensors") for kind in ("parts", "whole"))
        assert {key: array.tobytes() for key, array in parts.parameters.items()} == {
            key: array.tobytes() for key, array in whole.parameters.items()
        }
    for key, tensor in parts.state["trained"].items():
        assert tensor.array.tobytes() == whole.state["trained"][key].array.tobytes()


def test_a_run_can_be_forced_to_begin_and_to_end_averaging(tmp_path):
    plain, averaging = configured(training__epochs="3"), configured(training__epochs="3", training__ema_decay="0.9")
    for before, after in ((plain, averaging), (averaging, plain)):
        folder = tmp_path / str(before.training.ema_decay)
        for event in train(before, folder):
            if isinstance(event, EpochDone):
                break
        with pytest.raises(CheckpointError, match=r"training\.ema_decay is"):
            list(train(after, folder, "auto"))
        middle = checkpoints.load(folder / "last.safetensors")
        latest = middle.state["trained"] or {key: Tensor.detached(array) for key, array in middle.parameters.items()}
        events = train(after, folder, "auto", force=True)
        with pytest.warns(UserWarning, match="going on as told"):
            started = next(events)
        for name, tensor in started.network.state_dict().items():
            np.testing.assert_array_equal(tensor.array, latest[name].array)
        *_, done = events
        assert isinstance(done, RunDone)
        assert checkpoints.load(folder / "last.safetensors").state["averaged"] == (90 if after is averaging else 0)


@pytest.mark.parametrize(
    "lie",
    [
        {"trained": "x"},
        {"trained": {"fc1.weight": Tensor.detached(np.zeros(3, np.float32))}},
        {"trained": {"fc1.weight": 3.0}},
        {"averaged": -1},
        {"averaged": "many"},
    ],
)
def test_a_state_that_lies_is_refused(lie, averaged, tmp_path):
    checkpoint = checkpoints.load(averaged[0] / "last.safetensors")
    state = {**checkpoint.state, "epoch": 3, **lie}
    checkpoints.save(tmp_path / "last.safetensors", checkpoint.with_state(state))
    with pytest.raises(CheckpointError, match="its training state does not fit"):
        list(train(configured(training__ema_decay="0.9"), tmp_path, "auto"))


def test_an_average_that_is_longer_than_the_run_is_warned_of(tmp_path):
    settings = {"training__epochs": "1", "data__batch_size": "512"}
    with pytest.warns(UserWarning, match="averages over about 1,000 steps, and the run has 3: a smaller one"):
        list(train(configured(training__ema_decay="0.999", **settings), tmp_path))
    list(train(configured(training__ema_decay="0.3", **settings), tmp_path))


def test_a_network_that_cannot_be_copied_is_refused():
    class Stubborn(Sizes):
        def __deepcopy__(self, memo):
            raise TypeError("no")

    with pytest.raises(InvalidConfigError, match=r"training\.ema_decay: cannot copy the network: no"):
        build_average(configured(training__ema_decay="0.9"), Stubborn())


@pytest.mark.parametrize("value", ["1", "-0.1", "1.5", "fast"])
def test_a_decay_that_is_none_is_refused(value):
    with pytest.raises(InvalidConfigError, match=r"training\.ema_decay"):
        configured(training__ema_decay=value)
