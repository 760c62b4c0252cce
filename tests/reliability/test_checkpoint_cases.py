"""Checkpoints that are damaged, foreign or made to do harm: refused in one line, with nothing changed."""

import dataclasses
import hashlib
import pickle
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from reliability import fuzz_checkpoint
from reliability.checkpoint_lies import LIES, Bomb, altered, lying_texts, pickles, sparse_files, with_flipped, with_text
from reliability.fuzz_checkpoint import parts, resealed, sealed

from nnkit.cli.main import run
from nnkit.errors import CheckpointError
from nnkit.models import RNN, LeNet
from nnkit.optim import SGD
from nnkit.serialization import container
from nnkit.tensors import ones_like
from nnkit.training import checkpoint as checkpoints
from nnkit.training.load import load_checkpoint

FORMAT_1 = Path(__file__).parent / "fixtures" / "format-1.safetensors"
COMMAND = [sys.executable, "-c", "from nnkit.cli.main import main; main()"]
CODE = 4


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """A whole checkpoint with training state, in the format of today."""
    path = tmp_path_factory.mktemp("whole") / "a.safetensors"
    checkpoints.save(path, checkpoints.load(FORMAT_1))
    return path.read_bytes()


@pytest.fixture
def refused(tmp_path, capsys):
    """Write a content and have `nnkit eval` and `load_checkpoint` refuse it; return the reason."""

    def check(content, name="a.safetensors"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(CheckpointError) as caught:
            load_checkpoint(path)
        assert run(["eval", str(path)]) == CODE
        output = capsys.readouterr()
        assert output.err == f"nnkit: error: {caught.value}\n"
        assert output.err[:-1].isprintable()
        assert output.out == ""
        assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(name, content)]
        return str(caught.value).removeprefix(f"{path}: ")

    return check


@pytest.mark.case("K1")
def test_K1_cut_files(content, refused, tried):
    for k in range(16):
        refused(content[: len(content) * k // 16])
        tried()


@pytest.mark.case("K2")
@pytest.mark.parametrize("more", [b"\0", b"}", b" " * 8])
def test_K2_longer_files(more, content, refused):
    refused(content + more)
    assert "do not fill" in refused(resealed(content + more))


def spread(content, number):
    """Return bits of the length, the header and the data, a third of each as far as they go."""
    length = int.from_bytes(content[:8], "little")
    parts_of_file = [range(64), range(64, 8 * (8 + length)), range(8 * (8 + length), 8 * len(content))]
    source = random.Random(number)
    chosen = [bit for part in parts_of_file for bit in source.sample(part, min(number // 3, len(part)))]
    return [*chosen, *source.sample(range(64, 8 * len(content)), number - len(chosen))]


@pytest.mark.case("K3")
def test_K3_flipped_bits(content, tmp_path, full, tried, refused):
    path = tmp_path / "a.safetensors"
    for number, bit in enumerate(spread(content, 1000 if full else 100)):
        flipped = with_flipped(content, bit)
        path.write_bytes(flipped)
        with pytest.raises(CheckpointError):
            checkpoints.load(path)
        if number % 20 == 0:
            refused(flipped)
        tried()


@pytest.mark.case("K3")
def test_K3_two_flipped_bits_and_exchanged_bytes(content, tmp_path, full, tried):
    path = tmp_path / "a.safetensors"
    source = random.Random(3)
    for _ in range(500 if full else 50):
        path.write_bytes(with_flipped(content, *source.sample(range(8 * len(content)), 2)))
        with pytest.raises(CheckpointError):
            checkpoints.load(path)
        first = source.randrange(len(content) - 1)
        second = source.choice([first + 1, source.randrange(len(content))])
        exchanged = bytearray(content)
        exchanged[first], exchanged[second] = content[second], content[first]
        if exchanged != content:
            path.write_bytes(exchanged)
            with pytest.raises(CheckpointError):
                checkpoints.load(path)
        tried()


@pytest.fixture(scope="module")
def lies(content):
    return {name: altered(content, *change) for name, change in LIES.items()} | lying_texts(content)


def named(name):
    """Return a parameter that is marked with its case, if its name begins with one."""
    case = re.match(r"K[0-9]+", name)
    return pytest.param(name, marks=pytest.mark.case(case[0]) if case else ())


@pytest.mark.parametrize("name", [named(name) for name in [*LIES, *lying_texts(FORMAT_1.read_bytes())]])
def test_lies(name, lies, refused):
    reason = refused(lies[name])
    assert 0 < len(reason) < 1000


# The process says what each file cost: the largest memory it had is monotone, so each can be told apart.
REFUSALS = """
import resource, sys
from nnkit.cli.main import run
import nnkit.cli.eval, nnkit.training.evaluate
from nnkit.kernels.cpu import ahead, compiler

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

before = peak()
for path in sys.argv[1:]:
    print(path, run(["eval", path]), peak() - before, flush=True)
"""


@pytest.mark.case("K4", "K5", "K6", "K7", "K8")
def test_K4_to_K8_cost_no_memory(content, lies, tmp_path):
    paths = sparse_files(tmp_path, content)
    for name, lie in lies.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(lie)
    result = subprocess.run(
        [sys.executable, "-c", REFUSALS, *map(str, paths)], capture_output=True, text=True, timeout=120, check=True
    )
    measured = [line.rsplit(" ", 2) for line in result.stdout.splitlines()]
    assert [path for path, _, _ in measured] == list(map(str, paths))
    assert [(path, code) for path, code, _ in measured if code != "4"] == []
    assert [(path, megabytes) for path, _, megabytes in measured if int(megabytes) > 100] == []
    complaints = result.stderr.splitlines()
    assert [line.startswith(f"nnkit: error: {path}: ") for line, path in zip(complaints, paths, strict=True)] == [
        True
    ] * len(paths)


def without(name):
    return lambda arrays: arrays.pop(name)


def with_array(name, array):
    return lambda arrays: arrays.update({name: array})


MISFITS = [
    pytest.param(
        without("h2o.bias"), 'Missing key(s) in state_dict: "h2o.bias"', id="K9", marks=pytest.mark.case("K9"),
    ),
    pytest.param(
        with_array("extra", np.zeros(1)), 'Unexpected key(s) in state_dict: "extra"', id="K10",
        marks=pytest.mark.case("K10"),
    ),
    pytest.param(
        with_array("h2o.bias", np.zeros(3, np.float32)),
        "size mismatch for h2o.bias: copying a param with shape torch.Size([3]) from checkpoint, the shape in current "
        "model is torch.Size([10]).",
        id="K11", marks=pytest.mark.case("K11"),
    ),
    *(
        pytest.param(
            with_array("h2o.bias", np.zeros(10, kind)), "dtype mismatch for h2o.bias", id=f"K12-{np.dtype(kind)}",
            marks=pytest.mark.case("K12"),
        )
        for kind in (np.float64, np.int64, np.uint8, np.bool_)
    ),
]  # fmt: skip


def with_arrays(content, change, folder):
    """Return a whole checkpoint of which `change` has altered the arrays in place."""
    path = folder / "given.safetensors"
    path.write_bytes(content)
    arrays, metadata = container.decode(path)
    path.unlink()
    change(arrays)
    return container.encode(arrays, {key: text for key, text in metadata.items() if key != "sha256"})


@pytest.mark.parametrize(("change", "message"), MISFITS)
def test_misfits_leave_the_network_alone(change, message, content, tmp_path, refused):
    changed = with_arrays(content, change, tmp_path)
    assert message in refused(changed)
    path = tmp_path / "a.safetensors"
    network = RNN(hidden_size=8)
    before = {name: array.copy() for name, array in checkpoints.parameters_of(network).items()}
    with pytest.raises(CheckpointError) as caught:
        checkpoints.restore(network, checkpoints.load(path), path)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    after = checkpoints.parameters_of(network)
    assert after.keys() == before.keys()
    assert [name for name in after if after[name].tobytes() != before[name].tobytes()] == []


@pytest.mark.case("K9", "K10", "K11", "K12")
def test_K9_to_K12_are_all_listed_at_once(content, tmp_path, refused):
    def change(arrays):
        without("h2o.bias")(arrays)
        with_array("extra", np.zeros(1))(arrays)
        with_array("i2h.bias", np.zeros(3, np.float32))(arrays)
        with_array("h2o.weight", np.zeros((10, 8)))(arrays)

    reason = refused(with_arrays(content, change, tmp_path))
    for message in ("Missing key(s)", "Unexpected key(s)", "size mismatch for i2h.bias", "dtype mismatch for h2o.w"):
        assert message in reason


@pytest.mark.case("K13")
@pytest.mark.parametrize("name", ["i2h.weight", "__nnkit__/optimizer/state/0/exp_avg"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_K13_not_finite(name, bad, content, tmp_path, refused):
    def change(arrays):
        arrays[name] = arrays[name].copy()
        arrays[name].flat[-1] = bad

    assert refused(with_arrays(content, change, tmp_path)) == f"{name} holds numbers that are not finite"


@pytest.mark.case("K14")
def test_K14_another_network(content, tmp_path, refused):
    def change(arrays):
        for name in [name for name in arrays if not name.startswith(checkpoints.STATE_PREFIX)]:
            del arrays[name]
        arrays.update(checkpoints.parameters_of(LeNet()))

    reason = refused(with_arrays(content, change, tmp_path))
    assert reason.startswith("Error(s) in loading state_dict for RNN: Missing key(s)")
    assert '"conv1.weight"' in reason


@pytest.mark.case("K15")
def test_K15_the_state_of_another_optimizer(content, tmp_path, capsys):
    path = tmp_path / "last.safetensors"
    path.write_bytes(content)
    network = RNN(hidden_size=8)
    optimizer = SGD(network.parameters(), lr=0.1, momentum=0.9)
    for parameter in network.parameters():
        parameter.grad = ones_like(parameter)
    optimizer.step()
    whole = checkpoints.load(path)
    checkpoints.save(path, whole.with_state({**whole.state, "optimizer": optimizer.state_dict()}))
    before = path.read_bytes()
    assert run(["train", "--quiet", "--resume", str(path)]) == CODE
    error = capsys.readouterr().err
    assert error.startswith(f"nnkit: error: {path}: its training state does not fit: ")
    assert error.count("\n") == 1
    assert path.read_bytes() == before


@pytest.mark.case("K16")
@pytest.mark.parametrize("name", ["model.pt", "last.safetensors"])
def test_K16_pickles(name, refused, tmp_path_factory, tried):
    folder = tmp_path_factory.mktemp("pickles")
    marker = folder / "ran"
    contents = pickles(marker, folder)
    for content in contents:
        refused(content, name)
        tried()
    assert "pickle files are never loaded" in refused(contents[0], name)
    assert not marker.exists()
    pickle.loads(contents[0]).close()
    assert marker.exists()


@pytest.mark.case("K16")
def test_K16_pickles_within_a_whole_checkpoint(content, tmp_path, refused, tried):
    marker = tmp_path.parent / f"{tmp_path.name}-ran"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        header, data = parts(content)
        bomb = pickle.dumps(Bomb(marker), protocol)
        end = len(data)
        header["bomb"] = {"dtype": "U8", "shape": [len(bomb)], "data_offsets": [end, end + len(bomb)]}
        assert 'Unexpected key(s) in state_dict: "bomb"' in refused(sealed(header, data + bomb))
        tried()
    assert not marker.exists()


@pytest.mark.case("K17")
@pytest.mark.parametrize("version", ["3", "1000000", "9" * 15])
def test_K17_a_newer_format(version, content, refused):
    reason = refused(altered(content, "header", with_text("format_version", version)))
    assert reason.startswith("written by a newer nnkit (format ")


@pytest.mark.case("K18")
def test_K18_the_format_before_this_one():
    checkpoint = checkpoints.load(FORMAT_1)
    assert (checkpoint.epoch, checkpoint.step) == (2, 90)
    digests = {name: hashlib.sha256(array.tobytes()).hexdigest()[:16] for name, array in checkpoint.parameters.items()}
    assert digests == {
        "h2o.bias": "b517e78ad55ea3a3",
        "h2o.weight": "029ff467bc445fcf",
        "i2h.bias": "aab2a57fa2d709e7",
        "i2h.weight": "75478b32ea0baf27",
    }
    _, network, _ = load_checkpoint(FORMAT_1)
    for name, array in checkpoints.parameters_of(network).items():
        assert hashlib.sha256(array.tobytes()).hexdigest()[:16] == digests[name]


@pytest.mark.case("K20")
@pytest.mark.parametrize("command", [["eval"], ["train", "--quiet", "--resume"], ["inspect-graph"]])
def test_K20_no_checkpoint(command, tmp_path, capsys, tried):
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    kept = "last" if "train" in command else "best"
    no_run = f"is a directory, expected a file, or the folder of a run with its {kept}.safetensors"
    for name, reason in (("empty", "empty"), ("folder", no_run), ("no", "does not exist")):
        if (command, name) == (["inspect-graph"], "no"):
            continue  # What does not exist may have been the name of a config.
        path = tmp_path / name
        assert run([*command, str(path)]) == CODE
        assert capsys.readouterr().err == f"nnkit: error: {path}: {reason}\n"
        tried()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["empty", "folder"]


@pytest.mark.case("K23")
def test_K23_load_then_save(content, tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    for _ in range(2):
        checkpoints.save(path, checkpoints.load(path))
        assert path.read_bytes() == content
    # The network alone, too.
    alone = dataclasses.replace(checkpoints.load(path), state=None)
    checkpoints.save(path, alone)
    before = path.read_bytes()
    checkpoints.save(path, checkpoints.load(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(lambda content: content[:-1], "damaged: ", id="K1", marks=pytest.mark.case("K1")),
        pytest.param(lambda content: content + b"\0", "damaged: ", id="K2", marks=pytest.mark.case("K2")),
        pytest.param(lambda content: with_flipped(content, 80_000), "damaged: ", id="K3", marks=pytest.mark.case("K3")),
        pytest.param(
            lambda content: altered(content, *LIES["K6-enormous-network"]), "its network cannot be built: ", id="K6",
            marks=pytest.mark.case("K6"),
        ),
        pytest.param(
            lambda content: altered(content, "header", with_text("format_version", "99")), "written by a newer nnkit",
            id="K17", marks=pytest.mark.case("K17"),
        ),
        pytest.param(
            lambda _: pickle.dumps(Bomb("ran")), "damaged, or not a safetensors file (pickle files are never loaded)",
            id="K16", marks=pytest.mark.case("K16"),
        ),
    ],
)  # fmt: skip
def test_the_command_in_a_process_of_its_own(make, reason, content, tmp_path):
    (tmp_path / "a.pt").write_bytes(make(content))
    result = subprocess.run(
        [*COMMAND, "eval", "a.pt"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stdout) == (CODE, "")
    assert result.stderr.startswith(f"nnkit: error: a.pt: {reason}")
    assert result.stderr.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.case("F1")
def test_F1_changed_checkpoints(content, full, tried):
    fuzz_checkpoint.read(content)
    for seed in range(5000 if full else 300):
        fuzz_checkpoint.read(fuzz_checkpoint.mutated(content, random.Random(seed)))
        tried()
