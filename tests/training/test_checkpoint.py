"""Checkpoints: what goes in comes out, in nnkit and in PyTorch."""

import dataclasses
import json

import numpy as np
import pytest
import safetensors.torch
import torch
from pytorch_networks import TorchLeNet

import nnkit
from nnkit.errors import CheckpointError, NonFiniteError
from nnkit.models import LeNet, MNISTConvNet
from nnkit.serialization import container
from nnkit.tensors import Tensor
from nnkit.training import checkpoint as checkpoints
from nnkit.training.checkpoint import Checkpoint, ImageFormat

STATE = {
    "optimizer": {
        "state": {0: {"momentum_buffer": Tensor.detached(np.arange(3.0)), "step": 7}, 1: {"momentum_buffer": None}},
        "param_groups": [{"lr": 0.1 + 0.2, "betas": (0.9, 0.999), "nesterov": False, "params": [0, 1]}],
    },
    "scheduler": None,
    "nothing": {},
    "names": ["a", "b"],
}


def a_checkpoint(**changes):
    whole = Checkpoint(
        config={"network": {"name": "LeNet"}, "text": "\x1b[31m ü"},
        epoch=3,
        step=1400,
        parameters={"weight": np.arange(6, dtype=np.float32).reshape(2, 3).T, "count": np.array(5)},
        images=ImageFormat(("zero", "one"), 0.1307, 0.3081),
        state=STATE,
    )
    return dataclasses.replace(whole, **changes)


def as_plain(value):
    """Replace tensors in a state, which compare element by element."""
    if isinstance(value, Tensor):
        return "tensor", value.numpy().tolist(), str(value.dtype)
    if isinstance(value, dict):
        return {key: as_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(as_plain(item) for item in value)
    return value


def test_everything_comes_back(tmp_path):
    path = tmp_path / "a.safetensors"
    checkpoints.save(path, a_checkpoint())
    back = checkpoints.load(path)
    assert (back.config, back.epoch, back.step) == (a_checkpoint().config, 3, 1400)
    assert back.images == a_checkpoint().images
    assert as_plain(back.state) == as_plain(STATE)
    assert back.parameters["weight"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert back.parameters["count"] == 5


def test_load_then_save_gives_the_same_bytes(tmp_path):
    """K23."""
    path = tmp_path / "a.safetensors"
    checkpoints.save(path, a_checkpoint())
    before = path.read_bytes()
    checkpoints.save(path, checkpoints.load(path))
    assert path.read_bytes() == before


def test_load_of_the_package_reads_the_parameters(tmp_path):
    path = tmp_path / "a.safetensors"
    checkpoints.save(path, a_checkpoint())
    state = nnkit.load(path)
    assert {name: tensor.tolist() for name, tensor in state.items()} == {"count": 5, "weight": [[0, 3], [1, 4], [2, 5]]}


def test_the_network_alone_is_a_state_dict_for_pytorch(tmp_path):
    path = tmp_path / "a.safetensors"
    checkpoints.save(path, a_checkpoint(state=None))
    assert set(safetensors.torch.load_file(path)) == {"weight", "count"}
    assert checkpoints.load(path).state is None


def test_the_state_is_beside_the_parameters_under_a_prefix(tmp_path):
    path = tmp_path / "a.safetensors"
    checkpoints.save(path, a_checkpoint())
    names = set(safetensors.torch.load_file(path))
    assert names == {"weight", "count", "__nnkit__/optimizer/state/0/momentum_buffer"}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_neither_saved_nor_loaded(bad, tmp_path):
    """K13."""
    path = tmp_path / "a.safetensors"
    parameters = {"weight": np.array([1.0, bad])}
    with pytest.raises(NonFiniteError, match="weight holds numbers that are not finite"):
        checkpoints.save(path, a_checkpoint(parameters=parameters))
    assert not path.exists()
    checkpoints.save(path, a_checkpoint(state=None))
    arrays, metadata = container.decode(path)
    path.write_bytes(container.encode({**arrays, **parameters}, metadata))
    with pytest.raises(CheckpointError, match="weight holds numbers that are not finite"):
        checkpoints.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": "3"}, r"written by a newer nnkit \(format 3, this one reads up to 2\)"),
        ({"format_version": "x"}, "not an nnkit checkpoint"),
        ({"format": "other"}, "not an nnkit checkpoint"),
        ({"config": "{"}, "its metadata cannot be read"),
        ({"epoch": "many"}, "its metadata cannot be read"),
        ({"images": "[]"}, "its metadata cannot be read"),
        ({"state": '{"tensor": "no such name"}'}, "its metadata cannot be read"),
        ({"state": "[" * 100_000}, "its metadata cannot be read"),
    ],
)
def test_metadata_of_others_is_refused(changes, message, tmp_path):
    path = tmp_path / "a.safetensors"
    checkpoints.save(path, a_checkpoint())
    arrays, metadata = container.decode(path)
    path.write_bytes(container.encode(arrays, {**metadata, **changes}))
    with pytest.raises(CheckpointError, match=message):
        checkpoints.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("fc3.bias"), 'Missing key(s) in state_dict: "fc3.bias"'),
        (lambda arrays: arrays.update(extra=np.zeros(1)), 'Unexpected key(s) in state_dict: "extra"'),
        (lambda arrays: arrays.update({"fc3.bias": np.zeros(3, np.float32)}), "size mismatch for fc3.bias"),
        (lambda arrays: arrays.update({"fc3.bias": np.zeros(10)}), "dtype mismatch for fc3.bias"),
    ],
)
def test_a_checkpoint_that_does_not_fit_changes_nothing(change, message, tmp_path):
    """K9 to K12."""
    network = LeNet()
    before = {name: array.copy() for name, array in checkpoints.parameters_of(network).items()}
    arrays = {name: array + 1 for name, array in before.items()}
    change(arrays)
    with pytest.raises(CheckpointError) as caught:
        checkpoints.restore(network, a_checkpoint(parameters=arrays), tmp_path / "a.safetensors")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    for name, array in checkpoints.parameters_of(network).items():
        np.testing.assert_array_equal(array, before[name])


def test_another_network_is_refused_with_all_differences(tmp_path):
    """K14."""
    with pytest.raises(CheckpointError, match=r"for LeNet: Missing key\(s\).*Unexpected.*|size mismatch"):
        checkpoints.restore(
            LeNet(), a_checkpoint(parameters=checkpoints.parameters_of(MNISTConvNet())), tmp_path / "a.safetensors"
        )


def test_the_config_is_readable_by_others(finished):
    folder, _ = finished
    with safetensors.safe_open(folder / "best.safetensors", "numpy") as file:
        metadata = file.metadata()
    assert json.loads(metadata["config"])["network"]["name"] == "LeNet"
    assert metadata["format"] == "nnkit"


def test_pytorch_gives_the_same_accuracy(finished):
    from nnkit.data import load
    from nnkit.training.evaluate import evaluation_batches

    folder, events = finished
    network = TorchLeNet()
    network.load_state_dict(safetensors.torch.load_file(folder / "best.safetensors"))
    right = 0
    with torch.no_grad():
        for images, labels in evaluation_batches(load("digits", "test"), LeNet()).epoch(0):
            logits = network(torch.from_numpy(np.ascontiguousarray(images.numpy())))
            right += int((logits.argmax(1).numpy() == labels.numpy()).sum())
    assert right / len(load("digits", "test")) == events[-1].best_accuracy
