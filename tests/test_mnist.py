"""The main job on real input, end to end: each config trained on MNIST, evaluated, and loaded into PyTorch."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import safetensors.torch
import torch
from pytorch_networks import TorchBasicMNIST, TorchLeNet, TorchLSTM, TorchMNISTConvNet, TorchRNN

from nnkit import data
from nnkit.data import Batches

COMMAND = [sys.executable, "-c", "from nnkit.cli.main import main; main()"]
# The config, the test accuracy that it promises, and the same network in PyTorch with the size of its input.
PROMISES = [
    ("lenet", 0.988, TorchLeNet, (32, 32)),
    ("speedrun", 0.99, TorchLeNet, (32, 32)),
    ("mnist_convnet", 0.985, TorchMNISTConvNet, (28, 28)),
    ("rnn", 0.96, lambda: TorchRNN("tanh"), (28, 28)),
    ("lstm", 0.98, TorchLSTM, (28, 28)),
    ("basic_mnist", 0.975, TorchBasicMNIST, (28, 28)),
]
# What takes minutes is not trained to its end.
SHORTER = {"basic_mnist": ["--epochs", "1"]}


def run(*arguments, cwd):
    done = subprocess.run([*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.mnist
@pytest.mark.skipif(not os.environ.get("NNKIT_DATA_DIR"), reason="NNKIT_DATA_DIR is not set")
@pytest.mark.parametrize(("config", "promised", "reference", "size"), PROMISES, ids=[row[0] for row in PROMISES])
def test_a_config_keeps_its_promise(config, promised, reference, size, tmp_path):
    trained = run("train", config, "--output", "run", "--json", "--no-report", *SHORTER.get(config, []), cwd=tmp_path)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert len(lines) <= 5
    assert trained["best_accuracy"] >= promised

    evaluated = run("eval", "run/best.safetensors", "--json", cwd=tmp_path)
    assert evaluated["accuracy"] == trained["best_accuracy"]
    assert evaluated["accuracy"] in [json.loads(line)["test_accuracy"] for line in lines]

    network = reference().eval()
    network.load_state_dict(safetensors.torch.load_file(tmp_path / "run" / "best.safetensors"))
    images = data.load("mnist", "test")
    batch, labels = next(Batches(images, len(images), size, shuffle=False, seed=0).epoch(0))
    with torch.no_grad():
        logits = network(torch.from_numpy(np.ascontiguousarray(batch.numpy())))
    assert float(np.mean(logits.argmax(1).numpy() == labels.numpy())) == evaluated["accuracy"]
