"""The results as pictures, for pages with a light or a dark background."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from cases import BATCH_SIZE, NETWORKS
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
SIDES = {"nnkit": "nnkit", "pytorch": "PyTorch"}
# Each has a contrast of at least three to white and to almost black.
COLOURS = {"nnkit": "#3b82f6", "pytorch": "#e8702a"}
INK, GRID = "#7d848d", "#7d848d40"
STYLE = {
    "font.size": 10,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titlecolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    # Letters as outlines look the same everywhere, and no salt means the same bytes for the same results.
    "svg.fonttype": "path",
    "svg.hashsalt": "nnkit",
}


def draw(results: dict[str, Any], folder: Path = FOLDER, suffix: str = "svg") -> list[Path]:
    """Draw all pictures; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with matplotlib.rc_context(STYLE):
        for name, make in (("networks", networks), ("batch_sizes", batch_sizes), ("threads", threads)):
            figure = make(results)
            path = folder / f"bench_{name}.{suffix}"
            figure.savefig(path, transparent=True, metadata={"Date": None} if suffix == "svg" else None, dpi=150)
            pyplot.close(figure)
            paths.append(path)
    return paths


def networks(results: dict[str, Any]) -> Figure:
    """Draw images per second of both sides for each network, training and evaluating."""
    figure, axes = pyplot.subplots(1, 2, figsize=(8.4, 3.3), layout="constrained")
    training = [results["training"][network][str(BATCH_SIZE)] for network in NETWORKS]
    evaluation = [results["evaluation"][network] for network in NETWORKS]
    _bars(axes[0], f"Training, batch size {BATCH_SIZE}", training)
    _bars(axes[1], "Evaluating 10,000 images", evaluation)
    axes[0].set_ylabel("thousand images per second")
    _legend(figure, axes[0])
    return figure


def _bars(axes: Axes, title: str, rows: Sequence[dict[str, Any]]) -> None:
    width = 0.38
    for side, offset in zip(SIDES, (-width / 2, width / 2), strict=True):
        places = [place + offset for place in range(len(rows))]
        medians = [row[side]["median"] / 1e3 for row in rows]
        errors = [
            [(row[side]["median"] - row[side]["low"]) / 1e3 for row in rows],
            [(row[side]["high"] - row[side]["median"]) / 1e3 for row in rows],
        ]
        axes.bar(
            places, medians, width * 0.94, yerr=errors, color=COLOURS[side], label=SIDES[side],
            error_kw={"ecolor": INK, "elinewidth": 1.2},
        )  # fmt: skip
        if side == "nnkit":
            for place, row in zip(places, rows, strict=True):
                axes.annotate(
                    f"{row['ratio']['median']:.1f}x", (place, row[side]["high"] / 1e3), (0, 3),
                    textcoords="offset points", ha="center", weight="bold", color=COLOURS[side],
                )  # fmt: skip
    axes.set_title(title, loc="left")
    axes.set_xticks(range(len(rows)), NETWORKS)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y")
    axes.margins(y=0.12)
    axes.set_ylim(bottom=0)


def batch_sizes(results: dict[str, Any]) -> Figure:
    """Draw images per second of both sides over the batch size."""
    figure, axes = pyplot.subplots(1, len(NETWORKS), figsize=(8.4, 3.1), sharey=True, layout="constrained")
    for axis, network in zip(axes, NETWORKS, strict=True):
        found = results["training"][network]
        for side in SIDES:
            _line(axis, side, {int(size): row[side] for size, row in found.items()})
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.set_xticks([1, 8, 64, 512, 4096], ["1", "8", "64", "512", "4096"])
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axis.minorticks_off()
        axis.grid()
        axis.set_title(network, loc="left")
        axis.set_xlabel("batch size")
    axes[0].set_ylabel("training, images per second")
    _legend(figure, axes[0])
    return figure


def threads(results: dict[str, Any]) -> Figure:
    """Draw how many times as fast both sides are with more threads than one."""
    figure, axes = pyplot.subplots(1, len(NETWORKS), figsize=(8.4, 3.0), sharey=True, layout="constrained")
    for axis, network in zip(axes, NETWORKS, strict=True):
        found = results["scaling"][network]
        counts = [int(count) for count in found]
        last = {side: found[str(counts[-1])][side]["speedup"]["median"] for side in SIDES}
        for side, value in last.items():
            _line(axis, side, {int(count): row[side]["speedup"] for count, row in found.items()})
            # Away from each other, in case that they end at the same height.
            axis.annotate(
                f"{value:.2f}x", (counts[-1], value), (6, 0), textcoords="offset points", color=COLOURS[side],
                va="bottom" if value == max(last.values()) else "top", annotation_clip=False,
            )  # fmt: skip
        axis.plot(counts, counts, color=INK, lw=1, ls=(0, (4, 3)), zorder=1, label="ideal")
        axis.set_xticks(counts)
        # Room for the labels.
        axis.set_xlim(right=counts[-1] + 0.25 * max(1, counts[-1] - counts[0]))
        axis.grid()
        axis.set_ylim(bottom=0)
        axis.set_title(network, loc="left")
        axis.set_xlabel(f"threads (batch size {BATCH_SIZE})")
    axes[0].set_ylabel("training speed, one thread = 1")
    _legend(figure, axes[0])
    return figure


def _line(axes: Axes, side: str, spreads: dict[int, dict[str, float]]) -> None:
    """Draw the medians of a side as a line, in a band from quartile to quartile."""
    places, colour = list(spreads), COLOURS[side]
    low, median, high = ([spread[name] for spread in spreads.values()] for name in ("low", "median", "high"))
    axes.plot(places, median, color=colour, marker="o", markersize=4, lw=1.7, label=SIDES[side])
    axes.fill_between(places, low, high, color=colour, alpha=0.25, lw=0)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=len(labels))
