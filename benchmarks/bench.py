"""nnkit against PyTorch eager on the same work, both sides taking turns in one run.

    make bench                            the whole table, about ten minutes on two cores
    python benchmarks/bench.py --quick    fewer rounds and batch sizes; keeps nothing
    python benchmarks/bench.py --render   writes results.json into the pages and the pictures again

Each side is a process that sleeps while the other one works. PyTorch gets the kindest case: all its cores, its images
normalised in memory beforehand, its fused optimizer, the fastest way for its threads to wait, and the batch size that
it evaluates fastest with, while nnkit gathers and normalises bytes as `nnkit train` does. Both begin with the same
weights and see the same images, and have to get the same losses.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cases
import commands
import report
from contest import WAITING, Worker, compared, ratio, run, spread
from surroundings import Others, cpu_name

RESULTS = Path(__file__).parent / "results.json"
# The share of all CPU time that others may use.
QUIET = 0.1


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds of a contest and of one that a target depends on, and seconds of a turn."""

    rounds: int
    more_rounds: int
    turn: float
    batch_sizes: tuple[int, ...]
    repeats: int

    def rounds_for(self, batch_size: int) -> int:
        """Return fewer rounds where a single step takes long."""
        return self.rounds if batch_size < 1024 else max(3, self.rounds // 2)


FULL = Effort(11, 21, 0.15, cases.BATCH_SIZES, 7)
QUICK = Effort(3, 5, 0.1, (1, 17, 64, 1024), 3)


@dataclass(frozen=True)
class Sides:
    """The processes of both sides; PyTorch has one for each way in which its idle threads can wait."""

    nnkit: Worker
    pytorch: list[Worker]
    threads: int
    kindest: dict[str, int] = field(default_factory=dict)

    def choose(self, effort: Effort) -> None:
        """Find out for each network which of its processes makes PyTorch fastest."""
        workers = {str(number): worker for number, worker in enumerate(self.pytorch)}
        for network in (*cases.NETWORKS, *cases.EXAMPLES):
            case = cases.Case("train", self.threads, network)
            rates = run(workers, {name: (name, case) for name in workers}, effort.rounds, effort.turn)
            self.kindest[network] = int(max(rates, key=lambda name: statistics.median(rates[name])))

    def run(self, network: str, contest: cases.Contest, rounds: int, turn: float) -> dict[str, list[float]]:
        """Run a contest about a network with the process that suits PyTorch best."""
        return run({"nnkit": self.nnkit, "pytorch": self.pytorch[self.kindest[network]]}, contest, rounds, turn)

    def used_while_waiting(self) -> dict[str, float]:
        """Return how much of a core each side used when it had nothing to do."""
        workers = {"nnkit": self.nnkit, "pytorch": self.pytorch[self.kindest["LeNet"]]}
        return {side: float(f"{worker.used_waiting / worker.waited:.2g}") for side, worker in workers.items()}


def measure(effort: Effort) -> dict[str, Any]:
    """Return all results, as they are kept in results.json."""
    others = Others()
    with ExitStack() as stack:
        mine = stack.enter_context(Worker("nnkit"))
        theirs = [stack.enter_context(Worker("pytorch", environment)) for environment in WAITING]
        described = mine.ask("describe")
        sides = Sides(mine, theirs, described.pop("threads"))
        say("PyTorch: how its threads should wait")
        sides.choose(effort)
        results = {
            "versions": described | theirs[0].ask("describe") | {"python": platform.python_version()},
            **measure_lenet(sides, effort),
            "training": measure_training(sides, effort),
            "evaluation": measure_evaluation(sides, effort),
            "scaling": measure_scaling(sides, effort),
        }
        used = sides.used_while_waiting()
    results["worst"] = worst(results["training"])
    say("commands")
    results["commands"] = commands.measure(effort.repeats)
    results["machine"] |= {
        "cpu": cpu_name(),
        "threads": sides.threads,
        "pytorch_environment": {network: WAITING[number] for network, number in sides.kindest.items()},
        "used_while_waiting": used,
        "used_by_others": others.share(),
    }
    return results


def measure_lenet(sides: Sides, effort: Effort) -> dict[str, Any]:
    """Return what is asked of the LeNet step alone, and the machine's peaks."""
    say("LeNet: tape, augmentation, share of the peak")
    rates = sides.run("LeNet", cases.lenet(sides.threads), effort.more_rounds, effort.turn)
    copies = sides.run("LeNet", {"copy": ("nnkit", cases.Case("copy", sides.threads))}, effort.rounds, effort.turn)
    flops = cases.LENET_FLOPS_PER_IMAGE
    return {
        "machine": {
            "fma_gflops": spread([rate / 1e9 for rate in rates["multiply_add"]]),
            "memory_gbs": spread([rate / 1e9 for rate in copies["copy"]]),
        },
        "tape": {"nnkit": spread(rates["tape"]), "ratio": ratio(rates["tape"], rates["pytorch"])},
        "augmentation": {
            "nnkit": spread(rates["augmented"]),
            "cost": compared(rates["nnkit"], rates["augmented"], lambda plain, changed: plain / changed - 1),
        },
        "fma_share": compared(rates["nnkit"], rates["multiply_add"], lambda images, peak: images * flops / peak),
    }


def measure_training(sides: Sides, effort: Effort) -> dict[str, Any]:
    """Return both sides for each network and batch size."""
    found: dict[str, Any] = {}
    for network in (*cases.NETWORKS, *cases.EXAMPLES):
        found[network] = {}
        for batch_size in effort.batch_sizes if network in cases.NETWORKS else (cases.BATCH_SIZE,):
            say(f"{network}: training, batch size {batch_size}")
            rounds = effort.more_rounds if batch_size == cases.BATCH_SIZE else effort.rounds_for(batch_size)
            rates = sides.run(network, cases.training(network, batch_size, sides.threads), rounds, effort.turn)
            found[network][str(batch_size)] = {
                **{name: spread(values) for name, values in rates.items()},
                **{
                    name.replace("pytorch", "ratio"): ratio(rates["nnkit"], values)
                    for name, values in rates.items()
                    if name != "nnkit"
                },
            }
    return found


def worst(training: Mapping[str, Any]) -> dict[str, Any]:
    """Return for each network the batch size at which PyTorch does best, with all threads or one."""
    found = {}
    for network, by_size in training.items():
        if network in cases.EXAMPLES:
            continue
        ratios = [
            (spread, batch_size)
            for batch_size, row in by_size.items()
            for name, spread in row.items()
            if name.startswith("ratio")
        ]
        least, batch_size = min(ratios, key=lambda each: each[0]["median"])
        found[network] = {"batch_size": batch_size, "ratio": least}
    return found


def measure_evaluation(sides: Sides, effort: Effort) -> dict[str, Any]:
    """Return both sides for the test images."""
    found = {}
    for network in (*cases.NETWORKS, *cases.EXAMPLES):
        say(f"{network}: evaluation")
        rates = sides.run(network, cases.evaluation(network, sides.threads), effort.more_rounds, effort.turn)
        found[network] = {
            **{name: spread(values) for name, values in rates.items()},
            "ratio": ratio(rates["nnkit"], rates["pytorch"]),
        }
    return found


def measure_scaling(sides: Sides, effort: Effort) -> dict[str, Any]:
    """Return how much more both sides get done with more threads, beside what they get done."""
    found: dict[str, Any] = {}
    for network in cases.NETWORKS:
        say(f"{network}: threads")
        rates = sides.run(network, cases.scaling(network, sides.threads), effort.more_rounds, effort.turn)
        found[network] = {}
        for name, values in rates.items():
            side, count = name.split()
            found[network].setdefault(count, {})[side] = {
                "rate": spread(values),
                "speedup": ratio(values, rates[f"{side} 1"]),
            }
    return found


def as_json(results: dict[str, Any]) -> str:
    """Return results as JSON with a line for each spread."""
    return re.sub(r"\{[^{}]*\}", lambda found: " ".join(found[0].split()), json.dumps(results, indent=1)) + "\n"


def say(what: str) -> None:
    """Tell what is being measured to whoever waits for the table."""
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds and batch sizes; keeps nothing")
    parser.add_argument("--render", action="store_true", help="measure nothing; write pages and pictures again")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the results go instead of results.json")
    arguments = parser.parse_args()
    path = arguments.output or RESULTS
    if arguments.render:
        results = json.loads(path.read_text(encoding="utf-8"))
    else:
        results = measure(QUICK if arguments.quick else FULL)
        print("\n".join(report.lines(results)))
        if (results["machine"]["used_by_others"] or 0.0) > QUIET:
            say("other processes used so much of the machine that these numbers mean little")
        if arguments.output or not arguments.quick:
            path.write_text(as_json(results), encoding="utf-8")
    if path == RESULTS and not arguments.quick:
        report.write_pages(results)
        import pictures  # Matplotlib takes a while to import, and memory that `commands` would count.

        pictures.draw(results)


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "Agg")
    main()
