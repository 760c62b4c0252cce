"""What each layer of a network makes of an image."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nnkit import ops
from nnkit.kernels.layout import Array
from nnkit.models import Network
from nnkit.nn import Module
from nnkit.recording import Call, Recording
from nnkit.tensors import Tensor, no_grad

# Functions of each element belong to the layer before them: what comes out of them are its activations.
_ELEMENTWISE = {ops.Relu, ops.Tanh, ops.Sigmoid, ops.Clamp}
# They move values that were shown before, or are not those of an image.
_MOVES = {
    ops.Cat,
    ops.Clone,
    ops.Copy,
    ops.Fill,
    ops.Index,
    ops.IndexPut,
    ops.Stack,
    ops.ToCopy,
    ops.UnsafeView,
    ops.Zero,
}
# Of operations that are also layers, the names of those.
_LAYERS = {
    ops.AdaptiveAvgPool2D: "AdaptiveAvgPool2d",
    ops.Addmm: "Linear",
    ops.AvgPool2D: "AvgPool2d",
    ops.Convolution: "Conv2d",
    ops.MaxPool2DWithIndices: "MaxPool2d",
    ops.Relu: "ReLU",
    ops.TransposedConvolution: "ConvTranspose2d",
}


@dataclass(frozen=True)
class Activation:
    """What comes out of a layer, or of an operation between layers.

    Attributes:
        name: the layer's path in the network; empty for an operation between layers.
        kinds: the class of the layer or operation, and of the functions of each element that follow.
        values: float32 (calls, *shape of one image).
    """

    name: str
    kinds: tuple[str, ...]
    values: Array


class _Step(NamedTuple):
    """A layer that was called, or an operation between layers; `behind` is the layer before an operation."""

    name: str
    behind: str
    kinds: tuple[str, ...]
    operations: frozenset[type[ops.Operation]]
    values: Array

    def followed_by(self, step: _Step) -> _Step:
        """Return this step with what a function of each element makes of its values."""
        return self._replace(kinds=self.kinds + step.kinds, values=step.values)

    @property
    def key(self) -> tuple[Any, ...]:
        """What repeated steps share."""
        return self.name, self.behind, self.kinds, self.values.shape


def activations(network: Network, image: Tensor) -> tuple[Array, list[Activation]]:
    """Run a network in evaluation mode, and watch its layers.

    A layer that is called several times, as in a recurrent network, is one activation with all its calls.

    Args:
        network: what to run.
        image: float32 (1, 1, H, W).

    Returns:
        The logits (classes,), and the activations in the order of their first calls.
    """
    with no_grad(), Recording() as recording, _Watch(network, recording) as watch:
        logits = network(image)
    found: dict[tuple[Any, ...], list[_Step]] = {}
    for step in _folded(watch.steps()):
        found.setdefault(step.key, []).append(step)
    return logits.array[0], [
        Activation(same[0].name, same[0].kinds, np.concatenate([step.values for step in same]))
        for same in found.values()
    ]


class _Watch:
    """Notes what comes out of layers without layers in them, and which calls they make, in a `with` block."""

    def __init__(self, network: Network, recording: Recording) -> None:
        self._network, self._calls = network, recording.calls
        self._begun = 0
        self._handles: list[Any] = []
        self._layers: list[tuple[int, int, str, Module, Any]] = []

    def __enter__(self) -> _Watch:
        for name, module in self._network.named_modules():
            if name and next(module.children(), None) is None:
                self._handles.append(module.register_forward_pre_hook(self._enter))
                self._handles.append(module.register_forward_hook(functools.partial(self._leave, name)))
        return self

    def __exit__(self, *exception: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _enter(self, *_: Any) -> None:
        self._begun = len(self._calls)

    def _leave(self, name: str, module: Module, _: Any, output: Any) -> None:
        self._layers.append((self._begun, len(self._calls), name, module, output))

    def steps(self) -> list[_Step]:
        """Return all layers and operations between them that made values of the image, in their order."""
        found: list[_Step | None] = []
        done, behind = 0, ""
        for first, end, name, module, output in self._layers:
            found += [_operation(call, behind) for call in self._calls[done:first]]
            operations = {call.operation for call in self._calls[first:end]}
            found.append(_step(name, "", type(module).__name__, operations, output))
            done, behind = end, name
        found += [_operation(call, behind) for call in self._calls[done:]]
        return [step for step in found if step is not None]


def _operation(call: Call, behind: str) -> _Step | None:
    kind = _LAYERS.get(call.operation, call.operation.__name__)
    return _step("", behind, kind, {call.operation}, call.results[0])


def _step(name: str, behind: str, kind: str, operations: set[type[ops.Operation]], output: Any) -> _Step | None:
    """Return a step, or None if it only moves values, or they are not those of one image."""
    made = frozenset(each for each in operations if not each.is_view and each not in _MOVES)
    if not made or not isinstance(output, Tensor) or output.ndim < 2 or output.shape[0] != 1:
        return None
    values = output.array
    return _Step(name, behind, (kind,), made, values) if values.dtype.kind == "f" else None


def _folded(steps: list[_Step]) -> list[_Step]:
    """Let functions of each element be part of the step before them."""
    found: list[_Step] = []
    for step in steps:
        if found and step.operations <= _ELEMENTWISE and found[-1].values.shape == step.values.shape:
            found[-1] = found[-1].followed_by(step)
        else:
            found.append(step)
    return found
