"""`nnkit eval`: how good a checkpoint is."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nnkit.cli import options, suggestions, tables
from nnkit.cli.console import announce_compilation, show_status, write
from nnkit.escapes import printable

if TYPE_CHECKING:
    from nnkit.training.evaluate import Report
    from nnkit.training.metrics import ConfusionMatrix


@click.command("eval")
@options.checkpoint
@click.option(
    "--data",
    metavar="NAME",
    help="Another data set than the one it was trained on.",
    shell_complete=suggestions.data_sets,
)
@options.device
@options.threads
@options.allow_code
@options.as_json
def command(checkpoint: Path, data: str | None, device: str | None, threads: str | None, as_json: bool) -> None:
    """Measure a checkpoint on test images.

    The checkpoint carries its config, so nothing else is needed. With --data the images of another data set are
    normalised as those that the network learned from.

    \b
    Examples:
      nnkit eval runs/lenet/best.safetensors
      nnkit eval runs/lenet/best.safetensors --data digits --json
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"evaluating {checkpoint} ...")
    # Numba and pydantic take most of a second to import; --help needs neither.
    from nnkit.training.evaluate import evaluate_checkpoint

    replaced = {
        "data.name": ("--data", data),
        "training.device": ("--device", device),
        # The threads of the machine that trained say nothing about this one.
        "training.threads": ("--threads", threads or "null"),
    }
    announce_compilation()
    report = evaluate_checkpoint(checkpoint, options.overrides((), replaced))
    write(json.dumps(_as_values(report)) if as_json else _as_text(report))


def _as_values(report: Report) -> dict[str, Any]:
    confusion = report.evaluation.confusion
    return {
        "accuracy": report.evaluation.accuracy,
        "loss": report.evaluation.loss,
        "images": confusion.images,
        "checkpoint": str(report.path),
        "network": report.config.network.name,
        "data": report.config.data.name,
        "epoch": report.epoch,
        "classes": [dataclasses.asdict(metrics) for metrics in confusion.per_class()],
        "confusion": confusion.counts.tolist(),
    }


def _as_text(report: Report) -> str:
    confusion = report.evaluation.confusion
    lines = [
        f"{printable(str(report.path))}: {report.config.network.name} after epoch {report.epoch}, "
        f"on the {confusion.images:,} test images of {report.config.data.name}",
        "",
        f"accuracy  {report.evaluation.accuracy:.2%}",
        f"loss      {report.evaluation.loss:.4f}",
        "",
    ]
    width = max(5, *map(len, confusion.classes))
    lines.append(f"{'class':>{width}}  precision   recall  images")
    for metrics in confusion.per_class():
        lines.append(f"{metrics.name:>{width}}  {metrics.precision:>9.2%}  {metrics.recall:>7.2%}  {metrics.images:>6}")
    return "\n".join([*lines, "", *_matrix(confusion, width)])


def _matrix(confusion: ConfusionMatrix, width: int) -> list[str]:
    """Return the confusion matrix, or where a terminal is too narrow for it the largest of its numbers in words."""
    narrowest = len(str(confusion.counts.max())) + 1
    cell = (tables.width() - width) // len(confusion.classes)
    if cell < narrowest:
        return _mistakes(confusion)
    cell = min(cell, max(5, narrowest))
    # Long names of classes would make columns too wide for a terminal.
    lines = [" " * width + "".join(f"{name[: cell - 1]:>{cell}}" for name in confusion.classes)]
    for name, row in zip(confusion.classes, confusion.counts, strict=True):
        lines.append(f"{name:>{width}}" + "".join(f"{count or '.':>{cell}}" for count in row.tolist()))
    return ["images of each class (rows) by predicted class (columns):", *lines]


def _mistakes(confusion: ConfusionMatrix) -> list[str]:
    names, counts = confusion.classes, confusion.counts.tolist()
    pairs = [(counts[row][column], row, column) for row in range(len(names)) for column in range(len(names))]
    most = sorted((pair for pair in pairs if pair[0] and pair[1] != pair[2]), key=lambda pair: -pair[0])
    return [
        "the most frequent mistakes:",
        *(f"{names[row]} taken for {names[column]}: {n}" for n, row, column in most[:10]),
    ]
