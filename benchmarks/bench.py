"""nnkit against PyTorch eager on the same work, both sides alternating in one run.

    make bench                          the whole table, about five minutes on two cores
    python benchmarks/bench.py --quick  fewer rounds and batch sizes

PyTorch gets the kindest case: all its cores, and its images normalised in memory beforehand, while nnkit gathers and
normalises bytes. Prints a table and writes benchmarks/results.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from machine import fma_peak, memory_peak
from networks import TWINS, pair

import nnkit
from nnkit import data, nn, optim
from nnkit.data import Batches, ImageSet
from nnkit.training.evaluate import evaluate, evaluation_batches
from nnkit.training.fit import Training, _train_step

# Multiply-adds of one training step per image: forward, weight gradients, and input gradients but for the first layer.
LENET_FLOPS_PER_IMAGE = 2 * (3 * (117_600 + 240_000 + 58_920) - 117_600)
RESULTS = Path(__file__).parent / "results.json"


def endless(batches: Batches) -> Iterator[Any]:
    epoch = 0
    while True:
        yield from batches.epoch(epoch)
        epoch += 1


def my_step(network: Any, images: ImageSet, batch_size: int) -> Callable[[], Any]:
    """Return a training step as `nnkit train` takes it."""
    batches = Batches(images, batch_size, network.input_size, shuffle=True, seed=0)
    optimizer = optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    training = Training(network, nn.CrossEntropyLoss(), optimizer, None, batches, batches, None, epochs=1)
    stream = endless(batches)
    network.train()
    return lambda: _train_step(training, *next(stream))


def their_step(
    network: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor, batch_size: int
) -> Callable[[], Any]:
    """Return PyTorch's training step: shuffled indices into images that are normalised already."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    order = torch.randperm(len(inputs))
    position = 0

    def step() -> float:
        nonlocal position
        if position + batch_size > len(order):
            position = 0
        chosen = order[position : position + batch_size]
        position += batch_size
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(inputs[chosen]), labels[chosen])
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def their_evaluation(network: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> Callable[[], Any]:
    def run() -> float:
        right = 0
        with torch.no_grad():
            for start in range(0, len(inputs), 256):
                logits = network(inputs[start : start + 256])
                right += int((logits.argmax(1) == labels[start : start + 256]).sum())
        return right / len(inputs)

    return run


def alternate(mine: Callable[[], Any], theirs: Callable[[], Any], steps: int, rounds: int) -> tuple[list[float], ...]:
    """Return seconds per call of both, `rounds` times, taking turns so that the machine's moods hit both."""
    times: tuple[list[float], list[float]] = ([], [])
    for call in (mine, theirs):
        for _ in range(3):
            call()
    for _ in range(rounds):
        for side, call in enumerate((mine, theirs)):
            started = time.perf_counter()
            for _ in range(steps):
                call()
            times[side].append((time.perf_counter() - started) / steps)
    return times


def summary(mine: list[float], theirs: list[float], images: int) -> dict[str, float]:
    """Return images per second of both, their ratio as the median of the rounds, and the ratio's spread."""
    ratios = [b / a for a, b in zip(mine, theirs, strict=True)]
    return {
        "nnkit_images_per_second": images / statistics.median(mine),
        "pytorch_images_per_second": images / statistics.median(theirs),
        "nnkit_ms": 1e3 * statistics.median(mine),
        "pytorch_ms": 1e3 * statistics.median(theirs),
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
    }


def normalised(images: ImageSet, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    batch, labels = next(Batches(images, len(images), size, shuffle=False, seed=0).epoch(0))
    return torch.from_numpy(np.ascontiguousarray(batch.numpy())), torch.from_numpy(labels.numpy())


def measure(name: str, train: ImageSet, test: ImageSet, batch_sizes: list[int], rounds: int) -> dict[str, Any]:
    found: dict[str, Any] = {"train": {}}
    network, twin = pair(name)
    inputs, labels = normalised(train, network.input_size)
    for batch_size in batch_sizes:
        network, twin = pair(name)
        steps = max(2, min(40, 4000 // batch_size))
        mine, theirs = alternate(
            my_step(network, train, batch_size), their_step(twin, inputs, labels, batch_size), steps, rounds
        )
        found["train"][batch_size] = summary(mine, theirs, batch_size)
    test_inputs, test_labels = normalised(test, network.input_size)
    criterion, batches = nn.CrossEntropyLoss(), evaluation_batches(test, network)
    mine, theirs = alternate(
        lambda: evaluate(network, criterion, batches), their_evaluation(twin, test_inputs, test_labels), 1, rounds
    )
    found["evaluate"] = summary(mine, theirs, len(test))
    threads = numba.get_num_threads()
    if threads > 1:
        step = my_step(network, train, 64)
        one = step_with_threads(step, 1)
        mine, theirs = alternate(step, one, 40, rounds)
        numba.set_num_threads(threads)
        found["threads"] = {
            "from": 1,
            "to": threads,
            "ratio": statistics.median(b / a for a, b in zip(mine, theirs, strict=True)),
        }
    return found


def step_with_threads(step: Callable[[], Any], threads: int) -> Callable[[], Any]:
    most = numba.get_num_threads()

    def run() -> None:
        numba.set_num_threads(threads)
        step()
        numba.set_num_threads(most)

    return run


def table(results: dict[str, Any]) -> Iterator[str]:
    machine = results["machine"]
    yield f"{machine['cpu']}, {machine['threads']} threads, FMA peak {machine['fma_gflops']:.0f} GFLOP/s, "
    yield f"memory {machine['memory_gbs']:.0f} GB/s; nnkit {nnkit.__version__}, PyTorch {torch.__version__}"
    yield ""
    yield f"{'what':34} {'nnkit':>14} {'PyTorch':>14} {'ratio':>7}   spread"
    for name, found in results["networks"].items():
        rows = [(f"{name}, batch {size}", row) for size, row in found["train"].items()]
        for label, row in [*rows, (f"{name}, evaluate 10,000", found["evaluate"])]:
            yield (
                f"{label:34} {row['nnkit_images_per_second']:>10,.0f}/s {row['pytorch_images_per_second']:>12,.0f}/s "
                f"{row['ratio']:>6.2f}x   {row['ratio_low']:.2f} to {row['ratio_high']:.2f}"
            )
        if "threads" in found:
            yield f"{name + ', one thread to all':34} {'':>30} {found['threads']['ratio']:>6.2f}x"
    yield f"LeNet step, share of the FMA peak: {results['lenet_fma_share']:.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds and batch sizes")
    quick = parser.parse_args().quick
    torch.set_num_threads(numba.get_num_threads())
    train, test = data.load("mnist", "train"), data.load("mnist", "test")
    batch_sizes = [64] if quick else [64, 1, 4, 16, 17, 256, 1024, 4096]
    threads = numba.get_num_threads()
    results: dict[str, Any] = {
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "threads": threads,
            "fma_gflops": fma_peak(threads),
            "memory_gbs": memory_peak(threads),
        },
        "networks": {name: measure(name, train, test, batch_sizes, 5 if quick else 9) for name in TWINS},
    }
    rate = results["networks"]["LeNet"]["train"][64]["nnkit_images_per_second"]
    results["lenet_fma_share"] = rate * LENET_FLOPS_PER_IMAGE / 1e9 / results["machine"]["fma_gflops"]
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
