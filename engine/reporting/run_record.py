"""What a run left in its folder, read as a stranger's: the config, and a line for each epoch."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nnkit.errors import CheckpointError, ConfigError
from nnkit.files import open_regular
from nnkit.registry import closest
from nnkit.training.config import load_config
from nnkit.training.paths import LAST
from nnkit.training.run_folder import METRICS
from nnkit.training.schema import Config

# A line has some hundred bytes, and a hundred thousand epochs are more than a picture can show.
_LONGEST_LINE = 4096
_MOST_EPOCHS = 100_000
# Deep enough for folders of folders of runs; a look at a whole disk would never end.
_DEPTH = 3

_Number = Annotated[float, Field(ge=-1e100, le=1e100)]
_Share = Annotated[float, Field(ge=0, le=1)]


class Epoch(BaseModel):
    """A line of `metrics.jsonl`; older versions wrote no `train_accuracy`."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)

    epoch: Annotated[int, Field(ge=1, le=10**9)]
    lr: _Number
    train_loss: _Number
    train_accuracy: _Share | None = None
    train_seconds: Annotated[float, Field(ge=0, le=1e15)]
    images_per_second: Annotated[float, Field(ge=0, le=1e15)]
    test_loss: _Number
    test_accuracy: _Share
    validation_loss: _Number | None = None
    validation_accuracy: _Share | None = None

    @property
    def judged_accuracy(self) -> float:
        """The accuracy that decides whether the epoch is the best."""
        return self.test_accuracy if self.validation_accuracy is None else self.validation_accuracy

    @property
    def judged_loss(self) -> float:
        """The loss that decides whether the epoch is the best."""
        return self.test_loss if self.validation_loss is None else self.validation_loss


@dataclass(frozen=True)
class RunRecord:
    """A run as its folder tells it.

    Attributes:
        path: the folder.
        config: what the run was configured with.
        epochs: those that are done, in order; of a run that was resumed elsewhere some may be missing.
        problem: why lines of `metrics.jsonl` were left out, in one sentence; None if all could be read.
    """

    path: Path
    config: Config
    epochs: tuple[Epoch, ...]
    problem: str | None = None

    @property
    def name(self) -> str:
        """The name of the folder."""
        return as_text(Path(self.path.name or self.path.resolve().name or self.path))

    @property
    def best(self) -> Epoch | None:
        """The epoch that `best.safetensors` is from; None before the first is done."""
        if self.config.checkpoint.metric == "loss":
            return min(self.epochs, key=lambda epoch: epoch.judged_loss, default=None)
        return max(self.epochs, key=lambda epoch: epoch.judged_accuracy, default=None)

    @property
    def accuracy(self) -> float:
        """The test accuracy of the best epoch; -1 before the first is done, so that such a run comes last."""
        return self.best.test_accuracy if self.best else -1.0

    @property
    def done(self) -> int:
        """The number of the last epoch."""
        return self.epochs[-1].epoch if self.epochs else 0

    @property
    def status(self) -> str:
        """How far it is: "finished", "stopped early" or "unfinished"."""
        patience = self.config.training.patience
        if self.done >= self.config.training.epochs:
            return "finished"
        if patience is not None and self.best is not None and self.done - self.best.epoch >= patience:
            return "stopped early"
        return "unfinished"

    @property
    def train_seconds(self) -> float:
        """The seconds that its training took, without evaluation."""
        return sum(epoch.train_seconds for epoch in self.epochs)


def as_text(path: Path) -> str:
    """Return a path as people would read it, also where the system's names of files are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def read_run(folder: Path) -> RunRecord:
    """Read the folder of a run, finished or not.

    Raises:
        ConfigError: it is not the folder of a run; InvalidConfigError: its config is not one of this version.
        FileAccessError: it may not be read.
    """
    if not is_run(folder):
        raise ConfigError(f"{folder}: {_not_a_run(folder)}")
    config = load_config(str(folder / "config.yaml"))
    epochs, problem = _read_epochs(folder / METRICS)
    return RunRecord(folder, config, tuple(epochs), problem)


def is_run(folder: Path) -> bool:
    """Return whether a folder is one that a run wrote to."""
    found = {name for name in (METRICS, "config.yaml", LAST) if os.path.isfile(folder / name)}
    return METRICS in found or len(found) == 2


def find_runs(folder: Path) -> Iterator[Path]:
    """Yield the folders of runs at and below `folder`, in the order of their names; links are not followed.

    Raises:
        ConfigError: there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: {'is not a folder' if folder.exists() else 'does not exist'}")
    for place, below, _ in os.walk(folder):
        path = Path(place)
        if is_run(path):
            yield path
            below.clear()
        elif len(path.relative_to(folder).parts) >= _DEPTH:
            below.clear()
        below.sort()


def _not_a_run(folder: Path) -> str:
    """Return what a path is instead, and which was probably meant."""
    if not folder.exists():
        runs = {path.name: path for place in (Path("runs"), folder.parent) if place.is_dir() for path in _inside(place)}
        match = closest(folder.name, runs)
        return f"does not exist{f', did you mean {runs[match]}?' if match else ''}"
    if not folder.is_dir():
        return f"is a file, expected the folder of a run{f' such as {folder.parent}' if is_run(folder.parent) else ''}"
    below = next(iter(_inside(folder)), None)
    hint = f"; {below} is one" if below else ", as nnkit train makes it"
    return f"is not the folder of a run{hint}"


def _inside(folder: Path) -> list[Path]:
    """Return the runs in a folder, by name."""
    return sorted(filter(is_run, folder.iterdir()))


def _read_epochs(path: Path) -> tuple[list[Epoch], str | None]:
    """Return the epochs up to the first line that is not one, and what is wrong with that."""
    epochs: list[Epoch] = []
    if not path.exists():
        return epochs, f"{path}: does not exist"
    with open_regular(path, CheckpointError) as file:
        while line := file.readline(_LONGEST_LINE):
            number = len(epochs) + 1
            try:
                # Editors leave a byte order mark, which does not make an epoch another one.
                epoch = Epoch.model_validate_json(line.removeprefix(codecs.BOM_UTF8))
            except ValidationError:
                return epochs, f"{path}:{number}: not the line of an epoch; it and what follows are left out"
            if epochs and epoch.epoch <= epochs[-1].epoch:
                return epochs, f"{path}:{number}: epoch {epoch.epoch} again; it and what follows are left out"
            if number > _MOST_EPOCHS:
                return epochs, f"{path}: more than {_MOST_EPOCHS:,} epochs; the rest are left out"
            epochs.append(epoch)
    return epochs, None
