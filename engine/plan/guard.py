"""Whether a network is still what it was when its step was recorded."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nnkit.nn import Module
from nnkit.random import default_generator
from nnkit.recording import Recording
from nnkit.tensors import Tensor

# Containers whose elements are compared, too.
_PLAIN = (list, dict, set)


class Snapshot:
    """The attributes of all modules of a network and the memory of its parameters, at one moment."""

    def __init__(self, network: Module) -> None:
        self._modules = [(module, _copied(module.__dict__)) for module in network.modules()]
        self._parameters = [(parameter, parameter.array, parameter.requires_grad) for parameter in network.parameters()]

    def holds(self) -> bool:
        """Return whether nothing has changed; values of parameters may."""
        for parameter, array, requires_grad in self._parameters:
            if parameter.array is not array or parameter.requires_grad != requires_grad:
                return False
            if parameter._hooks is not None:
                return False
        try:
            return all(module.__dict__ == attributes for module, attributes in self._modules)
        except (ValueError, RuntimeError):  # arrays and tensors that were replaced have no one truth
            return False


def _copied(attributes: dict[str, Any]) -> dict[str, Any]:
    # One level deep: lists and tables that the network adds to are noticed.
    return {name: type(value)(value) if type(value) in _PLAIN else value for name, value in attributes.items()}


def obstacle(network: Module) -> str | None:
    """Return why a network cannot be replayed whatever it computes, or None."""
    for name, module in network.named_modules():
        hooks = module._hooks
        if hooks is not None and any(vars(hooks).values()):
            return f"a hook on {name or 'the network'}"
    for name, parameter in network.named_parameters():
        if parameter._hooks is not None:
            return f"a hook on {name}"
    return None


class Chance:
    """The generators of random numbers, watched while a step is recorded."""

    def __init__(self) -> None:
        self._python = random.getstate()
        self._numpy = _numpy_state()
        self._own = default_generator.get_state()

    def go_back(self) -> None:
        """Return nnkit's generator to where it was."""
        default_generator.set_state(self._own)

    def obstacle(self, recording: Recording) -> str | None:
        """Return which numbers were drawn that a replay would not draw again, or None; go back in any case."""
        after = default_generator.get_state()
        self.go_back()
        for _, make in recording.remade:
            make()
        as_replayed = default_generator.get_state()
        self.go_back()
        if random.getstate() != self._python:
            return "Python's random numbers"
        if _numpy_state() != self._numpy:
            return "NumPy's random numbers"
        if not np.array_equal(after, as_replayed):
            return "random numbers in the network"
        return None


def _numpy_state() -> tuple[bytes, int]:
    # Whoever uses the old generator is to be noticed; the new ones cannot be.
    _, words, position, *_ = np.random.get_state(legacy=True)
    return np.asarray(words).tobytes(), int(position)


def hooked_nodes(roots: Iterator[Any]) -> bool:
    """Return whether someone waits for a gradient between the operations."""
    return any(node.output_hooks or node.before or node.after for node in roots)


Criterion = Callable[[Tensor, Tensor], Tensor]
