"""The folder of a run's results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nnkit.errors import FileAccessError
from nnkit.training.checkpoint import Checkpoint, ImageFormat, parameters_of, save
from nnkit.training.config import to_yaml
from nnkit.training.files import make_folder, write_atomically
from nnkit.training.fit import EpochDone, Training
from nnkit.training.schema import Config


def metrics_of(event: EpochDone) -> dict[str, Any]:
    """Return the line of `metrics.jsonl` for an epoch."""
    line = {
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
        line["validation_loss"] = event.validation.loss
        line["validation_accuracy"] = event.validation.accuracy
    return line


class RunFolder:
    """Writes `config.yaml`, `metrics.jsonl`, `last.safetensors` and `best.safetensors`."""

    def __init__(self, path: Path, config: Config) -> None:
        self.path = path
        self.config = config
        self.metrics = path / "metrics.jsonl"

    def begin(self, epoch: int) -> None:
        """Create the folder, write the config, and keep the metrics of the first `epoch` epochs.

        Raises:
            FileAccessError: it cannot be written to.
        """
        make_folder(self.path)
        header = f"# Every value of this run. To repeat it: nnkit train {self.path / 'config.yaml'}\n"
        write_atomically(self.path / "config.yaml", (header + to_yaml(self.config)).encode())
        kept = self._lines()[:epoch] if epoch else []
        write_atomically(self.metrics, "".join(kept).encode())

    def add(self, event: EpochDone, training: Training) -> None:
        """Record an epoch: its line first, since a resumed run drops lines that its checkpoint does not know.

        Raises:
            FileAccessError: the file system refused.
            NonFiniteError: the network holds numbers that are not finite; no checkpoint is written.
        """
        self._append(json.dumps(metrics_of(event)) + "\n")
        done = Checkpoint(
            config=self.config.model_dump(mode="json"),
            epoch=event.epoch,
            step=event.step,
            parameters=parameters_of(training.network),
            images=ImageFormat.of(training.train.image_set),
        )
        if event.improved:
            save(self.path / "best.safetensors", done)
        save(self.path / "last.safetensors", done.with_state(training.state()))

    def _lines(self) -> list[str]:
        try:
            return self.metrics.read_text(encoding="utf-8").splitlines(keepends=True)
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise FileAccessError(f"{self.metrics}: cannot be read: {error}") from None

    def _append(self, line: str) -> None:
        try:
            with self.metrics.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise FileAccessError(f"{self.metrics}: cannot be written: {error.strerror}") from None
