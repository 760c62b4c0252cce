"""`metrics.jsonl` and `metrics.csv`: a line for each epoch, with the same values."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nnkit.errors import FileAccessError
from nnkit.files import open_regular
from nnkit.training.fit import EpochDone

# By name; None is what an epoch does not have.
Values = dict[str, int | float | None]

# The columns of the table, which is as wide for every run.
COLUMNS = (
    *("epoch", "step", "lr", "train_loss", "train_accuracy", "train_seconds", "images_per_second"),
    *("test_loss", "test_accuracy", "validation_loss", "validation_accuracy", "skipped_steps"),
)
# A line has some hundred bytes.
_LONGEST_LINE = 4096
# Up to here integers are also floats.
_LARGEST_COUNT = 2**53


def values_of(event: EpochDone) -> Values:
    """Return what an epoch came to, by column."""
    return {
        "epoch": event.epoch,
        "step": event.step,
        "lr": event.lr,
        "train_loss": event.train_loss,
        "train_accuracy": event.train_accuracy,
        "train_seconds": event.train_seconds,
        "images_per_second": event.images_per_second,
        "test_loss": event.test.loss,
        "test_accuracy": event.test.accuracy,
        "validation_loss": event.validation.loss if event.validation else None,
        "validation_accuracy": event.validation.accuracy if event.validation else None,
        "skipped_steps": event.skipped or None,
    }


def json_line(values: Values) -> str:
    """Return an epoch as a line of JSON, which has only what there is."""
    return json.dumps({name: value for name, value in values.items() if value is not None}) + "\n"


def csv_lines(epochs: Iterable[Values]) -> str:
    """Return epochs as lines of CSV: numbers that read back to the same, and nothing where there is none."""
    rows = ([repr(value) if (value := values.get(name)) is not None else "" for name in COLUMNS] for values in epochs)
    return "".join(",".join(row) + "\n" for row in rows)


CSV_HEADER = ",".join(COLUMNS) + "\n"


def values_in(line: str) -> Values:
    """Return what a line of JSON says in numbers about an epoch; whatever else it holds is left out."""
    values = json.loads(line)
    return {name: value for name in COLUMNS if _is_number(value := values.get(name))}


def lines_until(epoch: int, path: Path) -> list[str]:
    """Return the lines of JSON of the first epochs; warn if some are missing or not the lines of these epochs.

    Raises:
        FileAccessError: the file may not be read, or is none.
    """
    lines: list[str] = []
    if epoch and os.path.lexists(path):
        with open_regular(path, FileAccessError) as file:
            while len(lines) < epoch and (line := _line_of(len(lines) + 1, file.readline(_LONGEST_LINE))):
                lines.append(line)
    if len(lines) < epoch:
        warnings.warn(f"{path}: lacks the lines of epochs {len(lines) + 1} to {epoch}", stacklevel=2)
    return lines


def _line_of(epoch: int, line: bytes) -> str | None:
    """Return the text of a line if it is that of an epoch."""
    try:
        # Editors may begin a file with a byte order mark, which JSON does not have.
        text = line.decode("utf-8-sig")
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_whole = text.endswith("\n") and isinstance(values, dict)
    return text if is_whole and _is_number(values.get("epoch")) and values["epoch"] == epoch else None


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST_COUNT
