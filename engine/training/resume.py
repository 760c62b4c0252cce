"""Going on with an interrupted run, and refusing where that would be another run."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nnkit.errors import CheckpointError
from nnkit.training import checkpoint as checkpoints
from nnkit.training.checkpoint import Checkpoint, restore
from nnkit.training.fit import Training
from nnkit.training.load import config_in
from nnkit.training.objections import OBJECTIONS, one_line
from nnkit.training.paths import LAST
from nnkit.training.schema import Config

# In place of a path: the newest good checkpoint of the output folder.
AUTO = "auto"

# How many differences of another run are told.
_SHOWN = 5
_EARLIER = re.compile(r"step-([0-9]+)\.safetensors")

# Where and how long a run computes, and what it does about trouble, does not change what it computes.
_FREE = {
    *("training.device", "training.threads", "training.output", "training.epochs", "training.patience"),
    *("training.on_nonfinite", "training.detect_anomaly", "training.tensorboard"),
    # Its checksum tells whether it is the same file.
    "network.file",
    *("checkpoint.every_steps", "checkpoint.every_seconds", "checkpoint.keep_last"),
}


def earlier_checkpoints(folder: Path) -> dict[int, Path]:
    """Return the checkpoints of a run that are kept beside the last one, by step, the newest first."""
    found = {}
    for path in folder.glob("step-*.safetensors"):
        match = _EARLIER.fullmatch(path.name)
        if match:
            found[int(match[1])] = path
    return dict(sorted(found.items(), reverse=True))


def newest(folder: Path) -> tuple[Path, Checkpoint] | None:
    """Return the newest good checkpoint of a run, by its step whatever the clock says; None if there is none at all.

    Warns about newer ones that are damaged.

    Raises:
        CheckpointError: all of them are damaged.
    """
    problems: list[CheckpointError] = []
    for path in (folder / LAST, *earlier_checkpoints(folder).values()):
        try:
            # A link that leads nowhere is a checkpoint that is missed.
            if os.path.lexists(path):
                checkpoint = checkpoints.load(path)
                for problem in problems:
                    warnings.warn(f"{problem}; going on from {path} instead", stacklevel=2)
                return path, checkpoint
        except CheckpointError as error:
            problems.append(error)
    if problems:
        raise problems[0]
    return None


def check_same_run(config: Config, checkpoint: Checkpoint, path: Path, *, force: bool) -> None:
    """Refuse a checkpoint that training with this config could not have led to; if forced, warn.

    Raises:
        CheckpointError: the message has the difference.
    """
    if checkpoint.state is None:
        raise CheckpointError(f"{path}: holds the network alone; resume from the {LAST} of its run")
    written = config_in(checkpoint, path)
    ours, theirs = (dict(leaves(each.model_dump(mode="json"))) for each in (config, written))
    free = set(_FREE)
    if _is_part_of_a_schedule(config) and checkpoint.epoch < written.training.epochs:
        # The schedule lasts as long as the run: another length is another learning rate at every step.
        free.remove("training.epochs")
    different = [
        "the network's Python file has changed"
        if key == "network.sha256"
        else f"{key} is {theirs.get(key)!r} there and {ours.get(key)!r} here"
        for key in dict.fromkeys([*ours, *theirs])
        if ours.get(key) != theirs.get(key) and key not in free
    ]
    _refuse(path, different, force)
    if _is_part_of_a_schedule(config) and config.training.epochs != written.training.epochs:
        warnings.warn(
            f"the learning rate goes on as in a run of {config.training.epochs} epochs; "
            f"until here it was that of {written.training.epochs}",
            stacklevel=2,
        )


def go_on(training: Training, checkpoint: Checkpoint, path: Path, now: Mapping[str, Any], *, force: bool) -> None:
    """Bring a run to where a checkpoint was saved; on another machine warn that the bits may differ.

    Args:
        training: the run at its beginning.
        checkpoint: what to go on from.
        path: where it was read from.
        now: the `origin` of the run.
        force: go on with other data, and with the settings of this run's config in place of those of the checkpoint's.

    Raises:
        CheckpointError: the checkpoint does not fit, or was made with other data and that is not forced.
    """
    state = checkpoint.state or {}
    restore(training.outcome, checkpoint, path)
    try:
        training.load_state(state, keep_settings=force)
        then = state.get("origin", {"data": {}, "machine": {}})
        others = [f"the {name} data are others" for name, _, _ in _changed(then["data"], now["data"])]
        machine = [f"{name} was {old!r} and is {new!r}" for name, old, new in _changed(then["machine"], now["machine"])]
    except (*OBJECTIONS, KeyError, AttributeError) as error:
        raise CheckpointError(f"{path}: its training state does not fit: {one_line(error)}") from None
    _refuse(path, others, force)
    if training.epoch >= training.epochs and training.progress.batches:
        done = f"{training.epoch} epochs and a part of the next are done"
        raise CheckpointError(f"{path}: {done}, which is more than {training.epochs} epochs; choose more")
    if machine:
        warnings.warn(f"{path}: {'; '.join(machine)}; the last bits of results may differ", stacklevel=2)


def _changed(then: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return name, old and new value of what is not as it was; what was not noted then counts as unchanged."""
    return [(name, then[name], value) for name, value in now.items() if then.get(name, value) != value]


def _refuse(path: Path, different: list[str], force: bool) -> None:
    if len(different) > _SHOWN:
        different = [*different[:_SHOWN], f"and {len(different) - _SHOWN} more differences"]
    if different and force:
        warnings.warn(f"{path}: belongs to another run: {'; '.join(different)}; going on as told", stacklevel=3)
    elif different:
        raise CheckpointError(f"{path}: belongs to another run: {'; '.join(different)} (--force goes on nevertheless)")


def _is_part_of_a_schedule(config: Config) -> bool:
    """Return whether the number of epochs decides the learning rate."""
    return bool(config.scheduler and config.scheduler.unset_lengths)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key of each value of nested sections, and the value."""
    items: Iterable[tuple[Any, Any]]
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        items = enumerate(value)
    else:
        yield path, value
        return
    for key, item in items:
        yield from leaves(item, f"{path}.{key}" if path else str(key))
