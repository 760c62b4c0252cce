"""The folder of a run's results."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nnkit.errors import CheckpointError, FileAccessError
from nnkit.files import append, open_regular, write_atomically
from nnkit.serialization import container
from nnkit.training import checkpoint as checkpoints
from nnkit.training import metrics_file, tensorboard
from nnkit.training.background import Background
from nnkit.training.checkpoint import Checkpoint, ImageFormat, Packed, parameters_of
from nnkit.training.config import to_yaml
from nnkit.training.fit import EpochDone, Training
from nnkit.training.metrics_file import Values
from nnkit.training.paths import BEST, LAST
from nnkit.training.resume import earlier_checkpoints
from nnkit.training.schema import Config
from nnkit.training.tensorboard import EventFile

METRICS = "metrics.jsonl"
TABLE = "metrics.csv"
# What others make of the results, and what is not true of the next run.
REPORT = ("report.html", "curves.png", "confusion.png", "mistakes.png")
# What a killed process leaves of a file that it was writing.
_LEFT_OVER = re.compile(
    r"\.(config\.yaml|metrics\.(jsonl|csv)|(best|last|step-[0-9]+)\.safetensors|report\.html"
    r"|(curves|confusion|mistakes)\.png)"
    r"\.[0-9a-f]{8}\.tmp"
)


class RunFolder:
    """Writes `config.yaml`, `metrics.jsonl`, `metrics.csv`, `best.safetensors`, and checkpoints to resume from.

    `last.safetensors` is the newest of these; `step-N.safetensors` are earlier ones, as many as the config wants. If it
    wants event files, they are in `tensorboard`.

    Args:
        path: the folder; it exists, and nobody else writes to it.
        config: what the run is configured with.
        origin: what it computes on, for its checkpoints.
        background: where files are written; errors of that come out of `check` or the next call.
    """

    def __init__(self, path: Path, config: Config, origin: dict[str, Any], background: Background) -> None:
        self.path = path
        self.config = config
        self._origin = origin
        self._background = background
        self._events = EventFile(path / tensorboard.FOLDER) if config.training.tensorboard else None
        # Where the run was when it was last saved, and the time then.
        self._saved: tuple[int, ...] = ()
        self._saved_at = time.monotonic()

    def begin(self, training: Training, resumed: Path | None) -> None:
        """Write a first checkpoint, the metrics of the epochs that are done, and the config.

        With that an earlier run in this folder is replaced, and a run that is killed in its first epoch can go on. Only
        its best checkpoint stays until there is a better one. A run that comes from another folder brings its own.

        Raises:
            FileAccessError: the file system refused.
        """
        for path in self.path.glob(".*.tmp"):
            if _LEFT_OVER.fullmatch(path.name):
                path.unlink(missing_ok=True)
        stays = resumed is not None and os.path.samefile(resumed.parent, self.path)
        lines: list[str] = []
        if resumed is not None:
            lines = metrics_file.lines_until(training.epoch, resumed.parent / METRICS)
            if not stays:
                self._bring_best(resumed.parent)
            # Before the checkpoint, because from there on nobody knows where they came from.
            self._write_metrics(lines)
        self.save(training)
        self._background.finish()
        if resumed is None:
            self._write_metrics(lines)
        if not stays:
            curves = tensorboard.files_in(self.path / tensorboard.FOLDER)
            for path in (*earlier_checkpoints(self.path).values(), *curves.values()):
                path.unlink(missing_ok=True)
            for name in REPORT:
                # What is no file is told where it stands in the way.
                with contextlib.suppress(OSError):
                    (self.path / name).unlink()
        if self._events:
            self._events.begin(training, map(metrics_file.values_in, lines))
        header = "# Every value of this run: `nnkit train` with this file repeats it.\n"
        write_atomically(self.path / "config.yaml", (header + to_yaml(self.config)).encode())

    def _write_metrics(self, lines: list[str]) -> None:
        write_atomically(self.path / METRICS, "".join(lines).encode())
        table = metrics_file.CSV_HEADER + metrics_file.csv_lines(map(metrics_file.values_in, lines))
        write_atomically(self.path / TABLE, table.encode())

    def _bring_best(self, source: Path) -> None:
        try:
            with open_regular(source / BEST, CheckpointError) as file:
                content = file.read(container.MAX_FILE_BYTES)
        except CheckpointError:
            (self.path / BEST).unlink(missing_ok=True)
        else:
            write_atomically(self.path / BEST, content)

    def add_step(self, training: Training) -> None:
        """Record a step, and save a checkpoint if the config wants one after it."""
        if self._events:
            self._events.add_step(training)
        settings = self.config.checkpoint
        by_step = settings.every_steps is not None and training.step % settings.every_steps == 0
        waited = time.monotonic() - self._saved_at
        if by_step or (settings.every_seconds is not None and waited >= settings.every_seconds):
            self.save(training)

    def save(self, training: Training) -> None:
        """Save what the run needs to go on.

        Raises:
            FileAccessError: the file system refused.
            NonFiniteError: the network holds numbers that are not finite; no checkpoint is written.
        """
        if self._saved == _place(training):
            return
        self._submit(training, lambda: None)

    def add_epoch(self, event: EpochDone, training: Training) -> None:
        """Record an epoch: its line first, since a resumed run drops lines that its checkpoint does not know.

        Raises:
            FileAccessError: the file system refused.
            NonFiniteError: the network holds numbers that are not finite; no checkpoint is written.
        """
        values = metrics_file.values_of(event)
        if self._events:
            self._events.add_epoch(values)
        best = checkpoints.pack(self._network_alone(training)) if event.improved else None
        self._submit(training, lambda: self._write_epoch(values, best))

    def _write_epoch(self, values: Values, best: Packed | None) -> None:
        append(self.path / METRICS, metrics_file.json_line(values).encode())
        append(self.path / TABLE, metrics_file.csv_lines([values]).encode())
        if best is not None:
            checkpoints.write(self.path / BEST, best)

    def _submit(self, training: Training, first: Callable[[], None]) -> None:
        """Save a checkpoint in the background, after what belongs to the steps that it knows."""
        packed, step, before = self._packed(training), training.step, self._saved_step()
        points = self._events.taken() if self._events else b""

        def write() -> None:
            first()
            if self._events:
                self._events.write(points)
            self._replace_last(packed, step, before)

        self._background.submit(write)
        self._saved, self._saved_at = _place(training), time.monotonic()

    def check(self) -> None:
        """Raise what has gone wrong with writing, if anything has."""
        self._background.check()

    def finish(self) -> None:
        """Wait until all is written."""
        self._background.finish()

    def _network_alone(self, training: Training) -> Checkpoint:
        return Checkpoint(
            config=self.config.model_dump(mode="json"),
            epoch=training.epoch,
            step=training.step,
            parameters=parameters_of(training.outcome),
            images=ImageFormat.of(training.train.image_set),
        )

    def _packed(self, training: Training) -> Packed:
        state = {**training.state(), "origin": self._origin}
        return checkpoints.pack(self._network_alone(training).with_state(state))

    def _saved_step(self) -> int:
        return self._saved[1] if self._saved else 0

    def _replace_last(self, packed: Packed, step: int, before: int) -> None:
        """Write the checkpoint of a step, keep the one before it under another name, and remove what is too old."""
        spares = self.config.checkpoint.keep_last - 1
        last = self.path / LAST
        # The beginning of the run needs no spare.
        if spares and before and before != step:
            _link(last, self.path / f"step-{before}.safetensors")
        checkpoints.write(last, packed)
        earlier = earlier_checkpoints(self.path)
        kept = [number for number in earlier if number < step][:spares]
        for number, path in earlier.items():
            if number not in kept:
                path.unlink(missing_ok=True)


def _link(path: Path, other: Path) -> None:
    """Give a file a second name; it is copied where the file system has no such thing."""
    try:
        other.unlink(missing_ok=True)
        # A link is not followed, and its name would lead to the next checkpoint, too.
        os.link(os.path.realpath(path), other)
    except FileNotFoundError:
        pass  # The folder is gone, as whoever writes to it next will tell.
    except OSError:
        with open_regular(path, FileAccessError) as file:
            write_atomically(other, file.read())


def _place(training: Training) -> tuple[int, ...]:
    return training.epoch, training.step, training.progress.batches
