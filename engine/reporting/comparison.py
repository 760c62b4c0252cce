"""A page that compares runs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

from nnkit.errors import ConfigError, FileAccessError
from nnkit.files import write_atomically
from nnkit.reporting.charts import COLOURS, comparison_charts
from nnkit.reporting.markup import duration, grid, page, paragraph, table
from nnkit.reporting.report import NO_PICTURES, Reported, as_bytes, drawing_module, made_by
from nnkit.reporting.run_record import RunRecord, as_text, read_run
from nnkit.training.resume import leaves

PAGE = "compare.html"
# With a dashed line for each colour, too.
MOST_RUNS = 2 * COLOURS
_FIRST_BYTES = 1024
# Where a run is kept says nothing about it.
_NO_DIFFERENCE = {"training.output"}


def write_comparison(folders: Sequence[Path], target: Path | None = None) -> Reported:
    """Write a page that compares runs: their curves, their outcome, and what their configs differ in.

    Args:
        folders: those of the runs, at most `MOST_RUNS`.
        target: the page, `compare.html` here where None; that is replaced only if it is such a page.

    Raises:
        ConfigError: a folder is not that of a run, or there are too many.
        FileAccessError: the file system refused, or `compare.html` is something else.
    """
    if len(folders) > MOST_RUNS:
        raise ConfigError(f"{len(folders)} runs: at most {MOST_RUNS} can be told apart in one picture")
    records = [read_run(folder) for folder in folders]
    place = target or Path(PAGE)
    if target is None and not _may_be_replaced(place):
        raise FileAccessError(f"{place}: exists and is not a page of nnkit; name another one with --output")
    without = [record.problem for record in records if record.problem]
    names = _names(folders)
    drawing = drawing_module()
    drawn = []
    if drawing is None:
        without.append(NO_PICTURES)
    else:
        drawn = [drawing.chart_svg(chart) for chart in comparison_charts(records, names)]
    write_atomically(place, as_bytes(_page(records, names, drawn, folders)))
    return Reported(place, tuple(without))


def _may_be_replaced(path: Path) -> bool:
    if not os.path.lexists(path):
        return True
    # Whoever opened a pipe would wait for its other end.
    if not os.path.isfile(path):
        return False
    with path.open("rb") as file:
        return b'content="nnkit ' in file.read(_FIRST_BYTES)


def _names(folders: Sequence[Path]) -> list[str]:
    """Return the shortest names that tell the folders apart: the ends of their paths, of the same length."""
    parts = [folder.resolve().parts for folder in folders]
    longest = max(map(len, parts))
    for length in range(1, longest + 1):
        names = [as_text(Path(*each[-length:])) for each in parts]
        if len(set(names)) == len(set(parts)):
            break
    return names


def _page(records: Sequence[RunRecord], names: Sequence[str], drawn: list[str], folders: Sequence[Path]) -> str:
    shown = {
        "Outcome": _outcome(records, names),
        "Curves": _legend(names) + grid("charts large", drawn) if drawn else "",
        "Differences": _differences(records, names),
    }
    return page(f"{len(records)} runs", _summary(records, names), "", shown, made_by(folders))


def _summary(records: Sequence[RunRecord], names: Sequence[str]) -> str:
    reached = [(record.best.test_accuracy, name) for record, name in zip(records, names, strict=True) if record.best]
    if not reached:
        return "None of them has finished an epoch."
    accuracy, name = max(reached, key=lambda pair: pair[0])
    return f"{name} has the highest test accuracy: {accuracy:.2%}."


def _outcome(records: Sequence[RunRecord], names: Sequence[str]) -> str:
    """Return the final figures of all runs, the best run first."""
    order = sorted(range(len(records)), key=lambda number: -records[number].accuracy)
    rows = []
    for number in order:
        record, best = records[number], records[number].best
        rows.append(
            [
                names[number],
                f"{record.config.network.name} on {record.config.data.name}",
                record.status,
                f"{best.test_accuracy:.2%}" if best else "",
                f"{best.test_loss:.4f}" if best else "",
                f"{best.epoch:,}" if best else "",
                f"{record.done:,} of {record.config.training.epochs:,}",
                duration(record.train_seconds),
            ]
        )
    heads = ["Run", "Network", "Status", "Test accuracy", "Test loss", "Best epoch", "Epochs", "Training time"]
    return table("Outcome", heads, rows, text_columns=3)


def _legend(names: Sequence[str]) -> str:
    """Return which line is whose."""
    entries = "".join(
        f'<li><span class="swatch{" dashed" if number >= COLOURS else ""}" '
        f'style="color:var(--line-{number % COLOURS})"></span>{escape(name)}</li>'
        for number, name in enumerate(names)
    )
    return f'<ul class="legend">{entries}</ul>'


def _differences(records: Sequence[RunRecord], names: Sequence[str]) -> str:
    """Return the values that are not the same in all configs, a row for each."""
    configs = [dict(leaves(record.config.model_dump(mode="json"))) for record in records]
    keys = dict.fromkeys(key for config in configs for key in config if key not in _NO_DIFFERENCE)
    # What only some of the configs have would come after all else.
    sections = list(dict.fromkeys(key.split(".")[0] for key in keys))
    rows = []
    for key in sorted(keys, key=lambda key: sections.index(key.split(".")[0])):
        cells = [_shown(config[key]) if key in config else "" for config in configs]
        if len(set(cells)) > 1:
            rows.append([key, *cells])
    if not rows:
        return paragraph("Their configs are the same.")
    return table("Differences of the configs", ["Key", *names], rows, text_columns=len(names) + 1)


def _shown(value: object) -> str:
    """Return a value as a config would have it."""
    return value if isinstance(value, str) else json.dumps(value)
