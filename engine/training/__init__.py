"""Training from configs: what a config may say, the loop, checkpoints, evaluation."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnkit.training.config import load_config
    from nnkit.training.evaluate import evaluate_checkpoint
    from nnkit.training.load import load_checkpoint, load_run
    from nnkit.training.run import train

__all__ = ["evaluate_checkpoint", "load_checkpoint", "load_config", "load_run", "train"]

# Imported when they are asked for: a config that is refused should not have waited for what trains.
_HOMES = {
    "evaluate_checkpoint": "nnkit.training.evaluate",
    "load_checkpoint": "nnkit.training.load",
    "load_config": "nnkit.training.config",
    "load_run": "nnkit.training.load",
    "train": "nnkit.training.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
