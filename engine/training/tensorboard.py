"""Event files for TensorBoard, in a folder of the run.

tensorboardX knows the format. Its writer is not used: it writes from a thread of its own, and waits for that for ever
where the disk is full.
"""

from __future__ import annotations

import re
import struct
import time
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nnkit.errors import FileAccessError
from nnkit.files import append, make_folder
from nnkit.training.fit import Training
from nnkit.training.metrics_file import Values
from nnkit.training.schema import Config

FOLDER = "tensorboard"
# From one point of the loss to the next.
STEPS = 50

_TAGS = {
    "lr": "lr",
    "images_per_second": "images_per_second",
    **{f"{part}_{what}": f"{what}/{part}" for what in ("loss", "accuracy") for part in ("train", "test", "validation")},
}
# In the order in which TensorBoard reads them, whatever the clock says.
_NAME = re.compile(r"events\.out\.tfevents\.([0-9]{10})\.nnkit")


def check_installed(config: Config) -> None:
    """Raise InvalidConfigError if a run is to write event files and there is nothing to do it with."""
    if config.training.tensorboard:
        try:
            import tensorboardX  # noqa: F401
        except ImportError:
            raise config.error(
                ("training", "tensorboard"), "tensorboardX is missing; pip install 'nnkit[tensorboard]'"
            ) from None


def files_in(folder: Path) -> dict[int, Path]:
    """Return the event files of a run by their numbers, without those of others."""
    return {int(match[1]): path for path in folder.glob("events.*") if (match := _NAME.fullmatch(path.name))}


class EventFile:
    """Collects points of curves over the steps of a run, and writes them when told to.

    Each part of a run that was stopped has a file of its own. What a part before it has written of later steps does
    not count any more, as the file says at its beginning. Where the file cannot be written the run goes on without it.

    Args:
        folder: where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._points: list[bytes] = []
        # What the epoch had come to at its last point: the sum of losses, and images.
        self._counted = (0.0, 0)

    def begin(self, training: Training, epochs: Iterable[Values]) -> None:
        """Start a file.

        Args:
            training: the run at the place that it goes on from.
            epochs: those that are done; they are written where no file has them.

        Raises:
            FileAccessError: the file system refused.
        """
        make_folder(self._folder)
        files = files_in(self._folder)
        self._path = self._folder / f"events.out.tfevents.{max(files, default=0) + 1:010d}.nnkit"
        self._counted = training.progress.loss, training.progress.images
        # An epoch whose steps are done, but not its evaluation, comes once more.
        again = training.progress.batches == len(training.train)
        content = [_version(), _restart(training.step + (0 if again else 1))]
        if not files:
            content += [_epoch(values) for values in epochs]
        append(self._path, b"".join(content))

    def add_step(self, training: Training) -> None:
        """Take note of a step, if it is time."""
        progress = training.progress
        loss, images = progress.loss - self._counted[0], progress.images - self._counted[1]
        if training.step % STEPS == 0 and images:
            self._counted = progress.loss, progress.images
            self._points.append(_scalars(training.step, {"loss/step": loss / images, "lr": progress.lr}))

    def add_epoch(self, values: Values) -> None:
        """Take note of an epoch."""
        self._counted = (0.0, 0)
        self._points.append(_epoch(values))

    def taken(self) -> bytes:
        """Return what was noted since the last time, for `write`."""
        points, self._points = self._points, []
        return b"".join(points)

    def write(self, content: bytes) -> None:
        """Write what was `taken`; warn if it cannot be."""
        if self._path is None or not content:
            return
        try:
            append(self._path, content)
        except FileAccessError as error:
            self._path = None
            warnings.warn(f"{error}; the run goes on without event files", stacklevel=2)


def _version() -> bytes:
    return _record(file_version="brain.Event:2")


def _restart(step: int) -> bytes:
    """Return what makes readers forget all earlier events from a step on."""
    from tensorboardX.proto.event_pb2 import SessionLog

    return _record(step=step, session_log=SessionLog(status=SessionLog.START))


def _epoch(values: Values) -> bytes:
    step = values.get("step")
    scalars = {tag: value for name, tag in _TAGS.items() if (value := values.get(name)) is not None}
    # A line that somebody wrote may have any number there, or none.
    return _scalars(step if isinstance(step, int) else 0, scalars)


def _scalars(step: int, values: Mapping[str, float]) -> bytes:
    from tensorboardX.proto.summary_pb2 import Summary

    points = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
    return _record(step=step, summary=Summary(value=points))


def _record(**fields: Any) -> bytes:
    """Return an event as the files have it: its length and itself, each with a checksum."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    content = Event(wall_time=time.time(), **fields).SerializeToString()
    length = struct.pack("<Q", len(content))
    checksums = [struct.pack("<I", masked_crc32c(part)) for part in (length, content)]
    return length + checksums[0] + content + checksums[1]
