"""Results as tables: for the terminal, and between markers in the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases import BATCH_SIZE, EXAMPLES, NETWORKS

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- measured: written by `make bench` -->", "<!-- end of measured -->"

Results = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """What is promised of a number.

    Attributes:
        what: the number.
        text: how one is written, as a format.
        least: what it must reach.
        aim: what it should reach, or None.
        keys: where the results have it, as a spread or, where it was measured once, as a number.
        smaller: whether smaller is better.
    """

    what: str
    text: str
    least: float
    aim: float | None
    keys: tuple[str, ...]
    smaller: bool = False

    def verdict(self, value: float) -> str:
        """Return what a value reaches."""
        sign = -1 if self.smaller else 1
        if sign * value < sign * self.least:
            return "missed"
        return "aim" if self.aim is not None and sign * value >= sign * self.aim else "met"

    def row(self, results: Results) -> list[str]:
        """Return the cells of the table of targets."""
        promised = [self.text.format(self.least), self.text.format(self.aim) if self.aim is not None else ""]
        found = value_at(results, self.keys)
        if found is None:
            return [self.what, *promised, "not measured", "", ""]
        if not isinstance(found, dict):
            return [self.what, *promised, self.text.format(found), "", self.verdict(found)]
        return [
            self.what, *promised, self.text.format(found["median"]), quartiles(found, self.text),
            self.verdict(found["median"]),
        ]  # fmt: skip


def targets() -> Iterator[Target]:
    """Yield all promises, in the order of their table."""
    for network, least, aim in zip((*NETWORKS, *EXAMPLES), (5, 5, 3, 1, 1), (8, 8, 4, 1.5, 3), strict=True):
        yield Target(f"training {network}", "{:.2f}x", least, aim, ("training", network, str(BATCH_SIZE), "ratio"))
    for network in NETWORKS:
        yield Target(f"evaluating {network}", "{:.2f}x", 5, 8, ("evaluation", network, "ratio"))
    for network in NETWORKS:
        yield Target(f"training {network}, worst batch size", "{:.2f}x", 1, None, ("worst", network, "ratio"))
    for network in NETWORKS:
        keys = ("scaling", network, "2", "nnkit", "speedup")
        yield Target(f"one thread to two, {network}", "{:.2f}x", 1.7, 1.9, keys)
    yield Target("share of the FMA peak, LeNet step", "{:.0%}", 0.35, 0.55, ("fma_share",))
    yield Target("LeNet step on the tape", "{:.2f}x", 2, 4, ("tape", "ratio"))
    yield Target("augmentation, share of a LeNet step", "{:.0%}", 0.2, None, ("augmentation", "cost"), smaller=True)
    yield Target("peak memory of a LeNet run", "{:.0f} MB", 500, 350, ("commands", "peak_megabytes"), smaller=True)
    yield Target("first run ever, quickstart", "{:.1f} s", 25, 12, ("commands", "first_run_seconds"), smaller=True)
    keys = ("commands", "first_step_seconds", "quickstart")
    yield Target("later runs, command to first step", "{:.2f} s", 2, 1, keys, smaller=True)


def value_at(results: Results, keys: tuple[str, ...]) -> Any:
    """Return what the results have there, or None."""
    found: Any = results
    for key in keys:
        found = found.get(key) if found is not None else None
    return found


@dataclass(frozen=True)
class Table:
    """Cells of text; the first column says what the others are about."""

    header: list[str]
    rows: list[list[str]]

    def text(self) -> Iterator[str]:
        """Yield the lines of the table for a terminal."""
        widths = [max(len(row[column]) for row in [self.header, *self.rows]) for column in range(len(self.header))]
        for row in [self.header, *self.rows]:
            first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            yield "  ".join([first.strip().ljust(widths[0]), *others]).rstrip()

    def markdown(self) -> Iterator[str]:
        """Yield the lines of the table for a page."""
        rule = ["---", *["---:"] * (len(self.header) - 1)]
        for row in [self.header, rule, *self.rows]:
            yield f"| {' | '.join(row)} |"


def quartiles(spread: dict[str, float], text: str) -> str:
    return f"{text.format(spread['low'])} to {text.format(spread['high'])}"


def rate(spread: dict[str, float]) -> str:
    return f"{spread['median']:,.0f}"


def times(spread: dict[str, float]) -> str:
    return f"{spread['median']:.2f}x"


def target_table(results: Results) -> Table:
    header = ["nnkit against PyTorch and its targets", "at least", "aim", "measured", "quartiles", ""]
    return Table(header, [target.row(results) for target in targets()])


def throughput_table(results: Results) -> Table:
    """Return images per second at the batch size that everything is promised for."""
    networks = [each for each in (*NETWORKS, *EXAMPLES) if each in results["training"]]
    found = {f"training {network}": results["training"][network][str(BATCH_SIZE)] for network in networks}
    found |= {f"evaluating {network}": results["evaluation"][network] for network in networks}
    return Table(
        ["images per second", "nnkit", "PyTorch", "ratio", "quartiles"],
        [
            [what, rate(each["nnkit"]), rate(each["pytorch"]), times(each["ratio"]), quartiles(each["ratio"], "{:.2f}")]
            for what, each in found.items()
        ],
    )


def batch_size_table(results: Results) -> Table:
    """Return the training ratios for all batch sizes, to PyTorch with all threads and with one."""
    training = results["training"]
    kinds = {"all threads": "ratio", "one thread": "ratio, one thread"}
    # On a machine with one core they are the same.
    kinds = {name: key for name, key in kinds.items() if key in training[NETWORKS[0]][str(BATCH_SIZE)]}
    rows = []
    for batch_size in training[NETWORKS[0]]:
        row = [batch_size]
        for network in NETWORKS:
            for key in kinds.values():
                ratio = training[network][batch_size][key]
                row.append(f"{times(ratio)} ({quartiles(ratio, '{:.2f}')})")
        rows.append(row)
    return Table(["ratio, by batch size", *(f"{network}, {kind}" for network in NETWORKS for kind in kinds)], rows)


def thread_table(results: Results) -> Table:
    """Return how much faster than with one thread both sides are with more."""
    scaling = results["scaling"]
    sides = {"nnkit": "nnkit", "PyTorch": "pytorch"}
    rows = []
    for count in scaling[NETWORKS[0]]:
        both = [scaling[network][count][side] for network in NETWORKS for side in sides.values()]
        rows.append([count, *(times(each["speedup"]) for each in both)])
    header = ["speed-up, by threads", *(f"{network}, {side}" for network in NETWORKS for side in sides)]
    return Table(header, rows)


def machine_table(results: Results) -> Table:
    """Return what the measurements were made on, and how quiet it was."""
    machine, versions = results["machine"], results["versions"]
    waits = {
        network: " ".join(f"{name}={value}" for name, value in environment.items()) or "by default"
        for network, environment in machine["pytorch_environment"].items()
    }
    others = machine["used_by_others"]
    rows = {
        "processor": f"{machine['cpu']}, {machine['threads']} threads",
        "multiply-add peak": f"{machine['fma_gflops']['median']:.0f} GFLOP/s",
        "memory, copying": f"{machine['memory_gbs']['median']:.0f} GB/s",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "PyTorch's threads wait": ", ".join(f"{network} {how}" for network, how in waits.items()),
        "CPU used by a side while the other works": ", ".join(
            f"{side} {share:.1%}" for side, share in machine["used_while_waiting"].items()
        ),
        "CPU used by others meanwhile": "unknown" if others is None else f"{others:.0%}",
        "nnkit train lenet, first epoch": f"{results['commands']['lenet_images_per_second']:,.0f} images/s",
        "nnkit train lenet, command to first step": (
            f"{results['commands']['first_step_seconds']['lenet']['median']:.2f} s"
        ),
    }
    return Table(["measured on", ""], [list(row) for row in rows.items()])


TABLES: tuple[Callable[[Results], Table], ...] = (
    target_table,
    throughput_table,
    batch_size_table,
    thread_table,
    machine_table,
)
# What stands between the markers of each page.
PAGES = {"README.md": (throughput_table,), "docs/performance.md": TABLES}


def lines(results: Results) -> Iterator[str]:
    """Yield all tables as they are printed."""
    for make in TABLES:
        yield from make(results).text()
        yield ""


def rendered(page: str, tables: list[Table]) -> str:
    """Return a page with tables between its markers.

    Raises:
        ValueError: it does not have the markers, once each and in order.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"expected {BEGIN!r} and then {END!r}, once each")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    body = "\n\n".join("\n".join(table.markdown()) for table in tables)
    return f"{before}{BEGIN}\n\n{body}\n\n{END}{after}"


def write_pages(results: Results) -> None:
    """Write the results into the pages that show them."""
    for name, tables in PAGES.items():
        path = ROOT / name
        text = rendered(path.read_text(encoding="utf-8"), [make(results) for make in tables])
        path.write_text(text, encoding="utf-8")
