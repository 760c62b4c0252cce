"""What a checkpoint says about where a run was, held against what it can be: the file may be anybody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from nnkit.tensors import Tensor
from nnkit.training.components import Section

_Count = Annotated[int, Field(ge=0, le=2**53)]


class _SavedProgress(Section):
    """See `fit.Progress`."""

    batches: _Count = 0
    images: _Count = 0
    loss: float = 0.0
    right: _Count = 0
    lr: float = 0.0
    seconds: float = Field(default=0.0, ge=0)


class _SavedBest(Section):
    """See `fit.Best`."""

    metric: str = "accuracy"
    epoch: _Count
    accuracy: float
    loss: float | None = None


class Position(Section):
    """The plain values in the state of a training; what the first format did not have begins anew."""

    epoch: _Count
    step: _Count
    best: _SavedBest
    progress: _SavedProgress = _SavedProgress()
    steps_per_epoch: _Count | None = None
    skipped: _Count = 0
    obstacles: tuple[str | None, str | None] = (None, None)
    averaged: _Count = 0

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Position:
        """Return the position in a state.

        Raises:
            ValueError: it has none, or an impossible one.
        """
        return cls.model_validate({name: state[name] for name in cls.model_fields if name in state})


def check_alike(what: str, saved: Any, ours: Any) -> None:
    """Compare two states of something, but for the numbers in it.

    Raises:
        ValueError: they have other names, lengths or kinds of values.
    """
    if _outline(saved) != _outline(ours):
        raise ValueError(f"{what} has {str(saved)[:200]}, expected what looks like {str(ours)[:200]}")


def _outline(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _outline(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_outline(item) for item in value]
    if isinstance(value, Tensor):
        return value.shape, value.dtype
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value)
