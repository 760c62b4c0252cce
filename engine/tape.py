"""The tape: a graph of nodes that remembers how each value was made, and the walk that differentiates it.

Everything here works on arrays; the tensor layer above records the nodes and wraps what users see.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.ops.operation import Operation, sum_to

Edge = tuple["Node | None", int]
GradientHook = Callable[[Array], "Array | None"]


class _Recording(threading.local):
    enabled = True


_recording = _Recording()
_sequence = itertools.count()


def is_grad_enabled() -> bool:
    """Return whether operations are recorded now, in this thread."""
    return _recording.enabled


def set_recording(enabled: bool) -> bool:
    """Start or stop recording in this thread, and return what it was before."""
    before = _recording.enabled
    _recording.enabled = enabled
    return before


class Version:
    """Counts the changes in place of some memory; all tensors that share the memory share the counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


class Saved(NamedTuple):
    """The version that something saved for backward had, and how to describe it if it has changed since."""

    version: Version
    expected: int
    describe: Callable[[], str]

    def check(self) -> None:
        """Raise PyTorch's RuntimeError if the memory has been changed in place."""
        if self.version.value != self.expected:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: "
                f"{self.describe()} is at version {self.version.value}; expected version {self.expected} instead. "
                "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
                "torch.autograd.set_detect_anomaly(True, check_nan=False)."
            )


class Node:
    """A step of the graph: it turns the gradients of its outputs into those of its inputs."""

    def __init__(self, next_functions: tuple[Edge, ...], output_shapes: tuple[tuple[int, ...], ...]) -> None:
        self.next_functions = next_functions
        self.output_shapes = output_shapes
        self.sequence = next(_sequence)
        self.metadata: dict[Any, Any] = {}
        # Hooks on the gradient of one output, then on all of them before the node runs, then after it ran.
        self.output_hooks: dict[int, list[GradientHook]] = {}
        self.before: list[Callable[[tuple[Array | None, ...]], tuple[Array | None, ...] | None]] = []
        self.after: list[
            Callable[[tuple[Array | None, ...], tuple[Array | None, ...]], tuple[Array | None, ...] | None]
        ] = []

    def name(self) -> str:
        """Return the name that PyTorch gives this kind of node."""
        return type(self).__name__

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"

    def run(self, grads: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
        """Return the gradient of each input."""
        raise NotImplementedError

    def kept(self) -> tuple[Array, ...]:
        """Return the arrays that wait for `run`."""
        return ()

    def free(self) -> None:
        """Let go of the values that were kept for `run`."""


class OperationNode(Node):
    """A node made by an operation; the class of each kind of operation carries PyTorch's name."""

    def __init__(
        self,
        operation: Operation,
        next_functions: tuple[Edge, ...],
        inputs: tuple[Array | None, ...],
        output_shapes: tuple[tuple[int, ...], ...],
        saved: tuple[Saved, ...],
    ) -> None:
        super().__init__(next_functions, output_shapes)
        self.operation = operation
        self.inputs = tuple(None if array is None else (array.shape, array.dtype) for array in inputs)
        self.versions = saved

    def run(self, grads: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
        """See `Node.run`; gradients come back in the shape and type of the inputs."""
        for saved in self.versions:
            saved.check()
        results = self.operation.backward(*grads)
        if not isinstance(results, tuple):
            results = (results,)
        return tuple(
            None if grad is None or known is None else self._fitted(self.operation.xp.asarray(grad), *known)
            for grad, known in zip(results, self.inputs, strict=False)
        )

    def _fitted(self, grad: Array, shape: tuple[int, ...], kind: np.dtype[Any]) -> Array:
        xp = self.operation.xp
        fitted: Array = xp.asarray(sum_to(xp, grad, shape)).astype(kind, copy=False)
        return fitted

    def kept(self) -> tuple[Array, ...]:
        """See `Node.kept`."""
        return self.operation.kept()

    def free(self) -> None:
        """See `Node.free`."""
        self.operation.free()
        self.versions = ()


_node_classes: dict[str, type[OperationNode]] = {}


def node_class(operation: type[Operation]) -> type[OperationNode]:
    """Return the class of the nodes of an operation, named as PyTorch names it."""
    found = _node_classes.get(operation.node_name)
    if found is None:
        found = type(operation.node_name, (OperationNode,), {"__doc__": f"The node of {operation.__name__}."})
        _node_classes[operation.node_name] = found
    return found


class AccumulateGrad(Node):
    """The end of a path: adds what arrives to the `.grad` of a leaf."""

    def __init__(self, variable: Any) -> None:
        super().__init__((), (tuple(variable.shape),))
        self.variable = variable
        self.after_accumulation: list[Callable[[Any], None]] = []

    def name(self) -> str:
        """See `Node.name`."""
        return "torch::autograd::AccumulateGrad"

    def run(self, grads: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
        """See `Node.run`."""
        (grad,) = grads
        if grad is not None:
            self.variable.accumulate_grad(grad)
            for hook in self.after_accumulation:
                hook(self.variable)
        return ()


def reachable(roots: Sequence[Node]) -> Iterator[Node]:
    """Yield every node that can be reached from the roots, each once, without recursion."""
    seen = set(roots)
    waiting = list(seen)
    while waiting:
        node = waiting.pop()
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)


class _Walk:
    """One backward pass: the gradients that have arrived, and how many each node still waits for."""

    def __init__(self, roots: Sequence[Node], wanted: frozenset[Node] | None) -> None:
        self.dependencies: dict[Node, int] = {}
        self.arrived: dict[Node, list[Array | None]] = {}
        self.ready: list[tuple[int, int, Node]] = []
        nodes = list(reachable(roots))
        self.needed = None if wanted is None else _leading_to(nodes, wanted)
        for node in nodes:
            for following, _ in node.next_functions:
                if following is not None:
                    self.dependencies[following] = self.dependencies.get(following, 0) + 1

    def add(self, edge: Edge, grad: Array | None) -> None:
        node, number = edge
        if node is None:
            return
        grads = self.arrived.setdefault(node, [None] * len(node.output_shapes))
        before = grads[number]
        grads[number] = grad if before is None else before if grad is None else before + grad

    def release(self, node: Node) -> None:
        """Let a node run when nothing else will arrive; the newest runs first, leaves as soon as they can."""
        if self.dependencies.get(node, 0) == 0:
            first = 0 if isinstance(node, AccumulateGrad) else 1
            heapq.heappush(self.ready, (first, -node.sequence, node))

    def follow(self, node: Node, grads: tuple[Array | None, ...]) -> None:
        """Hand the gradients of a node's inputs to the nodes behind them."""
        for edge, grad in itertools.zip_longest(node.next_functions, grads):
            following = edge[0]
            if following is None:
                continue
            if grad is not None:
                self.add(edge, grad)
            self.dependencies[following] -= 1
            self.release(following)


def _leading_to(nodes: Sequence[Node], wanted: frozenset[Node]) -> set[Node]:
    """Return the nodes from which one of the wanted nodes can be reached, the wanted ones included."""
    behind: dict[Node, list[Node]] = {}
    for node in nodes:
        for following, _ in node.next_functions:
            if following is not None:
                behind.setdefault(following, []).append(node)
    needed = set(wanted)
    waiting = list(wanted)
    while waiting:
        for node in behind.get(waiting.pop(), ()):
            if node not in needed:
                needed.add(node)
                waiting.append(node)
    return needed


def walk_backward(
    roots: Sequence[tuple[Edge, Array]], *, retain_graph: bool, wanted: Sequence[Edge] | None = None
) -> list[Array | None]:
    """Differentiate the roots, given their gradients; the walk is iterative.

    Without `wanted` the gradients are added to the leaves. With it nothing is added anywhere, and the gradients that
    arrive at those edges are returned.
    """
    captured: dict[Edge, Array | None] = dict.fromkeys(wanted or ())
    targets = frozenset(node for node, _ in captured if node is not None)
    starts = list(dict.fromkeys(node for (node, _), _ in roots if node is not None))
    walk = _Walk(starts, targets if wanted is not None else None)
    for edge, grad in roots:
        walk.add(edge, grad)
    for node in starts:
        walk.release(node)
    while walk.ready:
        _, _, node = heapq.heappop(walk.ready)
        grads = tuple(walk.arrived.pop(node, [None] * len(node.output_shapes)))
        if all(grad is None for grad in grads) or (walk.needed is not None and node not in walk.needed):
            walk.follow(node, ())
            continue
        grads = _hooked(node, grads)
        if node in targets:
            for number, arrived in enumerate(grads):
                if (node, number) in captured:
                    captured[node, number] = arrived
            if walk.needed is None or not any(following in walk.needed for following, _ in node.next_functions):
                # Nothing behind it is wanted, and it may still be walked through by someone else.
                walk.follow(node, ())
                continue
        results = _run(node, grads)
        if not retain_graph:
            node.free()
        walk.follow(node, results)
    return [captured[edge] for edge in wanted or ()]


def _hooked(node: Node, grads: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
    if node.output_hooks:
        changed = list(grads)
        for number, hooks in node.output_hooks.items():
            for hook in list(hooks):
                grad = changed[number]
                if grad is not None:
                    result = hook(grad)
                    changed[number] = grad if result is None else result
        grads = tuple(changed)
    for before in list(node.before):
        grads = before(grads) or grads
    return grads


def _run(node: Node, grads: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
    with np.errstate(all="ignore"):
        results = node.run(grads)
    for after in list(node.after):
        results = after(results, grads) or results
    return results
