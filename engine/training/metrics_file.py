"""`metrics.jsonl`: a line for each epoch."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

from nnkit.errors import FileAccessError
from nnkit.training.files import open_regular
from nnkit.training.fit import EpochDone

# A line has some hundred bytes.
_LONGEST_LINE = 4096


def line_of(event: EpochDone) -> str:
    """Return the line of an epoch."""
    values: dict[str, Any] = {
        "epoch": event.epoch,
        "step": event.step,
        "lr": event.lr,
        "train_loss": event.train_loss,
        "train_seconds": event.train_seconds,
        "images_per_second": event.images_per_second,
        "test_loss": event.test.loss,
        "test_accuracy": event.test.accuracy,
    }
    if event.validation:
        values["validation_loss"] = event.validation.loss
        values["validation_accuracy"] = event.validation.accuracy
    if event.skipped:
        values["skipped_steps"] = event.skipped
    return json.dumps(values) + "\n"


def lines_until(epoch: int, path: Path) -> list[str]:
    """Return the lines of the first epochs; warn if some are missing or not the lines of these epochs.

    Raises:
        FileAccessError: the file may not be read, or is none.
    """
    lines: list[str] = []
    if epoch and os.path.lexists(path):
        with open_regular(path, FileAccessError) as file:
            while len(lines) < epoch and _is_of_epoch(line := file.readline(_LONGEST_LINE), len(lines) + 1):
                lines.append(line.decode())
    if len(lines) < epoch:
        warnings.warn(f"{path}: lacks the lines of epochs {len(lines) + 1} to {epoch}", stacklevel=2)
    return lines


def _is_of_epoch(line: bytes, epoch: int) -> bool:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return line.endswith(b"\n") and isinstance(values, dict) and values.get("epoch") == epoch


def append(path: Path, line: str) -> None:
    """Add a line to a file, down to the disk, or leave the file as it was.

    Raises:
        FileAccessError: the file system refused.
    """
    try:
        with path.open("ab", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            try:
                rest = line.encode()
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), size)
                raise
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be written: {error.strerror}") from None
