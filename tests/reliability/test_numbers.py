"""The numbers of whole networks and runs, and where numbers are special: PyTorch's, and the same bits every time."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest
import torch
from plan_steps import batch, take
from pytorch_networks import TorchLeNet, TorchMNISTConvNet, TorchRNN

import nnkit
from nnkit import models, nn
from nnkit.plan import Replay
from nnkit.tensors import Tensor

NAN, INF = float("nan"), float("inf")
TESTS = Path(__file__).parent.parent
PAIRS = {
    "LeNet": (models.LeNet, TorchLeNet),
    "MNISTConvNet": (models.MNISTConvNet, TorchMNISTConvNet),
    "RNN": (models.RNN, lambda: TorchRNN("none")),
}
SIZES = [*range(1, 34), 63, 64, 65, 127, 128, 129]

TRAINED = """
import sys
from nnkit.cli import main

network, threads, folder = sys.argv[1:]
command = ["train", "quickstart", "--set", f"network={{name: {network}}}", "--threads", threads, "--epochs", "1"]
command += ["--quiet", "--no-report"]
for plan in ("true", "false"):
    code = main.run([*command, "--set", f"training.plan={plan}", "--output", f"{folder}-{plan}"])
    assert code == 0
"""


def weights(path):
    from nnkit.training import checkpoint

    return {name: array.tobytes() for name, array in checkpoint.load(path).parameters.items()}


@pytest.mark.case("N4")
@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread is all that this machine has")
@pytest.mark.parametrize("network", [pytest.param(name, id=f"N4-{name}") for name in (*PAIRS, "LSTM")])
def test_N4_whole_runs_with_one_and_two_threads(network, tmp_path, tried):
    for threads in ("1", "2"):
        command = [sys.executable, "-c", TRAINED, network, threads, threads]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    for plan in ("true", "false"):
        for name in ("last", "best"):
            first, second = (tmp_path / f"{threads}-{plan}" / f"{name}.safetensors" for threads in "12")
            assert weights(first) == weights(second)
    tried(2)


@pytest.mark.case("N6")
@pytest.mark.parametrize("plan", [False, True], ids=["tape", "plan"])
@pytest.mark.parametrize("name", [pytest.param(name, id=f"N6-{name}") for name in PAIRS])
def test_N6_batches_of_all_sizes(name, plan, full, tried, monkeypatch):
    """PyTorch calculates in float64: its own sums in float32 are further from that than ours."""
    make, make_reference = PAIRS[name]
    nnkit.manual_seed(0)
    network, reference = make(), make_reference().double()
    reference.load_state_dict({key: torch.tensor(value.numpy()) for key, value in network.state_dict().items()})
    replay = Replay(network, nn.CrossEntropyLoss(), enabled=plan)
    # The zeros that the recurrent network begins with.
    monkeypatch.setattr(torch, "zeros", lambda *shape: torch.full(shape, 0.0, dtype=torch.float64))
    for size in SIZES if full else [1, 2, 15, 16, 17, 31, 32, 33, 63, 65, 127, 128]:
        images, labels = batch(size, (1, *network.input_size), 10)
        reference.zero_grad()
        logits = reference(torch.tensor(images.array).double())
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels.array))
        loss.backward()
        gradients = {path: parameter.grad.numpy() for path, parameter in reference.named_parameters()}
        # The second time a plan replays what it recorded the first time.
        for _ in range(2):
            mine = take(replay, images, labels)
            np.testing.assert_allclose(mine.loss, loss.item(), 1e-6, err_msg=f"{size}")
            np.testing.assert_allclose(mine.logits, logits.detach().numpy(), 1e-5, 1e-6, err_msg=f"{size}")
            for path, expected in gradients.items():
                atol = 5e-6 * np.abs(expected).max()
                np.testing.assert_allclose(mine.gradients[path], expected, 0, atol, err_msg=f"{path} of {size}")
        tried()
    assert bool(replay._plans) == plan
    assert not plan or replay.obstacle is None


# Lines of tensors, made with the seed 0 from leaves `x`, `y` and `z`; results and gradients are those of PyTorch.
SHAPES = {
    "N5": {"x": (0, 2, 8, 8), "y": (0, 6), "z": (6,)},
    "N8": {"x": (), "y": (), "z": (3,)},
}
LINES = {
    "N5": """
        nn.Conv2d(2, 3, 3)(x)
        nn.Conv2d(2, 4, 2, stride=2, padding=1, groups=2, bias=False)(x)
        nn.MaxPool2d(2)(x)
        nn.MaxPool2d(3, 2, 1)(x.relu())
        nn.Linear(6, 4)(y)
        nn.Linear(6, 4, bias=False)(y)
        nn.Flatten()(x)
        nn.Dropout(0.5)(y)
        nn.ReLU()(y), nn.Tanh()(y), nn.Sigmoid()(y), nn.Identity()(y)
        nn.Softmax(1)(y), nn.LogSoftmax(1)(y), nn.LogSoftmax(0)(y)
        nn.CrossEntropyLoss()(y, t.zeros(0, dtype=t.int64))
        nn.CrossEntropyLoss(reduction="sum")(y, t.zeros(0, dtype=t.int64))
        nn.CrossEntropyLoss(label_smoothing=0.1)(y, t.zeros(0, dtype=t.int64))
        nn.NLLLoss(reduction="none")(y, t.zeros(0, dtype=t.int64))
        nn.MSELoss()(y, y * 2), nn.MSELoss(reduction="sum")(y, y * 2)
        y + z, y * z, y - 1, y / z, y ** 2, -y, y.exp(), y.abs(), y.clamp(0, 1), t.maximum(y, z), t.where(y > 0, y, z)
        y.sum(), y.sum(0), y.mean(0), y.mean(), y.prod(), y.sum(1), y.mean(1)
        y @ z, y @ t.ones(6, 2), y.t() @ y, t.cat([y, y], 1), t.stack([y, y]), y.unbind(1)[2]
        y.view(0, 2, 3), y.reshape(-1, 6), y.t(), y[:, 2], y[:0], y.expand(5, 0, 6), y.unsqueeze(1), y.clone()
        nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 4))(x)
    """,
    "N8": """
        x + y, x - y, x * y, x / y, x ** 2, x ** y, 2 ** x, -x, abs(x), x + z, x * z, z / x, 2 - x
        x.exp(), x.log(), x.sqrt(), x.reciprocal(), x.sigmoid(), x.tanh(), x.relu(), x.clamp(0, 0.5)
        t.maximum(x, y), t.minimum(x, y), t.maximum(x, z), t.where(x > y, x, y), x.masked_fill(y > 9, 3.0)
        x.sum(), x.mean(), x.prod(), x.max(), x.min(), x.sum(0), x.mean(-1), x.max(0)[0], x.norm(), x.norm(1)
        x.view(1), x.view(1, 1), x.reshape(-1), x.flatten(), x.unsqueeze(0), x.squeeze(), x.expand(3), x.t(), x.clone()
        t.stack([x, y]), x.softmax(0), x.log_softmax(-1), F.mse_loss(x, y), F.relu(x), F.dropout(x, 0.0)
        x[None], x[...], z[1] * x, z.sum() * x, (z @ z) * y, x.double()
        F.cross_entropy(z, t.tensor(1)), F.nll_loss(z, t.tensor(2))
    """,
}


def lines_of(lines):
    return [
        pytest.param(case, line.strip(), marks=pytest.mark.case(case), id=f"{case}-{number}")
        for case, text in lines.items()
        for number, line in enumerate(text.strip().splitlines())
    ]


def outcomes(program, package, inputs):
    """Return the results of a line, each with the gradients of what it was made from, as arrays."""
    found = []
    leaves = {name: package.tensor(value, requires_grad=True) for name, value in inputs.items()}
    package.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of transposed numbers and of layers without elements
        results = eval(
            f"[{program}]", {"t": package, "INF": INF, "nn": package.nn, "F": package.nn.functional, **leaves}
        )
        for result in results:
            for leaf in leaves.values():
                leaf.grad = None
            result.sum().backward()
            gradients = [None if leaf.grad is None else leaf.grad.numpy() for leaf in leaves.values()]
            found.append((result.detach().numpy(), *gradients))
    return found


def compare(program, inputs):
    mine, expected = (outcomes(program, package, inputs) for package in (nnkit, torch))
    for ours, theirs in zip(mine, expected, strict=True):
        for array, reference in zip(ours, theirs, strict=True):
            assert (array is None) == (reference is None)
            if array is not None:
                assert (array.shape, array.dtype) == (reference.shape, reference.dtype)
                np.testing.assert_allclose(array, reference, 1.3e-6, 1e-5)
    return len(expected)


@pytest.mark.parametrize(("case", "line"), lines_of(LINES))
def test_shapes_without_images_or_dimensions(case, line, tried):
    generator = np.random.default_rng(0)
    inputs = {name: generator.uniform(0.2, 2, shape).astype(np.float32)[...] for name, shape in SHAPES[case].items()}
    tried(compare(line, {name: np.asarray(value) for name, value in inputs.items()}))


@pytest.mark.case("N5")
@pytest.mark.parametrize("name", [pytest.param(name, id=f"N5-{name}") for name in PAIRS])
def test_N5_networks_of_no_images(name):
    network, reference = (make() for make in PAIRS[name])
    images = np.zeros((0, 1, *network.input_size), np.float32)
    logits, expected = network(Tensor.detached(images)), reference(torch.tensor(images))
    assert logits.shape == tuple(expected.shape) == (0, 10)
    logits.sum().backward()
    expected.sum().backward()
    for (path, mine), other in zip(network.named_parameters(), reference.parameters(), strict=True):
        np.testing.assert_array_equal(mine.grad.numpy(), other.grad.numpy(), err_msg=path)


VALUES = {
    "N9": [[0.0, -0.0, 1.0, 1.0], [1.0, 0.0, -1.0, 0.5], [1.0, 1.0, 1.0, 1.0], [0.5, -1.0, 0.5, 0.0]],
    "N10": [[NAN, 1.0, -1.0, INF], [-INF, NAN, 2.0, NAN], [0.0, 3.0, NAN, 5.0], [1.0, 2.0, 3.0, 4.0]],
    "N11": [[1e30, -1e30, 0.0, 1.0], [-1e30, -1e30, -1e30, -1e30], [1e30, 1e30, 0.0, 0.0], [3e38, -3e38, 1e30, 0.0]],
}
SPECIAL = {
    "N9": """
        x.relu(), F.relu(x), nn.ReLU()(x), x.abs(), x.clamp(0, 1), x.clamp(min=0), x.clamp(max=0.5), x.clamp(1, 1)
        x.max(), x.min(), x.max(0)[0], x.max(1)[0], x.min(0)[0], x.min(1)[0], x.norm(INF), x.norm(-INF)
        t.maximum(x, x * 1), t.maximum(x, t.zeros(4)), t.minimum(x, t.ones(4)), t.minimum(x, -x)
        F.max_pool2d(x[None], 2), F.max_pool2d(x[None], 2, 1), F.max_pool2d(x[None], 3, 1, 1), F.max_pool2d(x[None], 4)
        (x * 1).relu_(), (x * 1).clamp_(0, 1), x.norm(1), x.norm(1, 1), F.max_pool2d(x[None].relu(), 2)
    """,
    "N10": """
        x.relu(), F.relu(x), nn.ReLU()(x), (x * 1).relu_(), x.clamp(0, 1), x.clamp(min=0), x.abs(), x.sigmoid()
        x.max(), x.min(), x.max(0)[0], x.max(1)[0], x.min(0)[0], x.min(1)[0], x.max(0)[1] * x, x.argmax(0) * x
        t.maximum(x, t.zeros(4)), t.minimum(x, t.zeros(4)), t.maximum(t.zeros(4), x), t.minimum(t.zeros(4), x)
        F.max_pool2d(x[None], 2), F.max_pool2d(x[None], 2, 1), F.max_pool2d(x[None], 3, 1, 1), F.max_pool2d(x[None], 4)
        F.max_pool2d(x[None].relu(), 2), x.tanh(), x.sum(0), x.mean(1), x.norm(), x.masked_fill(x != x, 1.0) * x.sign()
        x.norm(INF), x.norm(-INF), x.norm(1), x.norm(3), x.norm(0.5, 1), x.norm(-1), x.norm(INF, 1), x.norm(-INF, 0)
    """,
    "N11": """
        F.cross_entropy(x, t.tensor([0, 1, 2, 3])), F.cross_entropy(x, t.tensor([1, 1, 3, 0]))
        F.cross_entropy(x, t.tensor([1, 0, 0, 2]), reduction="none"), F.log_softmax(x, 1), F.softmax(x, 1)
        F.cross_entropy(x, t.tensor([0, 0, 1, 0]), reduction="sum"), F.nll_loss(F.log_softmax(x, 1), t.tensor([1] * 4))
        F.cross_entropy(x, t.tensor([2, 1, 2, 3]), label_smoothing=0.1), F.cross_entropy(x[:3], t.ones(3, 4) / 4)
    """,
}


@pytest.mark.parametrize(("case", "line"), lines_of(SPECIAL))
@pytest.mark.parametrize("count", [1, 9], ids=["once", "repeated"])
def test_special_numbers(case, line, count, tried):
    # Repeated they fill vectors, and leave some over.
    values = np.tile(np.array(VALUES[case], np.float32), (1, count)) if case != "N11" and count > 1 else VALUES[case]
    line = line.replace("t.zeros(4)", f"t.zeros({4 * count})").replace("t.ones(4)", f"t.ones({4 * count})")
    tried(compare(line, {"x": np.array(values, np.float32)}))


@pytest.mark.case("N10")
@pytest.mark.parametrize("plan", [False, True], ids=["N10-tape", "N10-plan"])
def test_N10_networks_let_nan_through(plan):
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 10))
    replay = Replay(network, nn.CrossEntropyLoss(), enabled=plan)
    for value in (0.0, NAN, 0.0, NAN):
        images, labels = batch(17, (1, 8, 8), 10)
        images.array[3, 0, 4, 4] = value
        outcome = take(replay, images, labels)
        broken = np.isnan(outcome.logits).any(1)
        assert np.isnan(outcome.loss) == np.isnan(value)
        assert broken.tolist() == [number == 3 and np.isnan(value) for number in range(17)]


@pytest.mark.case("N13")
@pytest.mark.skipif(bool(numba.config.DISABLE_JIT or numba.config.BOUNDSCHECK), reason="this is such a run")
@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"NUMBA_BOUNDSCHECK": "1"}, id="N13-bounds-checks"),
        pytest.param({"NUMBA_DISABLE_JIT": "1"}, id="N13-no-compiler"),
    ],
)
def test_N13_special_numbers(variables, tmp_path, full):
    if "NUMBA_BOUNDSCHECK" in variables and not full:
        pytest.skip("all kernels are compiled anew: `make reliability` waits for it")
    names = [f"{__file__}::{name}" for name in ("test_special_numbers", "test_shapes_without_images_or_dimensions")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *names]
    # Machine code that was kept has no checks.
    done = subprocess.run(
        command,
        cwd=TESTS.parent,
        env={**os.environ, **variables, "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:]
