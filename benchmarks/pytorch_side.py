"""PyTorch's side of the benchmark: a plain loop over images that are normalised beforehand."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import torch
from cases import LEARNING_RATE, MOMENTUM, SEED, Case
from pytorch_networks import TorchBasicMNIST, TorchLeNet, TorchLSTM, TorchMNISTConvNet, TorchRNN
from torch.nn.functional import cross_entropy

from nnkit import data
from nnkit.data import Batches

NETWORKS = {
    "LeNet": (TorchLeNet, (32, 32)),
    "MNISTConvNet": (TorchMNISTConvNet, (28, 28)),
    "RNN": (lambda: TorchRNN("tanh"), (28, 28)),
    "BasicMNIST": (TorchBasicMNIST, (28, 28)),
    "LSTM": (TorchLSTM, (28, 28)),
}
EVALUATION_BATCH_SIZES = (64, 256, 1000)

_inputs: dict[tuple[str, tuple[int, int]], tuple[torch.Tensor, torch.Tensor]] = {}


def inputs_of(split: str, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return all images of MNIST as a network takes them, normalised, and their labels."""
    if (split, size) not in _inputs:
        images = data.load("mnist", split)
        _, height, width = images.images.shape
        top, left = (size[0] - height) // 2, (size[1] - width) // 2
        pixels = np.zeros((len(images), 1, *size), np.float32)
        pixels[:, 0, top : top + height, left : left + width] = images.images
        pixels /= 255
        pixels -= np.float32(images.mean)
        pixels /= np.float32(images.std)
        _inputs[split, size] = torch.from_numpy(pixels), torch.from_numpy(images.labels.astype(np.int64))
    return _inputs[split, size]


def network_of(case: Case) -> tuple[torch.nn.Module, tuple[int, int]]:
    """Return the network with the weights that nnkit's has, since the same seed gives the same numbers."""
    torch.manual_seed(SEED)
    make, size = NETWORKS[case.network]
    return make(), size


class Train:
    def __init__(self, case: Case) -> None:
        self.amount = case.batch_size
        self._network, size = network_of(case)
        self._inputs, self._labels = inputs_of("train", size)
        # The fused one is the fastest of its three implementations, by some hundredths of a step.
        self._optimizer = torch.optim.SGD(self._network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM, fused=True)
        images = data.load("mnist", "train")
        images = images.select(np.arange(len(images) // case.batch_size * case.batch_size))
        # The order in which nnkit sees the images in its first epoch, drawn outside of the time that is measured.
        order = Batches(images, case.batch_size, size, shuffle=True, seed=SEED).order(0)
        self._batches = torch.from_numpy(order).split(case.batch_size)
        self._position = 0
        self._losses: list[float] = []

    def run(self, steps: int) -> float:
        """Return the seconds that so many steps take."""
        network, optimizer, losses = self._network, self._optimizer, []
        started = time.perf_counter()
        for _ in range(steps):
            chosen = self._batches[self._position]
            self._position = (self._position + 1) % len(self._batches)
            optimizer.zero_grad()
            loss = cross_entropy(network(self._inputs.index_select(0, chosen)), self._labels.index_select(0, chosen))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        seconds = time.perf_counter() - started
        self._losses += losses
        return seconds

    def outcome(self) -> float:
        """Return the mean loss of the steps so far."""
        return sum(self._losses) / len(self._losses)


class Evaluate:
    """Counts what is predicted right, in batches of the size that is fastest."""

    def __init__(self, case: Case) -> None:
        torch.set_num_threads(case.threads)
        self._network, size = network_of(case)
        self._network.eval()
        self._inputs, self._labels = inputs_of("test", size)
        self.amount = len(self._labels)
        self._right = 0
        times = {}
        for batch_size in EVALUATION_BATCH_SIZES:
            self._split(batch_size)
            times[batch_size] = min(self.run(1) for _ in range(3))
        self._split(min(times, key=times.__getitem__))

    def _split(self, batch_size: int) -> None:
        self._batches = list(zip(self._inputs.split(batch_size), self._labels.split(batch_size), strict=True))

    def run(self, steps: int) -> float:
        """Return the seconds that so many evaluations take."""
        started = time.perf_counter()
        with torch.inference_mode():
            for _ in range(steps):
                self._right = 0
                for inputs, labels in self._batches:
                    self._right += int((self._network(inputs).argmax(1) == labels).sum())
        return time.perf_counter() - started

    def outcome(self) -> float:
        """Return the share that was predicted right."""
        return self._right / self.amount


def prepare(case: Case) -> Any:
    prepared = {"train": Train, "evaluate": Evaluate}[case.work](case)
    if "numba" in sys.modules:
        raise RuntimeError("Numba was loaded: its threads would disturb PyTorch's")
    return prepared


def use_threads(threads: int) -> None:
    torch.set_num_threads(threads)


def description() -> dict[str, Any]:
    return {"pytorch": torch.__version__}
