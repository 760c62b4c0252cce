"""A limit to what new tensors may hold, for networks whose sizes come from a file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar


class _Room:
    """The elements that may still be allocated."""

    def __init__(self, elements: int) -> None:
        self.elements = elements
        self.left = elements


_room: ContextVar[_Room | None] = ContextVar("room", default=None)


@contextmanager
def at_most(elements: int) -> Iterator[None]:
    """Refuse, with a RuntimeError and before memory is taken, tensors that would have more elements in all.

    It counts what `empty`, `zeros`, `ones`, `full` and the functions that build on them make in this thread. Inside of
    another limit both hold.
    """
    outer = _room.get()
    room = _Room(elements if outer is None else min(elements, outer.left))
    token = _room.set(room)
    try:
        yield
    finally:
        _room.reset(token)
        if outer is not None:
            outer.left -= room.elements - room.left


def claim(shape: Sequence[int]) -> None:
    """Count a tensor that is about to be made.

    Raises:
        RuntimeError: it is more than `at_most` allows.
    """
    room = _room.get()
    if room is None:
        return
    elements = math.prod(shape)
    if elements > room.left:
        raise RuntimeError(f"a tensor of shape {list(shape)} is larger than expected: at most {room.elements} elements")
    room.left -= elements
