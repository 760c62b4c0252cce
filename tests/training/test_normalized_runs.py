"""Runs of a network with batch normalization: planned, saved with its statistics, resumed to the same bits."""

import pytest

from nnkit.export import export_checkpoint
from nnkit.training import checkpoint as checkpoints
from nnkit.training import load_checkpoint
from nnkit.training.config import check
from nnkit.training.fit import OnTape
from nnkit.training.run import train
from nnkit.training.yaml_loader import InvalidConfigError, parse

CONFIG = """\
network:
  name: Sequential
  layers:
    - {name: Conv2d, in_channels: 1, out_channels: 4, kernel_size: 3, stride: 2, bias: false}
    - {name: BatchNorm2d, num_features: 4}
    - ReLU
    - {name: MaxPool2d, kernel_size: 2}
    - {name: Dropout2d, p: 0.2}
    - Flatten
    - {name: BatchNorm1d, num_features: 144, momentum: null}
    - {name: Linear, in_features: 144, out_features: 10}
data: {name: digits, batch_size: 200}
optimizer: {name: Adam, lr: 0.003}
loss: {name: CrossEntropyLoss}
training: {epochs: 1, threads: 1}
"""


def configured(old="", new=""):
    return check(parse(CONFIG.replace(old, new), "c.yaml"))


def test_it_is_planned_and_saved_with_its_statistics(tmp_path):
    events = list(train(configured(), tmp_path))
    assert not [event for event in events if isinstance(event, OnTape)]
    _, network, _ = load_checkpoint(tmp_path / "best.safetensors")
    assert network[1].num_batches_tracked.item() == network[6].num_batches_tracked.item() == 8
    assert (network[1].running_mean.abs() > 0).all()
    assert export_checkpoint(tmp_path / "best.safetensors").difference < 1e-4


@pytest.mark.parametrize("more", ["clip_grad_norm: 1", "ema_decay: 0.7", "plan: false"])
def test_a_stopped_run_goes_on_to_the_same_bits(more, tmp_path):
    config = configured("threads: 1", more)
    list(train(config, tmp_path / "whole"))
    list(train(config, tmp_path / "parts", should_stop=iter([False] * 3 + [True]).__next__))
    list(train(config, tmp_path / "parts", "auto"))
    for name in ("best", "last"):
        parts, whole = (checkpoints.load(tmp_path / kind / f"{name}.safetensors") for kind in ("parts", "whole"))
        assert {key: array.tobytes() for key, array in parts.parameters.items()} == {
            key: array.tobytes() for key, array in whole.parameters.items()
        }
    assert whole.parameters["1.num_batches_tracked"] == 8


@pytest.mark.parametrize(
    ("size", "what"), [(1, "of 1 image"), (14, "1,415 images leave one for the last batch")], ids=["all", "last"]
)
def test_batches_that_cannot_be_normalized_are_refused_before_the_first_step(size, what, tmp_path):
    with pytest.raises(InvalidConfigError) as caught:
        next(train(configured("batch_size: 200", f"batch_size: {size}"), tmp_path))
    assert str(caught.value) == (
        f"c.yaml:12:34: data.batch_size: {what}: Expected more than 1 value per channel when training, got input size "
        "torch.Size([1, 144])"
    )


def test_a_variance_that_may_be_zero_is_refused_before_the_first_step(tmp_path):
    with pytest.raises(InvalidConfigError) as caught:
        next(train(configured("144, mom", "144, eps: 0, mom"), tmp_path))
    assert str(caught.value) == "c.yaml:2:3: network: batch_norm eps must be positive during training, but got 0.0"
