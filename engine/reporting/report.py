"""The report of a run: a page and pictures in its folder."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType

from nnkit import __version__
from nnkit.errors import FileAccessError, NnkitError
from nnkit.files import write_atomically
from nnkit.graph import fold, to_svg
from nnkit.reporting import sections
from nnkit.reporting.charts import Chart, charts_of
from nnkit.reporting.environment import environment
from nnkit.reporting.findings import Findings, examine, first_filters
from nnkit.reporting.markup import definitions, grid, page, preformatted
from nnkit.reporting.run_record import RunRecord, as_text, read_run
from nnkit.training.config import to_yaml
from nnkit.training.inspection import loss_graph
from nnkit.training.run_folder import REPORT

PAGE, CURVES, CONFUSION, MISTAKES = REPORT
NO_PICTURES = "matplotlib is not installed; with pip install 'nnkit[plot]' there are pictures"


@dataclass(frozen=True)
class Reported:
    """A page that was written; `without` has a sentence for each thing that it lacks."""

    page: Path
    without: tuple[str, ...]


def write_report(folder: Path, target: Path | None = None) -> Reported:
    """Write the page of a run, finished or not, and its pictures beside it.

    What cannot be made is left out: pictures without matplotlib, and what needs the network or the test images where
    these are missing.

    Args:
        folder: that of the run.
        target: another file for the page, which is written alone then.

    Raises:
        ConfigError: it is not the folder of a run, or its config is not one of this version.
        FileAccessError: the file system refused.
    """
    record = read_run(folder)
    if target is None and not os.access(folder, os.W_OK | os.X_OK):
        raise FileAccessError(f"{folder}: is not writable; with --output FILE the page goes elsewhere")
    without = [record.problem] if record.problem else []
    findings, graph = None, ""
    try:
        findings = examine(record)
        graph = to_svg(fold(loss_graph(findings.config, findings.network)))
    except NnkitError as error:
        without.append(error.lines[0])
    charts = charts_of(record)
    drawing = drawing_module()
    if drawing is None:
        without.append(NO_PICTURES)
    elif target is None:
        _write_pictures(drawing, folder, charts, findings)
    text = _page(record, findings, [drawing.chart_svg(chart) for chart in charts] if drawing else [], graph)
    if target is None:
        _write_inside(folder / PAGE, as_bytes(text))
    else:
        write_atomically(target, as_bytes(text))
    return Reported(target or folder / PAGE, tuple(without))


def drawing_module() -> ModuleType | None:
    """Return what draws, or None where matplotlib is missing."""
    # What it has to say about folders for its caches does not concern a run.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        from nnkit.reporting import drawing  # matplotlib is an extra, and takes half a second.
    except ImportError:
        return None
    return drawing


def as_bytes(page: str) -> bytes:
    """Return a page as it is written; what has no place in UTF-8, as parts of names may, becomes a question mark."""
    return page.encode("utf-8", "replace")


def made_by(folders: Sequence[Path]) -> str:
    """Return words for the end of a page about these runs: what made it, when, and how to make it again."""
    now = datetime.now(timezone.utc)
    command = shlex.join(["nnkit", "report", *map(as_text, folders)])
    return f"Made by nnkit {__version__} on {now:%Y-%m-%d at %H:%M} UTC; {command} makes it again."


def _write_pictures(drawing: ModuleType, folder: Path, charts: list[Chart], findings: Findings | None) -> None:
    if charts:
        _write_inside(folder / CURVES, drawing.curves_png(charts))
    if findings is not None:
        confusion = findings.evaluation.confusion
        _write_inside(folder / CONFUSION, drawing.confusion_png(confusion))
        _write_inside(folder / MISTAKES, drawing.mistakes_png(findings.mistakes, confusion.mistakes))


def _write_inside(path: Path, content: bytes) -> None:
    """Write a file of a run's folder; a link in a folder from a stranger would lead out of it, and is replaced."""
    if path.is_symlink():
        path.unlink()
    write_atomically(path, content)


def _page(record: RunRecord, findings: Findings | None, drawn: list[str], graph: str) -> str:
    config = record.config
    shown = {
        "Curves": grid("charts", drawn) if drawn else "",
        "Epochs": sections.epochs_table(record),
    }
    if findings is not None:
        confusion = findings.evaluation.confusion
        filters = first_filters(findings.network)
        shown |= {
            "Classes": grid("pair", [sections.confusion_table(confusion), sections.classes_table(confusion)]),
            "Mistakes": sections.mistakes_grid(findings.mistakes, confusion.mistakes),
            "First layer": sections.filters_grid(filters) if filters else "",
        }
    shown |= {
        "Graph": sections.graph(graph),
        "Config": preformatted(to_yaml(config)),
        "Environment": definitions({name: str(value) for name, value in environment()}),
    }
    return page(
        record.name,
        f"{config.network.name} on {config.data.name}, {record.status}: "
        f"{record.done} of {config.training.epochs} epochs are done.",
        sections.key_figures(record, findings),
        shown,
        made_by([record.path]),
    )
