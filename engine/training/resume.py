"""Going on with an interrupted run, and refusing where that would be another run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nnkit.errors import CheckpointError
from nnkit.training.build import OBJECTIONS, one_line
from nnkit.training.checkpoint import Checkpoint, restore
from nnkit.training.fit import Training
from nnkit.training.schema import Config

# Where and how long a run computes does not change what it computes.
_FREE = {"training.device", "training.threads", "training.output", "training.epochs"}


def check_same_run(config: Config, checkpoint: Checkpoint, path: Path) -> None:
    """Refuse a checkpoint that training with this config could not have led to.

    Raises:
        CheckpointError: the message has the difference.
    """
    if checkpoint.state is None:
        raise CheckpointError(f"{path}: holds the network alone; resume from the last.safetensors of its run")
    ours, theirs = dict(_leaves(config.model_dump(mode="json"))), dict(_leaves(checkpoint.config))
    free = set(_FREE)
    if config.scheduler and config.scheduler.unset_lengths:
        # The schedule lasts as long as the run: another length is another learning rate at every step.
        free.remove("training.epochs")
    different = [
        f"{key} is {theirs.get(key)!r} there and {ours.get(key)!r} here"
        for key in dict.fromkeys([*ours, *theirs])
        if ours.get(key) != theirs.get(key) and key not in free
    ]
    if different:
        raise CheckpointError(f"{path}: belongs to another run: {'; '.join(different)}")


def go_on(training: Training, checkpoint: Checkpoint, path: Path) -> None:
    """Bring a run to where a checkpoint was saved.

    Raises:
        CheckpointError: the checkpoint does not fit.
    """
    restore(training.network, checkpoint, path)
    try:
        training.load_state(checkpoint.state or {}, checkpoint.epoch, checkpoint.step)
    except (*OBJECTIONS, KeyError, AttributeError) as error:
        raise CheckpointError(f"{path}: its training state does not fit: {one_line(error)}") from None


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, value
