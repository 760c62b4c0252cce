"""`nnkit runs`: the runs in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nnkit.cli import options, suggestions
from nnkit.cli.console import show_status, write
from nnkit.cli.group import Group
from nnkit.cli.tables import table
from nnkit.escapes import printable

if TYPE_CHECKING:
    from nnkit.reporting.run_record import RunRecord


_HEADS = ("accuracy", "loss", "best", "epochs", "seconds", "network", "data", "run")
_LEFT_OUT = ("seconds", "best", "data", "loss", "network", "epochs")


@click.group("runs", cls=Group)
def command() -> None:
    """List the runs in a folder.

    \b
    Examples:
      nnkit runs ls
      nnkit runs ls runs --json
    """  # noqa: D301 (click wants the character, not a backslash)


@command.command("ls")
@click.argument(
    "folder",
    metavar="[DIR]",
    default="runs",
    type=click.Path(path_type=Path),
    shell_complete=suggestions.folders,
)
@options.as_json
def list_all(folder: Path, as_json: bool) -> None:
    """List the runs in DIR [default: runs] and below, the best first.

    \b
    Examples:
      nnkit runs ls
      nnkit runs ls experiments --json
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"looking for runs in {folder} ...")
    # Pydantic takes a while to import.
    from nnkit.errors import NnkitError
    from nnkit.reporting.run_record import find_runs, read_run

    records: list[RunRecord] = []
    problems: list[tuple[Path, str]] = []
    for path in find_runs(folder):
        try:
            records.append(read_run(path))
        except NnkitError as error:
            problems.append((path, error.lines[0]))
    records.sort(key=lambda record: -record.accuracy)
    if as_json:
        write(
            json.dumps([*map(_as_values, records), *({"run": str(path), "problem": text} for path, text in problems)])
        )
    elif records or problems:
        write("\n".join(_as_lines(records, problems)))
    else:
        write(f"{printable(str(folder))}: holds no runs; nnkit train makes one")


def _as_values(record: RunRecord) -> dict[str, Any]:
    best = record.best
    return {
        "run": str(record.path),
        "network": record.config.network.name,
        "data": record.config.data.name,
        "status": record.status,
        "epochs": record.config.training.epochs,
        "epochs_done": record.done,
        "best_epoch": best.epoch if best else None,
        "test_accuracy": best.test_accuracy if best else None,
        "test_loss": best.test_loss if best else None,
        "train_seconds": record.train_seconds,
        "problem": record.problem,
    }


def _as_lines(records: list[RunRecord], problems: list[tuple[Path, str]]) -> list[str]:
    """Return a table of the runs, and a line for each that cannot be read; names come last, as they may be long."""
    rows = [_HEADS, *map(_cells, records)] if records else []
    lines = table(rows, ">>>>><<<", drop=_LEFT_OUT) if rows else []
    return [*lines, *(f"{printable(str(path))}: damaged: {printable(text)}" for path, text in problems)]


def _cells(record: RunRecord) -> tuple[str, ...]:
    best = record.best
    remarks = [record.status] * (record.status != "finished") + ["damaged"] * bool(record.problem)
    remark = f" ({', '.join(remarks)})" if remarks else ""
    return (
        f"{best.test_accuracy:.2%}" if best else "",
        f"{best.test_loss:.4f}" if best else "",
        str(best.epoch) if best else "",
        f"{record.done}/{record.config.training.epochs}",
        f"{record.train_seconds:.1f}",
        record.config.network.name,
        record.config.data.name,
        printable(str(record.path)) + remark,
    )
