"""R16 and R17: NaN and infinity are noticed in the step where they come up, and never saved."""

import numpy as np
import pytest
from reliability.runs import contents, finish
from training.conftest import configured
from training.test_fit import training, weights

from nnkit import nn
from nnkit.data import Batches
from nnkit.errors import NonFiniteError
from nnkit.models import Network
from nnkit.random import manual_seed
from nnkit.tensors import Tensor
from nnkit.training import checkpoint as checkpoints
from nnkit.training.fit import EpochDone, StepDone, fit
from nnkit.training.run import train

DIVERGES = ("--set", "optimizer={name: SGD, lr: 1e30}", "--set", "scheduler=null")


class Exploding(Network):
    """A small loss whose gradient overflows: the second layer multiplies it by the largest numbers there are."""

    input_size = (4, 4)

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 8)
        self.fc2 = nn.Linear(8, 2)
        for parameter in self.fc1.parameters():
            parameter.data.zero_()
        self.fc2.weight.data = Tensor.detached(
            np.where(np.arange(16).reshape(2, 8) < 8, 3e38, -3e38).astype(np.float32)
        )

    def forward(self, images):
        return self.fc2(nn.functional.tanh(self.fc1(images.flatten(1))))


def exploding(plans, **more):
    manual_seed(0)
    run = training(network=Exploding, plans=plans, **more)
    # Alone in its batch, so that nothing of its gradient cancels out.
    image_set = run.train.image_set.select(np.flatnonzero(run.train.image_set.labels)[:3])
    run.train = Batches(image_set, 1, (4, 4), shuffle=False, seed=0)
    return run


@pytest.mark.case("R16")
def test_R16_a_loss_that_is_not_finite_ends_the_run(tmp_path, tried):
    assert finish(tmp_path, epochs=1).returncode == 0
    before = contents(tmp_path / "run")
    for way in ("true", "false"):
        process = finish(tmp_path, *DIVERGES, "--set", f"training.plan={way}", epochs=1)
        assert process.returncode == 5
        assert process.errors == (
            "nnkit: error: the loss is nan at step 2 (epoch 1); a smaller learning rate or training.clip_grad_norm "
            "may help, and --detect-anomaly names the operation\n"
        )
        now = contents(tmp_path / "run")
        assert now["best.safetensors"] == before["best.safetensors"]
        # The beginning of the run; loading it checks that all of it is finite.
        assert checkpoints.load(tmp_path / "run" / "last.safetensors").step == 0
        assert not [name for name in now if name.endswith((".tmp", ".lock"))]
        tried()


@pytest.mark.case("R17")
@pytest.mark.parametrize("plans", [True, False], ids=["plan", "tape"])
@pytest.mark.parametrize("clip", [None, 1.0])
def test_R17_a_gradient_that_is_not_finite_ends_the_run(plans, clip, tried):
    run = exploding(plans, clip_grad_norm=clip)
    before = weights(run)
    with pytest.raises(NonFiniteError, match=r"the gradient of fc1\.weight is not finite at step 1 \(epoch 1\)"):
        list(fit(run))
    assert (run.replay.obstacle is None) == plans
    assert run.step == 0
    for name, array in weights(run).items():
        np.testing.assert_array_equal(array, before[name])
    tried()


@pytest.mark.parametrize("plans", [True, False], ids=["plan", "tape"])
def test_steps_can_be_skipped(plans):
    run = exploding(plans, skips_nonfinite=True)
    before = weights(run)
    with pytest.raises(NonFiniteError, match="no step of epoch 1 had a loss and gradients that are finite"):
        list(fit(run))
    assert (run.step, run.skipped) == (3, 3)
    for name, array in weights(run).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_skipped_step_is_as_if_it_had_not_been(monkeypatch):
    """One step in the middle of an epoch is ruined; parameters, momenta and schedule pass over it."""
    from training.test_fit import per_step

    run = training(epochs=1, schedule=per_step, skips_nonfinite=True)
    differentiate = run.replay.differentiate
    calls = []

    def ruined(images, labels):
        loss, logits = differentiate(images, labels)
        calls.append(loss)
        return (float("nan") if len(calls) == 2 else loss), logits

    monkeypatch.setattr(run.replay, "differentiate", ruined)
    *steps, _, epoch = fit(run)
    assert (run.step, run.skipped, epoch.skipped) == (4, 1, 1)
    assert run.schedule.scheduler.last_epoch == 3
    assert [event.step for event in steps if isinstance(event, StepDone)] == [1, 2, 3, 4]
    assert steps[0].loss == steps[1].loss
    assert np.isfinite(epoch.train_loss)
    other = training(epochs=1, schedule=per_step)
    other.train = Batches(
        other.train.image_set.select(np.concatenate([run.train.order(0)[:16], run.train.order(0)[32:]])),
        *(16, (4, 4)),
        shuffle=False,
        seed=0,
    )
    list(fit(other))
    for name, array in weights(run).items():
        np.testing.assert_array_equal(array, weights(other)[name])


def test_skipped_steps_are_counted_in_the_metrics_and_go_on_counting(tmp_path, monkeypatch):
    from nnkit.training import run as runs

    prepare = runs.prepare

    def ruined(config):
        run = prepare(config)
        differentiate = run.replay.differentiate
        monkeypatch.setattr(
            run.replay,
            "differentiate",
            lambda images, labels: (
                (np.nan, differentiate(images, labels)[1]) if run.step % 50 == 10 else differentiate(images, labels)
            ),
        )
        return run

    monkeypatch.setattr(runs, "prepare", ruined)
    config = configured(training__on_nonfinite="skip")
    for event in train(config, tmp_path):
        if isinstance(event, EpochDone) and event.epoch == 2:
            break
    *_, done = train(config, tmp_path, "auto")
    assert (done.step, done.skipped) == (180, 4)
    assert '"skipped_steps": 4}' in (tmp_path / "metrics.jsonl").read_text().splitlines()[-1]


class Dividing(Exploding):
    """The forward pass makes the infinity."""

    def forward(self, images):
        hidden = nn.functional.tanh(self.fc1(images.flatten(1)))
        return self.fc2(hidden).exp() * 0 + (hidden + 1e38).exp()[:, :2]


@pytest.mark.parametrize("plans", [True, False], ids=["plan", "tape"])
def test_the_operation_is_named(plans):
    run = exploding(plans, finds_anomaly=True)
    with pytest.raises(NonFiniteError) as caught:
        list(fit(run))
    assert "the first gradient that is not finite is computed by fc1 (Addmm), backward;" in str(caught.value)
    run = training(network=Dividing, plans=plans, finds_anomaly=True)
    with pytest.raises(NonFiniteError, match=r"the first number that is not finite comes out of Exp after fc2"):
        list(fit(run))


def test_a_hook_and_a_ruined_parameter_are_named():
    run = training(finds_anomaly=True)
    run.network.fc2.weight.register_hook(lambda gradient: gradient * np.inf)
    with pytest.raises(
        NonFiniteError, match=r"the gradient of fc2\.weight is the first that is not finite, after a hook"
    ):
        list(fit(run))
    run = training(lr=1e38, finds_anomaly=True)
    with pytest.raises(NonFiniteError, match=r"at step 2 \(epoch 1\): "):
        list(fit(run))
    run = training(finds_anomaly=True)
    run.network.fc1.bias.data[3] = np.nan
    with pytest.raises(NonFiniteError, match=r"the step before has made fc1\.bias infinite or NaN"):
        list(fit(run))


def test_looking_for_anomalies_changes_nothing(tmp_path):
    list(train(configured(training__epochs="2"), tmp_path / "a"))
    list(train(configured(training__epochs="2", training__detect_anomaly="true"), tmp_path / "b"))
    arrays = [checkpoints.load(tmp_path / name / "last.safetensors").parameters for name in "ab"]
    for name, array in arrays[0].items():
        np.testing.assert_array_equal(array, arrays[1][name])


def test_the_command_names_the_operation(tmp_path):
    process = finish(tmp_path, *DIVERGES, "--detect-anomaly", epochs=1)
    assert process.returncode == 5
    assert process.errors.startswith("nnkit: error: the loss is nan at step 2 (epoch 1): the first number that is not ")
