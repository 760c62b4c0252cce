"""The folder of a run's results."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

from nnkit.errors import CheckpointError, FileAccessError
from nnkit.training import checkpoint as checkpoints
from nnkit.training import container, metrics_file
from nnkit.training.background import Background
from nnkit.training.checkpoint import Checkpoint, ImageFormat, Packed, parameters_of
from nnkit.training.config import to_yaml
from nnkit.training.files import open_regular, write_atomically
from nnkit.training.fit import EpochDone, Training
from nnkit.training.paths import BEST, LAST
from nnkit.training.resume import earlier_checkpoints
from nnkit.training.schema import Config

METRICS = "metrics.jsonl"
# What a killed process leaves of a file that it was writing.
_LEFT_OVER = re.compile(r"\.(config\.yaml|metrics\.jsonl|(best|last|step-[0-9]+)\.safetensors)\.[0-9a-f]{8}\.tmp")


class RunFolder:
    """Writes `config.yaml`, `metrics.jsonl`, `best.safetensors`, and checkpoints to resume from.

    `last.safetensors` is the newest of these; `step-N.safetensors` are earlier ones, as many as the config wants.

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
        self._metrics = path / METRICS
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
        if resumed is not None:
            lines = metrics_file.lines_until(training.epoch, resumed.parent / METRICS)
            if not stays:
                self._bring_best(resumed.parent)
            # Before the checkpoint, because from there on nobody knows where they came from.
            write_atomically(self._metrics, "".join(lines).encode())
        self.save(training)
        self._background.finish()
        if resumed is None:
            write_atomically(self._metrics, b"")
        if not stays:
            for path in earlier_checkpoints(self.path).values():
                path.unlink(missing_ok=True)
        header = "# Every value of this run: `nnkit train` with this file repeats it.\n"
        write_atomically(self.path / "config.yaml", (header + to_yaml(self.config)).encode())

    def _bring_best(self, source: Path) -> None:
        try:
            with open_regular(source / BEST, CheckpointError) as file:
                content = file.read(container.MAX_FILE_BYTES)
        except CheckpointError:
            (self.path / BEST).unlink(missing_ok=True)
        else:
            write_atomically(self.path / BEST, content)

    def save_if_due(self, training: Training) -> None:
        """Save a checkpoint if the config wants one after this step."""
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
        packed, step, before = self._packed(training), training.step, self._saved_step()
        self._background.submit(lambda: self._replace_last(packed, step, before))
        self._saved, self._saved_at = _place(training), time.monotonic()

    def add(self, event: EpochDone, training: Training) -> None:
        """Record an epoch: its line first, since a resumed run drops lines that its checkpoint does not know.

        Raises:
            FileAccessError: the file system refused.
            NonFiniteError: the network holds numbers that are not finite; no checkpoint is written.
        """
        line = metrics_file.line_of(event)
        best = checkpoints.pack(self._network_alone(training)) if event.improved else None
        packed, step, before = self._packed(training), training.step, self._saved_step()

        def write() -> None:
            metrics_file.append(self._metrics, line)
            if best is not None:
                checkpoints.write(self.path / BEST, best)
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
            parameters=parameters_of(training.network),
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
