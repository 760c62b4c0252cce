"""Which layer of a network each operation belongs to."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from nnkit.nn import Module
from nnkit.profiling.rows import Place
from nnkit.recording import Recording
from nnkit.tensors import RemovableHandle

LOSS = "loss"


class Layers:
    """Watches a network's layers begin and end while a recording runs; the `with` block is to hold one forward pass.

    Args:
        network: all that it computes is its own or its layers'; what comes after it is the loss.
        recording: what is recorded.
    """

    def __init__(self, network: Module, recording: Recording) -> None:
        self._network, self._recording = network, recording
        self._inside: list[str] = []
        # From which call on which layer is at work.
        self._changes: list[tuple[int, str]] = []
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Layers:
        for path, module in self._network.named_modules():
            self._handles.append(module.register_forward_pre_hook(functools.partial(self._enter, path)))
            self._handles.append(module.register_forward_hook(self._leave))
        return self

    def __exit__(self, *exception: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _enter(self, path: str, *_: Any) -> None:
        self._inside.append(path)
        self._changes.append((len(self._recording.calls), path))

    def _leave(self, *_: Any) -> None:
        self._inside.pop()
        self._changes.append((len(self._recording.calls), self._inside[-1] if self._inside else LOSS))

    def places(self) -> list[Place]:
        """Return where each recorded call is."""
        result, behind = [], ""
        bounds = [(0, ""), *self._changes, (len(self._recording.calls), "")]
        for (first, path), (last, _) in itertools.pairwise(bounds):
            if first < last and path:
                behind = path
            result += [Place(path, behind)] * (last - first)
        return result
