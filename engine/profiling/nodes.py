"""What each node of a graph belongs to, calculates and takes."""

from __future__ import annotations

import dataclasses
import functools
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from nnkit.graph import Annotation
from nnkit.kernels.layout import Array
from nnkit.nn import Module
from nnkit.profiling.layers import Layers
from nnkit.profiling.rows import forward_flops
from nnkit.profiling.taped import StampedCalls
from nnkit.recording import Recording
from nnkit.tape import Node, reachable
from nnkit.tensors import Tensor

Criterion = Callable[[Tensor, Tensor], Tensor]


def annotate(
    network: Module, criterion: Criterion, images: Tensor, labels: Tensor, *, backward: bool = False, steps: int = 0
) -> tuple[Tensor, dict[Node, Annotation]]:
    """Calculate a loss, and return it with what is known about the nodes behind it.

    Args:
        network: what makes logits of images.
        criterion: what makes the loss of logits and labels.
        images: (N, 1, H, W).
        labels: (N,).
        backward: whether to differentiate the loss for the norms of the gradients; the gradients of the parameters are
            those of this pass afterwards, and the graph is not freed.
        steps: how many times to calculate and differentiate it for the times of nodes, which are the medians.
    """
    with Recording() as recording, Layers(network, recording) as layers:
        loss = criterion(network(images), labels)
    found = _origins(network, recording, layers)
    if loss.grad_fn is None:
        return loss, found
    nodes = list(reachable([loss.grad_fn]))
    times = _times(network, criterion, images, labels, steps) if steps else []
    norms = _gradient_norms(network, loss, nodes) if backward else {}
    for number, node in enumerate(nodes):
        forward, differentiated = times[number] if len(times) == len(nodes) else (None, None)
        found[node] = dataclasses.replace(
            found.get(node, Annotation()),
            forward_seconds=forward,
            backward_seconds=differentiated,
            gradient_norm=norms.get(node),
        )
    return loss, found


def _origins(network: Module, recording: Recording, layers: Layers) -> dict[Node, Annotation]:
    """Return the module and the FLOPs of each node that an operation made."""
    kinds = {path: type(module).__name__ for path, module in network.named_modules()}
    found: dict[Node, Annotation] = {}
    for call, place in zip(recording.calls, layers.places(), strict=True):
        annotation = Annotation(place.layer, kinds.get(place.layer), forward_flops(call))
        for result in call.results:
            if isinstance(result, Tensor) and result.grad_fn is not None:
                found.setdefault(result.grad_fn, annotation)
    return found


def _gradient_norms(network: Module, loss: Tensor, nodes: list[Node]) -> dict[Node, float]:
    """Differentiate the loss, and return the norm of what arrived at each node."""
    norms: dict[Node, float] = {}

    def note(node: Node, grads: tuple[Array | None, ...]) -> None:
        squares = [float(np.square(grad, dtype=np.float64).sum()) for grad in grads if grad is not None]
        norms[node] = float(np.sqrt(sum(squares)))

    network.zero_grad()
    handles = [node.add_before(functools.partial(note, node)) for node in nodes]
    loss.backward(retain_graph=True)
    for handle in handles:
        handle.remove()
    return norms


def _times(
    network: Module, criterion: Criterion, images: Tensor, labels: Tensor, steps: int
) -> list[tuple[float | None, float]]:
    """Return the median times of each node, forward and backward."""
    # The first step is slower than the others.
    measured = [_step(network, criterion, images, labels) for _ in range(steps + 1)][1:]
    # A network can calculate something else each time.
    alike = [each for each in measured if len(each) == len(measured[-1])]
    result: list[tuple[float | None, float]] = []
    for times in zip(*alike, strict=True):
        forward = [each for each, _ in times if each is not None]
        result.append((statistics.median(forward) if forward else None, statistics.median(each for _, each in times)))
    return result


def _step(network: Module, criterion: Criterion, images: Tensor, labels: Tensor) -> list[tuple[float | None, float]]:
    """Calculate and differentiate the loss, and return the times of each node, forward and backward."""
    network.zero_grad()
    recording = Recording()
    calls = recording.calls = StampedCalls()
    begin = time.perf_counter()
    with recording:
        loss = criterion(network(images), labels)
    forward: dict[Node, float] = {}
    for call, end in zip(calls, calls.times, strict=True):
        for result in call.results:
            if isinstance(result, Tensor) and result.grad_fn is not None:
                forward.setdefault(result.grad_fn, end - begin)
        begin = end
    # In an order that is the same for graphs of the same form, the node of the loss first.
    nodes = [] if loss.grad_fn is None else list(reachable([loss.grad_fn]))
    walk = _Walk(nodes)
    loss.backward()
    return [(forward.get(node), walk.seconds.get(node, 0.0)) for node in nodes]


class _Walk:
    """Times the nodes of a backward pass, each from the end of the one before."""

    def __init__(self, nodes: list[Node]) -> None:
        self.seconds: dict[Node, float] = {}
        for node in nodes[:1]:
            node.add_before(self._begin)
        for node in nodes:
            node.add_after(functools.partial(self._note, node))

    def _begin(self, _grads: tuple[Array | None, ...]) -> None:
        self._mark = time.perf_counter()

    def _note(self, node: Node, *_: Any) -> None:
        self.seconds[node] = time.perf_counter() - self._mark
        self._mark = time.perf_counter()
