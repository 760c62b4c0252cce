"""What happened to tensors in a stretch of code, so that it can be replayed without Python."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any, NamedTuple

from nnkit.kernels.layout import Array
from nnkit.ops import Operation


class Call(NamedTuple):
    """One operation on tensors, numbers and options, and the tensors that came out of it.

    `target` is the tensor that an operation in place has given a new value; its first input then is a copy of the old
    one.
    """

    operation: type[Operation]
    inputs: tuple[Any, ...]
    options: dict[str, Any]
    needs_input_grad: tuple[bool, ...]
    results: tuple[Any, ...]
    target: Any = None


class Recording:
    """All calls in their order, and what else a replay must know; a `with` block fills it.

    Attributes:
        calls: the operations.
        constants: tensors that were made of nothing but numbers in the code.
        remade: tensors that differ each time, and the functions that make their arrays.
        obstacle: why the stretch cannot be replayed, as far as tensors tell.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.constants: list[Any] = []
        self.remade: list[tuple[Any, partial[Array]]] = []
        self.obstacle: str | None = None

    def __enter__(self) -> Recording:
        self._before = _active.recording
        _active.recording = self
        return self

    def __exit__(self, *exception: object) -> None:
        _active.recording = self._before


class _Active(threading.local):
    recording: Recording | None = None


_active = _Active()


def active() -> Recording | None:
    """Return what records in this thread, if anything does."""
    return _active.recording


def note_in_place(tensor: Any) -> None:
    """Tell what records that the result of the last operation is the new value of a tensor."""
    if _active.recording is not None:
        calls = _active.recording.calls
        calls[-1] = calls[-1]._replace(target=tensor)


def note_constant(tensor: Any) -> None:
    """Tell what records that a tensor is made of numbers in the code."""
    if _active.recording is not None:
        _active.recording.constants.append(tensor)


def note_remade(tensor: Any, make: partial[Array]) -> None:
    """Tell what records that a tensor differs each time, and how its next array is made."""
    if _active.recording is not None:
        _active.recording.remade.append((tensor, make))


def note_obstacle(what: str) -> None:
    """Tell what records that a replay would not do the same: most often because values have left the tensors."""
    if _active.recording is not None and _active.recording.obstacle is None:
        _active.recording.obstacle = what
