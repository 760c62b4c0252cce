"""nnkit's side of the benchmark: the steps of `nnkit train` and the evaluation of `nnkit eval`."""

from __future__ import annotations

import time
from typing import Any

import machine
import numba
import numpy as np
from cases import ARGUMENTS, AUGMENTATION, LEARNING_RATE, MOMENTUM, SEED, Case

import nnkit
from nnkit import data, nn, optim
from nnkit.data import Augmentation, Batches
from nnkit.models import NETWORKS, Network
from nnkit.plan import Replay
from nnkit.training.evaluate import evaluate, evaluation_batches
from nnkit.training.fit import EpochDone, Training, fit


def network_of(case: Case) -> Network:
    nnkit.manual_seed(SEED)
    return NETWORKS.get(case.network)(**ARGUMENTS.get(case.network, {}))


class Train:
    """Draws events from the trainer's own loop, so that all of its work counts but the evaluation after an epoch."""

    def __init__(self, case: Case) -> None:
        self.amount = case.batch_size
        images = data.load("mnist", "train")
        # Batches that are all full: every step is the same work.
        images = images.select(np.arange(len(images) // case.batch_size * case.batch_size))
        network = network_of(case)
        batches = Batches(
            images,
            case.batch_size,
            network.input_size,
            shuffle=True,
            seed=SEED,
            augmentation=Augmentation(**AUGMENTATION) if case.augment else None,
        )
        training = Training(
            network=network,
            criterion=nn.CrossEntropyLoss(),
            optimizer=optim.SGD(network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM),
            schedule=None,
            train=batches,
            test=evaluation_batches(images.select(np.arange(1)), network),
            validation=None,
            epochs=10**9,
            plans=case.plans,
        )
        self._events = fit(training)
        self._mean_loss = 0.0

    def run(self, steps: int) -> float:
        """Return the seconds that so many steps take."""
        seconds = 0.0
        while steps:
            started = time.perf_counter()
            event = next(self._events)
            if isinstance(event, EpochDone):
                continue
            seconds += time.perf_counter() - started
            if hasattr(event, "loss"):
                steps -= 1
                self._mean_loss = event.loss
        return seconds

    def outcome(self) -> float:
        """Return the mean loss of the steps so far."""
        return self._mean_loss


class Evaluate:
    def __init__(self, case: Case) -> None:
        network = network_of(case)
        test = data.load("mnist", "test")
        self.amount = len(test)
        self._replay = Replay(network, nn.CrossEntropyLoss())
        self._batches = evaluation_batches(test, network)
        self._accuracy = 0.0

    def run(self, steps: int) -> float:
        """Return the seconds that so many evaluations take."""
        started = time.perf_counter()
        for _ in range(steps):
            self._accuracy = evaluate(self._replay, self._batches).accuracy
        return time.perf_counter() - started

    def outcome(self) -> float:
        return self._accuracy


WORK = {"train": Train, "evaluate": Evaluate, "multiply_add": machine.MultiplyAdds, "copy": machine.Copies}


def prepare(case: Case) -> Any:
    return WORK[case.work](case)


def use_threads(threads: int) -> None:
    """Do what `nnkit train --threads` does."""
    numba.set_num_threads(threads)


def description() -> dict[str, Any]:
    return {
        "nnkit": nnkit.__version__,
        "numba": numba.__version__,
        "numpy": np.__version__,
        "threads": numba.get_num_threads(),
    }
