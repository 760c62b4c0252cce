"""Exports of checkpoints: which file is written, and what other programs find in it."""

import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from export.onnx_runs import session_of
from pytorch_networks import TorchLeNet

import nnkit
from nnkit import ops
from nnkit.errors import ConfigError, ExportError, FileAccessError
from nnkit.export import OPERATORS, export_checkpoint
from nnkit.export.arrays import METADATA, as_npz, as_safetensors
from nnkit.models import LeNet
from nnkit.training import checkpoint as checkpoints
from nnkit.training.checkpoint import Checkpoint, ImageFormat, parameters_of
from nnkit.training.config import load_config


@pytest.fixture
def checkpoint(tmp_path):
    """The path of a checkpoint with an untrained LeNet."""
    nnkit.manual_seed(0)
    images = ImageFormat(tuple("0123456789"), 0.25, 0.5)
    config = load_config("quickstart").model_dump(mode="json")
    saved = Checkpoint(config, epoch=3, step=7, parameters=parameters_of(LeNet()), images=images)
    path = tmp_path / "best.safetensors"
    checkpoints.save(path, saved)
    return path


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(9, 1, 32, 32)).astype(np.float32)


def logits_of(path, images):
    network = LeNet()
    checkpoints.restore(network, checkpoints.load(path), path)
    with nnkit.no_grad():
        return network(nnkit.from_numpy(images)).numpy()


@pytest.mark.parametrize(
    ("output", "format", "name"),
    [
        (None, None, "best.onnx"),
        (None, "npz", "best.npz"),
        (None, "safetensors", "best.parameters.safetensors"),
        ("mine.npz", None, "mine.npz"),
        ("mine.safetensors", None, "mine.safetensors"),
        ("mine.bin", "npz", "mine.bin"),
        ("folder", None, "folder/best.onnx"),
        ("folder", "npz", "folder/best.npz"),
    ],
)
def test_where_it_goes(output, format, name, checkpoint):
    folder = checkpoint.parent
    (folder / "folder").mkdir()
    before = checkpoint.read_bytes()
    exported = export_checkpoint(checkpoint, output and folder / output, format)
    assert exported.path == folder / name
    assert exported.size == exported.path.stat().st_size
    assert {path.name for path in folder.rglob("*")} == {"best.safetensors", "folder", Path(name).name}
    assert checkpoint.read_bytes() == before


@pytest.mark.parametrize("format", ["onnx", "npz", "safetensors"])
def test_equal_checkpoints_give_equal_files(format, checkpoint):
    first, second = (export_checkpoint(checkpoint, checkpoint.parent / name, format).path for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_onnx_gives_the_logits_and_carries_what_belongs_to_them(checkpoint, images):
    exported = export_checkpoint(checkpoint)
    session = session_of(exported.path.read_bytes())
    np.testing.assert_allclose(session.run(None, {"images": images})[0], logits_of(checkpoint, images), atol=1e-6)
    assert 0 <= exported.difference < 1e-5
    described = session.get_modelmeta()
    assert (described.producer_name, described.graph_name) == ("nnkit", "LeNet")
    metadata = described.custom_metadata_map
    assert metadata.pop("nnkit_version") == nnkit.__version__
    assert json.loads(metadata.pop("config")) == load_config("quickstart").model_dump(mode="json")
    assert metadata == {
        "network": "LeNet",
        "epoch": "3",
        "input_size": "[32, 32]",
        "mean": "0.25",
        "std": "0.5",
        "classes": json.dumps(list("0123456789")),
    }


def test_safetensors_is_what_pytorch_loads(checkpoint, images):
    path = export_checkpoint(checkpoint, format="safetensors").path
    network = TorchLeNet()
    network.load_state_dict(safetensors.torch.load_file(path))
    with torch.no_grad():
        found = network(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(found, logits_of(checkpoint, images), atol=1e-5)
    with safetensors.safe_open(path, "np") as file:
        metadata = file.metadata()
    assert (metadata["format"], metadata["network"], metadata["mean"]) == ("pt", "LeNet", "0.25")


def test_npz_is_what_numpy_loads_without_pickle(checkpoint):
    path = export_checkpoint(checkpoint, format="npz").path
    with np.load(path, allow_pickle=False) as arrays:
        metadata = json.loads(str(arrays[METADATA]))
        found = {name: arrays[name] for name in arrays.files if name != METADATA}
    assert json.loads(metadata["classes"]) == list("0123456789")
    expected = checkpoints.load(checkpoint).parameters
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("encode", [as_npz, as_safetensors])
def test_any_array_comes_back(encode):
    arrays = {
        "file": np.float32(1.5),
        "a/b": np.arange(6.0).reshape(2, 3).T,
        "allow_pickle": np.zeros((0, 2), np.int64),
    }
    content = encode({name: np.asarray(array) for name, array in arrays.items()}, {"text": "é\n"})
    found = np.load(io.BytesIO(content)) if encode is as_npz else safetensors.numpy.load(content)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert np.array_equal(found[name], array)


def test_an_npz_file_does_not_depend_on_the_clock():
    with zipfile.ZipFile(io.BytesIO(as_npz({"a": np.zeros(3)}, {}))) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_file_that_exists_is_replaced_only_by_force(checkpoint):
    path = checkpoint.with_name("best.onnx")
    path.write_text("mine")
    with pytest.raises(FileAccessError, match=r"best\.onnx: exists already; --force replaces it, --output writes else"):
        export_checkpoint(checkpoint)
    assert path.read_text() == "mine"
    export_checkpoint(checkpoint, force=True)
    assert path.stat().st_size > 200_000


@pytest.mark.parametrize("name", ["best.safetensors", "link.safetensors", "again.safetensors"])
def test_the_checkpoint_is_never_replaced(name, checkpoint):
    before = checkpoint.read_bytes()
    checkpoint.with_name("link.safetensors").symlink_to(checkpoint)
    checkpoint.with_name("again.safetensors").hardlink_to(checkpoint)
    with pytest.raises(FileAccessError, match=f"{name}: is the checkpoint itself; choose another --output"):
        export_checkpoint(checkpoint, checkpoint.with_name(name), force=True)
    assert checkpoint.read_bytes() == before


def test_a_graph_that_cannot_be_leaves_no_file(checkpoint, monkeypatch):
    monkeypatch.delitem(OPERATORS, ops.Convolution)
    with pytest.raises(ExportError) as raised:
        export_checkpoint(checkpoint)
    assert str(raised.value) == (
        f"{checkpoint}: layer 'conv1' uses Convolution, which has no counterpart in ONNX that nnkit knows; "
        "--format safetensors or npz exports the parameters of any network"
    )
    monkeypatch.setitem(OPERATORS, ops.Convolution, lambda step: step.graph.add("Conv", step.name(0), step.name(1)))
    with pytest.raises(ExportError, match="onnxruntime's logits differ from nnkit's by"):
        export_checkpoint(checkpoint)
    assert list(checkpoint.parent.iterdir()) == [checkpoint]


def test_without_the_libraries(checkpoint, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert export_checkpoint(checkpoint).difference is None
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ConfigError, match=r"^ONNX needs the library onnx: pip install 'nnkit\[onnx\]' "):
        export_checkpoint(checkpoint, force=True)
    export_checkpoint(checkpoint, format="npz")
    export_checkpoint(checkpoint, format="safetensors")


@pytest.mark.parametrize(
    ("output", "options", "message"),
    [
        ("x.pt", {}, r"x\.pt: expected a name that ends with \.onnx, \.safetensors, \.npz, or a --format"),
        (
            "x.onnx",
            {"format": "onx"},
            r"unknown format 'onx', did you mean 'onnx'\? \(choose from: npz, onnx, s",
        ),
        ("x.npz", {"raw_pixels": True}, "only ONNX files can take raw pixels, npz files hold nothing but arrays"),
    ],
)
def test_options_that_contradict(output, options, message, checkpoint):
    with pytest.raises(ConfigError, match=message):
        export_checkpoint(checkpoint, checkpoint.with_name(output), **options)
