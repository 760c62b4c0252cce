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
from nnkit.tensors.size import Size

# Attributes of these types are the same if they are equal; others only if they are the same object.
_VALUES = (bool, int, float, complex, str, bytes, tuple, Size, type(None))


class Snapshot:
    """The attributes of all modules of a network and the memory of its parameters, at one moment."""

    def __init__(self, network: Module) -> None:
        # Keeps what it compares with alive, so that no other object can get the same identity.
        self._modules = [(module, _members(module)) for module in network.modules()]
        self._remember()
        self._parameters = [(parameter, parameter.array, parameter.requires_grad) for parameter in network.parameters()]

    def holds(self) -> bool:
        """Return whether nothing has changed; values of parameters may."""
        for parameter, array, requires_grad in self._parameters:
            if parameter.array is not array or parameter.requires_grad != requires_grad:
                return False
            if parameter._hooks is not None:
                return False
        if all(tuple(map(id, view)) == identities for view, identities in self._identities):
            return True
        if not all(_same(_members(module), members) for module, members in self._modules):
            return False
        self._modules = [(module, _members(module)) for module, _ in self._modules]
        self._remember()
        return True

    def _remember(self) -> None:
        """Keep the identities of all members: to compare those takes a fifth of the time."""
        containers: list[Any] = []
        for module, _ in self._modules:
            containers.append(module.__dict__)
            containers += (value for value in module.__dict__.values() if type(value) in (dict, list, set))
        views = [each.values() if type(each) is dict else each for each in containers]
        self._identities = [(view, tuple(map(id, view))) for view in views]


def _members(module: Module) -> list[Any]:
    """Return the attributes of a module and the elements of those that are containers."""
    members: list[Any] = []
    for name, value in module.__dict__.items():
        kind = type(value)
        if kind is dict:
            members += (name, *value, *value.values())
        elif kind is list or kind is set:
            members += (name, *value)
        else:
            members += (name, value)
    return members


def _same(now: list[Any], before: list[Any]) -> bool:
    return len(now) == len(before) and all(
        one is other or (type(one) is type(other) and isinstance(one, _VALUES) and one == other)
        for one, other in zip(now, before, strict=True)
    )


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
