"""`save` and `load`: what goes in comes out, as in PyTorch, and no file does harm."""

import collections
import hashlib
import io
import json
import math
import pickle
import re

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from reliability.checkpoint_lies import Bomb

import nnkit
from nnkit import nn, optim
from nnkit.errors import CheckpointError
from nnkit.serialization import container


def again(library, value):
    """Return a value after it was saved and loaded."""
    file = io.BytesIO()
    library.save(value, file)
    file.seek(0)
    return library.load(file)


VALUES = [
    "[1, -2.5, None, True, 'a', (1, (2,)), [], (), {}, '']",
    "{'inf': math.inf, 'nan': math.nan, 'large': 2**70, 4: 5, (1, 2): 3, None: 0, True: '1', 2.5: 1}",
    "{'size': t.Size([2, 3]), 'dtype': t.float64, 'device': t.device('cpu'), 'bool': t.bool}",
    "t.tensor(3)",
    "[t.arange(3.), t.arange(6).view(2, 3).t(), t.zeros(0, 3), t.tensor([True]), t.tensor(2, dtype=t.uint8)]",
    "(t.ones(2, requires_grad=True) * 2).sum()",
    "t.nn.Parameter(t.ones(2))",
    "[t.nn.Parameter(t.ones(2), requires_grad=False), t.ones(2, requires_grad=True)]",
    "{'a': {'b': t.zeros(1)}, 'a/b': t.ones(1), 'tensor 0': t.ones(2), '': t.ones(3), '__metadata__': t.ones(1)}",
    "{0: t.zeros(1), '0': t.ones(1), 'x' * 300: t.full((2,), 7.), 'a\\nb': t.full((1,), 8.)}",
    "collections.OrderedDict(b=1, a=t.ones(1))",
]


@pytest.mark.parametrize("source", VALUES)
def test_values_come_back_as_in_pytorch(source):
    def outcome(library):
        return repr(again(library, eval(source, {"t": library, "collections": collections, "math": math})))

    assert outcome(nnkit) == outcome(torch)


def test_a_state_dict_comes_back_with_its_metadata():
    state = again(nnkit, nn.Sequential(nn.Linear(2, 1)).state_dict())
    assert type(state) is collections.OrderedDict
    assert state._metadata == torch.nn.Sequential(torch.nn.Linear(2, 1)).state_dict()._metadata
    assert list(state) == ["0.weight", "0.bias"]
    assert not state["0.weight"].requires_grad


def test_one_tensor_stays_one():
    tensor = nnkit.zeros(4)
    first, second = again(nnkit, [tensor, tensor])
    assert first is second
    first += 1
    assert tensor.tolist() == [0, 0, 0, 0]


def test_a_checkpoint_of_a_training_goes_on(tmp_path):
    def training():
        nnkit.manual_seed(0)
        net = nn.Linear(3, 2)
        optimizer = optim.Adam(net.parameters(), lr=0.1)
        return net, optimizer, optim.lr_scheduler.StepLR(optimizer, 2, 0.5)

    def step(net, optimizer, scheduler):
        optimizer.zero_grad()
        loss = net(nnkit.ones(4, 3)).square().sum()
        loss.backward()
        optimizer.step()
        scheduler.step()
        return loss

    path = tmp_path / "checkpoint.tar"
    parts = training()
    for _ in range(3):
        loss = step(*parts)
    names = ("model", "optimizer", "scheduler")
    states = {name: part.state_dict() for name, part in zip(names, parts, strict=True)}
    nnkit.save({"epoch": 3, **states, "loss": loss}, path)
    expected = step(*parts).item()

    others = training()
    checkpoint = nnkit.load(path, weights_only=True)
    for name, part in zip(names, others, strict=True):
        part.load_state_dict(checkpoint[name])
    assert checkpoint["epoch"] == 3
    assert checkpoint["loss"].item() == loss.item()
    assert checkpoint["loss"].requires_grad
    assert step(*others).item() == expected


def test_other_programs_read_the_arrays_of_a_state_dict(tmp_path):
    net = nn.Linear(3, 2)
    nnkit.save(net.state_dict(), tmp_path / "net.pt")
    theirs = torch.nn.Linear(3, 2)
    theirs.load_state_dict(safetensors.torch.load_file(tmp_path / "net.pt"))
    assert theirs.weight.tolist() == net.weight.tolist()


def test_arrays_of_other_programs_are_a_state_dict(tmp_path):
    theirs = torch.nn.Linear(3, 2)
    safetensors.torch.save_file(theirs.state_dict(), tmp_path / "net.safetensors")
    net = nn.Linear(3, 2)
    assert str(net.load_state_dict(nnkit.load(tmp_path / "net.safetensors"))) == "<All keys matched successfully>"
    assert net.weight.tolist() == theirs.weight.tolist()


def test_files_that_are_open(tmp_path):
    with (tmp_path / "two").open("wb") as file:
        file.write(b"before")
        nnkit.save({"a": nnkit.ones(2)}, file)
    with (tmp_path / "two").open("rb") as file:
        assert file.read(6) == b"before"
        assert str(nnkit.load(file)) == "{'a': tensor([1., 1.])}"


@pytest.mark.parametrize(
    "source",
    [
        "t.save({}, folder + '/none/x.pt')",
        "t.save({}, 3)",
        "t.save({})",
        "t.load(folder + '/missing.pt')",
        "t.load(folder)",
        "t.load(3)",
        "t.load(path, map_location='cuda')",
        "t.load(path, map_location=t.device('cuda:0'))",
        "t.load(path, map_location={'cpu': 'cuda'})",
        "t.load(path, map_location={'cuda:0': 'cpu'})",
        "t.load(path, map_location=t.device('cpu'))",
        "t.load(path, 'cpu', weights_only=False)",
        "t.load(path, map_location=lambda storage, location: storage)",
        "t.load(path, map_location=lambda storage, location: None)",
        "t.load(path, map_location=3)",
    ],
)
def test_arguments_mean_what_they_mean_in_pytorch(source, tmp_path):
    def outcome(library):
        path = str(tmp_path / "saved.pt")
        library.save({"a": library.ones(2)}, path)
        try:
            return repr(eval(source, {"t": library, "path": path, "folder": str(tmp_path)}))
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    assert outcome(nnkit) == outcome(torch)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (nn.Linear(1, 1), r"cannot save a Linear, .*; save its state_dict\(\)"),
        ({"net": [nn.Linear(1, 1)]}, r"cannot save a Linear \(at 'net/0'\)"),
        ({"loss": np.ones(2)}, r"cannot save a ndarray .*nnkit.tensor"),
        ({"count": np.int64(2)}, r"cannot save a int64 .*item\(\)"),
        ({1, 2}, "cannot save a set, which only pickle could"),
        (collections.Counter("a"), "cannot save a Counter"),
        ({nnkit.float32: 1}, "with the key torch.float32"),
        (print, "cannot save a builtin_function_or_method"),
    ],
)
def test_what_only_pickle_could_save_is_refused(value, message, tmp_path):
    path = tmp_path / "saved.pt"
    path.write_bytes(b"before")
    with pytest.raises(TypeError, match=message):
        nnkit.save(value, path)
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize("protocol", [2, 5])
def test_a_pickle_is_never_loaded(protocol, tmp_path):
    fired = tmp_path / "fired"
    path = tmp_path / "bomb.pt"
    path.write_bytes(pickle.dumps(Bomb(fired), protocol))
    with pytest.raises(CheckpointError, match=r"a pickle, which could run any code .*safetensors\.torch\.save_file"):
        nnkit.load(path, weights_only=False)
    torch.save({"bomb": Bomb(fired)}, path)
    with pytest.raises(CheckpointError, match="a pickle"):
        nnkit.load(path)
    assert not fired.exists()


def test_a_header_of_any_length_is_told_from_a_pickle():
    starts = set()
    for length in range(0, 256, 8):
        file = io.BytesIO()
        nnkit.save("a" * length, file)
        starts.add(file.getvalue()[:1])
        file.seek(0)
        assert nnkit.load(file) == "a" * length
    assert b"\x80" in starts


def saved_with(values):
    """Return a file as of `save` with a text for its values, and the right checksum."""
    return container.encode(
        {"a": np.ones(2, np.float32)}, {"format": "nnkit.save", "format_version": "1", "values": values}
    )


@pytest.mark.parametrize(
    "values",
    [
        "",
        "{}",
        '{"tensor": "b"}',
        '{"tensor": ["a"]}',
        '{"tensor": null}',
        '{"other": 1}',
        '{"dict": [[1]]}',
        '{"dict": [[[], 1]]}',
        '{"dict": 3}',
        '{"ordered": []}',
        '{"tuple": 3}',
        '{"size": ["a", {}]}',
        '{"dtype": "__class__"}',
        '{"device": "nowhere"}',
        '{"device": 3}',
        '{"parameter": "b", "requires_grad": true}',
        "[" * 100_000,
        "[" * 5_000 + "]" * 5_000,
        "9" * 10_000,
    ],
)
def test_values_that_save_does_not_write_are_refused(values):
    with pytest.raises(CheckpointError, match=r"^the file: (its metadata cannot be read|damaged)"):
        nnkit.load(io.BytesIO(saved_with(values)))


@pytest.mark.parametrize("content", [b"x", b"hello world", b"\xff" * 100, b"\x10" + b"\0" * 7 + b"{}", b"{" * 5000])
def test_files_of_another_kind_are_refused(content):
    with pytest.raises(CheckpointError, match=r"^the file: "):
        nnkit.load(io.BytesIO(content))
    with pytest.raises(EOFError):
        nnkit.load(io.BytesIO())


def test_a_damaged_byte_is_noticed():
    content = saved_with('{"tensor": "a"}')
    nnkit.load(io.BytesIO(content))
    for position in range(0, len(content), 7):
        altered = bytearray(content)
        altered[position] ^= 0x10
        with pytest.raises(CheckpointError):
            nnkit.load(io.BytesIO(altered))


def test_another_version_is_told():
    content = container.encode({}, {"format": "nnkit.save", "format_version": "2", "values": "3"})
    with pytest.raises(CheckpointError, match="written by another version of nnkit"):
        nnkit.load(io.BytesIO(content))


def test_a_header_that_promises_more_than_there_is_takes_no_memory():
    content = safetensors.numpy.save({"a": np.zeros(4, np.float32)})
    lying = content.replace(b'"shape":[4]', b'"shape":[4000000000000]')
    length = len(lying) - len(content) + int.from_bytes(content[:8], "little")
    with pytest.raises(CheckpointError, match="another number of bytes"):
        nnkit.load(io.BytesIO(length.to_bytes(8, "little") + lying[8:]))


def test_equal_values_give_equal_files(tmp_path):
    digests = set()
    for _ in range(3):
        nnkit.save({"a": nnkit.ones(2), "b": [nnkit.zeros(3), 1]}, tmp_path / "a")
        digests.add(hashlib.sha256((tmp_path / "a").read_bytes()).hexdigest())
    assert len(digests) == 1
    header = (tmp_path / "a").read_bytes()[8:]
    values = json.loads(header[: header.rindex(b"}") + 1])["__metadata__"]["values"]
    assert re.sub(r"\s", "", values) == '{"dict":[["a",{"tensor":"a"}],["b",[{"tensor":"b/0"},1]]]}'
