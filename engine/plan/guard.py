"""Whether a network is still what it was when its step was recorded."""

from __future__ import annotations

import operator
import pickle
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass
from itertools import chain
from types import SimpleNamespace
from typing import Any

import numpy as np

from nnkit.nn import Module
from nnkit.nn.hooks import ModuleHooks, everywhere
from nnkit.plan.integers import UnplannableError
from nnkit.recording import Recording
from nnkit.streams import default_stream
from nnkit.tape import reachable
from nnkit.tensors import Tensor

# Attributes of these types are the same if they are equal; others only if they are the same object.
_VALUES = (bool, int, float, complex, str, bytes, type(None))


_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)
# How deep containers and plain objects in attributes are looked into.
_DEPTH = 4


class Snapshot:
    """All attributes of the modules of some trees, with hooks, and the memory of their tensors, at one moment."""

    def __init__(self, roots: Sequence[Module]) -> None:
        modules = [module for root in roots for module in root.modules()]
        # Keeps what it compares with alive, so that no other object can get the same identity.
        self._watched: list[tuple[Any, list[Any]]] = [(each, _members(each)) for each in (everywhere, *modules)]
        self._remember()
        tensors = [tensor for root in roots for tensor in (*root.parameters(), *root.buffers())]
        self._tensors = [(each, each.array, each.requires_grad) for each in tensors]

    def holds(self) -> bool:
        """Return whether nothing has changed; values of parameters and buffers may."""
        for tensor, array, requires_grad in self._tensors:
            if tensor.array is not array or tensor.requires_grad != requires_grad or tensor._hooks is not None:
                return False
        lengths = list(map(len, self._views))
        if lengths == self._lengths and all(map(operator.is_, chain.from_iterable(self._views), self._seen)):
            return True
        if not all(_same(_members(each), members) for each, members in self._watched):
            return False
        self._watched = [(each, _members(each)) for each, _ in self._watched]
        self._remember()
        return True

    def _remember(self) -> None:
        """Keep all members in one list: to compare their identities takes a tenth of the time."""
        self._views = [view for each, _ in self._watched for view in _views(each, _DEPTH)]
        self._lengths = list(map(len, self._views))
        self._seen = list(chain.from_iterable(self._views))


def _inside(value: Any) -> Any:
    """Return what is in a container or an object that is nothing but attributes, as it is at any time; else None."""
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list | tuple | set | frozenset | deque):
        return value
    if isinstance(value, Module | ModuleHooks | SimpleNamespace) or is_dataclass(value):
        return vars(value).values()
    return None


def _views(value: Any, depth: int) -> Iterator[Any]:
    view = _inside(value)
    if view is None or depth == 0:
        return
    # What cannot change need not be looked at, but what is in there may.
    if not isinstance(value, tuple | frozenset):
        yield view
    for each in view:
        # Other modules are looked at for themselves.
        if not isinstance(each, Module):
            yield from _views(each, depth - 1)


def _members(value: Any, depth: int = _DEPTH) -> list[Any]:
    """Return all that is in an object, and in the containers in there."""
    view = _inside(value)
    if view is None or depth == 0:
        return [value]
    names = value if isinstance(value, dict) else () if view is value else vars(value)
    members = [type(value), len(view), *names]
    for each in view:
        members += [each] if isinstance(each, Module) else _members(each, depth - 1)
    return members


def _same(now: list[Any], before: list[Any]) -> bool:
    return len(now) == len(before) and all(
        one is other or (type(one) is type(other) and isinstance(one, _VALUES) and one == other)
        for one, other in zip(now, before, strict=True)
    )


def obstacle(roots: Sequence[Module]) -> str | None:
    """Return why a network and its loss cannot be replayed whatever they compute, or None."""
    if everywhere:
        return "a hook on all modules"
    for root, title in zip(roots, ("the network", "the loss"), strict=False):
        for name, module in root.named_modules():
            if module._hooks:
                return f"a hook on {name or title}"
        for name, parameter in root.named_parameters():
            if parameter._hooks is not None:
                return f"a hook on {name}"
    return None


class Chance:
    """The generators of random numbers, watched while a step is recorded."""

    def __init__(self, roots: Sequence[Module]) -> None:
        self._python = random.getstate()
        self._numpy = _numpy_state()
        self._own = self._after = default_stream.get_state()
        self._others = [(each, pickle.dumps(each)) for each in _generators(roots)]

    def go_on(self) -> None:
        """Bring nnkit's generator to where the recorded step left it."""
        default_stream.set_state(self._after)

    def obstacle(self, recording: Recording) -> str | None:
        """Return which numbers were drawn that a replay would not draw again, or None; go back in any case."""
        self._after = default_stream.get_state()
        default_stream.set_state(self._own)
        for _, make in recording.remade:
            make()
        as_replayed = default_stream.get_state()
        default_stream.set_state(self._own)
        used = [each for each, state in self._others if pickle.dumps(each) != state]
        if random.getstate() != self._python or any(isinstance(each, random.Random) for each in used):
            return "Python's random numbers"
        if _numpy_state() != self._numpy or used:
            return "NumPy's random numbers"
        if not np.array_equal(self._after, as_replayed):
            return "random numbers in the network"
        return None


def _generators(roots: Sequence[Module]) -> Iterator[Any]:
    """Yield the generators of random numbers in the attributes of modules, and in the files that define these."""
    for root in roots:
        for module in root.modules():
            file = vars(sys.modules.get(type(module).__module__, random))
            for each in (*vars(module).values(), *file.values()):
                if isinstance(each, _GENERATORS) and not isinstance(each, random.SystemRandom):
                    yield each


def _numpy_state() -> tuple[bytes, int]:
    # The generator that NumPy's functions share.
    _, words, position, *_ = np.random.get_state(legacy=True)
    return np.asarray(words).tobytes(), int(position)


def check_recorded(recording: Recording, snapshot: Snapshot, chance: Chance, loss: Tensor | None) -> None:
    """Refuse a recorded step, with the loss that is to be differentiated, that a replay would not repeat.

    Raises:
        UnplannableError: the message is the reason.
    """
    found = chance.obstacle(recording) or recording.obstacle
    if found is None and any(call.target is not None for call in recording.calls):
        found = "an operation in place"
    if found is not None:
        raise UnplannableError(found)
    if not snapshot.holds():
        raise UnplannableError("attributes that the network changes as it runs")
    if loss is None:
        return
    if loss.grad_fn is None:
        raise UnplannableError("a loss without gradients")
    if any(node.output_hooks or node.before or node.after for node in reachable([loss.grad_fn])):
        raise UnplannableError("a hook on a tensor")


Criterion = Callable[[Tensor, Tensor], Tensor]
