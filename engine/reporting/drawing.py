"""Charts and matrices drawn by matplotlib: as PNG on paper, and as SVG in the colours of a page.

matplotlib is an extra: importing this module raises ImportError where it is missing.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from nnkit.reporting.charts import Chart, Line
from nnkit.reporting.findings import Mistake
from nnkit.reporting.shades import shades
from nnkit.training.metrics import ConfusionMatrix


@dataclass(frozen=True)
class Palette:
    """Colours; those of lines differ also for the colour-blind.

    Source: Okabe and Ito, "Color universal design", 2008, from which most of the lines' colours are.
    """

    paper: str
    ink: str
    muted: str
    grid: str
    lines: tuple[str, ...]


PAPER = Palette(
    paper="#ffffff",
    ink="#1d1f23",
    muted="#6b6f76",
    grid="#e6e6e3",
    lines=("#0072b2", "#d55e00", "#009e73", "#a3529b", "#b98500", "#3f9fd8", "#8a5a3c", "#6b6f76"),
)
# matplotlib wants colours; these stand for the properties of the page's style, which has them for light and dark.
_PROPERTIES = {
    "#010100": "--paper",
    "#010101": "--ink",
    "#010102": "--muted",
    "#010103": "--grid",
    **{f"#0102{number:02x}": f"--line-{number}" for number in range(len(PAPER.lines))},
}
_PAGE_PAPER, _PAGE_INK, _PAGE_MUTED, _PAGE_GRID, *_PAGE_LINES = _PROPERTIES
_ON_PAGE = Palette(_PAGE_PAPER, _PAGE_INK, _PAGE_MUTED, _PAGE_GRID, tuple(_PAGE_LINES))

_SETTINGS: dict[Any, Any] = {
    "font.size": 10.0,
    # Names of runs and classes are not formulas.
    "text.parse_math": False,
    "svg.fonttype": "none",
}
_DOTS_PER_INCH = 160
# In units of the page's pixels, where a chart has the width of a phone.
_CHART_SIZE = (5.0, 3.5)
# Shares of a chart's height that its labels at the lines need.
_LABEL_HEIGHT = 0.085
_MISTAKES_IN_A_ROW = 8


@contextlib.contextmanager
def _settings(salt: str = "") -> Iterator[None]:
    """Draw within as nnkit wants it, whatever matplotlib is configured to do, and without its remarks.

    Args:
        salt: makes the names in an SVG different from those of others on the same page.
    """
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**_SETTINGS, "svg.hashsalt": salt})
        yield


def curves_png(charts: Sequence[Chart]) -> bytes:
    """Return charts side by side as a PNG."""
    with _settings():
        width, height = _CHART_SIZE
        figure = Figure(figsize=(width * len(charts), height), dpi=_DOTS_PER_INCH, facecolor=PAPER.paper)
        for number, chart in enumerate(charts):
            share = 1 / len(charts)
            _draw(chart, figure, PAPER, left=number * share, width=share)
        return _png(figure)


def chart_svg(chart: Chart) -> str:
    """Return a chart as an `svg` element that takes its colours and font from the page around it."""
    with _settings(chart.title):
        figure = Figure(figsize=_CHART_SIZE)
        _draw(chart, figure, _ON_PAGE, left=0, width=1)
        return _on_page(_saved(figure, format="svg", transparent=True).decode(), chart.description)


def confusion_png(confusion: ConfusionMatrix) -> bytes:
    """Return a confusion matrix as a PNG, what is right in one colour and what is wrong in the other."""
    with _settings():
        count = len(confusion.classes)
        figure = Figure(figsize=(7.5, 7.5), dpi=_DOTS_PER_INCH, facecolor=PAPER.paper)
        axes = figure.add_axes((0.15, 0.12, 0.81, 0.81))
        strength = shades(confusion.counts)[..., None]
        right, wrong = (np.array(matplotlib.colors.to_rgb(PAPER.lines[number])) for number in (0, 1))
        colour = np.where(np.eye(count, dtype=bool)[..., None], right, wrong)
        axes.imshow(1 - strength * (1 - colour), interpolation="nearest")
        for (row, column), number in np.ndenumerate(confusion.counts):
            if number:
                axes.text(column, row, f"{number:,}", ha="center", va="center", color=PAPER.ink, fontsize=9)
        turned = max(map(len, confusion.classes)) > 3
        axes.set_xticks(
            range(count), confusion.classes, rotation=45 if turned else 0, ha="right" if turned else "center"
        )
        axes.set_yticks(range(count), confusion.classes)
        axes.set_xlabel("guess", color=PAPER.muted)
        axes.set_ylabel("truth", color=PAPER.muted)
        axes.tick_params(length=0, labelcolor=PAPER.ink)
        axes.spines[:].set_visible(False)
        title = f"{confusion.accuracy:.2%} of {confusion.images:,} test images are right"
        axes.set_title(title, loc="left", color=PAPER.ink, fontsize=12, fontweight="bold", pad=12)
        return _png(figure)


def mistakes_png(mistakes: Sequence[Mistake], total: int) -> bytes:
    """Return the images of mistakes as a PNG, truth and guess below each; `total` is how many mistakes there are."""
    with _settings():
        columns = _MISTAKES_IN_A_ROW
        rows = -(-len(mistakes) // columns)
        size = (columns * 1.15 + 0.3, rows * 1.6 + 0.7)
        figure = Figure(figsize=size, dpi=_DOTS_PER_INCH, facecolor=PAPER.paper)
        shown = f"the {len(mistakes)} most confident of {total:,} mistakes" if mistakes else "no mistakes"
        title = f"{shown}: truth → guess, and its probability" if mistakes else shown
        figure.text(0.2 / size[0], 1 - 0.35 / size[1], title, color=PAPER.ink, fontsize=12, fontweight="bold")
        # One image after the other into the same axes: an axes of its own for each would take four times as long.
        axes = figure.add_axes((0.2 / size[0], 0, columns * 1.15 / size[0], 1 - 0.6 / size[1]))
        axes.set_axis_off()
        for number, mistake in enumerate(mistakes):
            row, column = divmod(number, columns)
            left, top = column * 1.15, row * 1.6
            axes.imshow(
                255 - mistake.image, cmap="gray", vmin=0, vmax=255, interpolation="nearest",
                extent=(left, left + 1, top + 1, top),
            )  # fmt: skip
            words, lines = _caption(mistake)
            axes.text(left + 0.5, top + 1.06, words, ha="center", va="top", color=PAPER.ink, fontsize=9)
            below = top + 1.06 + 0.17 * lines
            axes.text(
                left + 0.5, below, f"{mistake.confidence:.1%}", ha="center", va="top", color=PAPER.muted, fontsize=8,
            )  # fmt: skip
        axes.set_xlim(0, columns * 1.15)
        axes.set_ylim(rows * 1.6 + 0.1, 0)
        return _png(figure)


def _caption(mistake: Mistake) -> tuple[str, int]:
    """Return what a mistake takes for what, and in how many lines: names of classes can be long."""
    truth, guess = (name if len(name) <= 12 else f"{name[:11]}…" for name in (mistake.truth, mistake.guess))
    return (f"{truth} → {guess}", 1) if len(truth) + len(guess) < 8 else (f"{truth}\n→ {guess}", 2)


def _draw(chart: Chart, figure: Figure, palette: Palette, *, left: float, width: float) -> None:
    """Draw a chart into a part of a figure."""
    right_margin = 0.19 if chart.labels_at_lines else 0.05
    axes = figure.add_axes((left + 0.12 * width, 0.13, (0.88 - right_margin) * width, 0.69))
    for line in chart.lines:
        axes.plot(
            line.epochs,
            line.values,
            color=palette.lines[line.colour],
            linewidth=1.8,
            linestyle=(0, (4, 2)) if line.dashed else "-",
            marker="o" if len(line.epochs) == 1 else None,
            markersize=5,
            solid_capstyle="round",
            clip_on=False,
        )
    _scales(chart, axes, palette)
    if chart.mark:
        axes.plot(
            *chart.mark, "o", markersize=7, markerfacecolor=palette.paper, markeredgecolor=palette.lines[1],
            markeredgewidth=1.8, clip_on=False, zorder=5,
        )  # fmt: skip
    if chart.labels_at_lines:
        _label_lines(chart, axes, palette)
    axes.text(0, 1.13, chart.title, transform=axes.transAxes, color=palette.ink, fontsize=12, fontweight="bold")
    if chart.note:
        axes.text(
            1, 1.13, chart.note, transform=axes.transAxes, ha="right", color=palette.muted, fontsize=10,
        )  # fmt: skip


def _scales(chart: Chart, axes: Axes, palette: Palette) -> None:
    if chart.is_logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if chart.decades < 2 else (1,), numticks=8))
        axes.yaxis.set_minor_locator(NullLocator())
    elif len(set(chart.values)) == 1:
        # What lies around the only value there is would be written with all its digits.
        axes.set_yticks(chart.values[:1])
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=(1, 2, 2.5, 5, 10)))
    if chart.unit == "share":
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.4g}%"))
        axes.set_ylim(top=min(axes.get_ylim()[1], 1.0))
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    first = min(line.epochs[0] for line in chart.lines)
    last = max(line.epochs[-1] for line in chart.lines)
    # One epoch is a point in the middle.
    axes.set_xlim(*((first, last) if first < last else (first - 1, first + 1)))
    if first == last:
        axes.set_xticks([first])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.set_xlabel("epoch", color=palette.muted, loc="right", labelpad=2)
    axes.grid(axis="y", color=palette.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(palette.muted)
    axes.spines["bottom"].set_linewidth(0.8)
    axes.tick_params(axis="y", length=0, labelcolor=palette.muted)
    axes.tick_params(axis="x", length=3, color=palette.muted, labelcolor=palette.muted)


def _label_lines(chart: Chart, axes: Axes, palette: Palette) -> None:
    """Write the name of each line at its end, moved up where two would overlap."""
    bottom, top = axes.get_ylim()
    scale = np.log if chart.is_logarithmic else np.asarray

    def height(line: Line) -> float:
        return float((scale(line.values[-1]) - scale(bottom)) / (scale(top) - scale(bottom)))

    free = -1.0
    for line in sorted(chart.lines, key=height):
        free = max(height(line), free + _LABEL_HEIGHT)
        axes.text(
            1.03, free, line.label, transform=axes.transAxes, va="center", color=palette.lines[line.colour],
            fontweight="bold",
        )  # fmt: skip


def _png(figure: Figure) -> bytes:
    # A name and a date of the program would make equal pictures differ.
    return _saved(figure, format="png", metadata={"Software": None})


def _saved(figure: Figure, **options: Any) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, **options)
    return content.getvalue()


def _on_page(svg: str, description: str) -> str:
    """Return what is to stand in a page of an SVG file by matplotlib."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    # Names of groups that nothing refers to would occur in each chart of a page again.
    svg = re.sub(r' id="[a-zA-Z0-9.]+_\d+"', "", svg)
    svg = re.sub(r' (width|height)="[0-9.]+pt"', "", svg, count=2)
    svg = re.sub("|".join(_PROPERTIES), lambda found: f"var({_PROPERTIES[found[0]]})", svg)
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1)
