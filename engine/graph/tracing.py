"""The graph behind a result's `grad_fn`, as data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from numpy.lib.array_utils import byte_bounds

from nnkit.escapes import printable
from nnkit.kernels.layout import Array
from nnkit.tape import AccumulateGrad, Node
from nnkit.tensors import Tensor

# The number of the node that a gradient goes to, and as the gradient of which of its outputs.
Edge = tuple[int, int]


@dataclass(frozen=True)
class Annotation:
    """What is known about a node from elsewhere; None where it is not.

    Attributes:
        module: the path of the module whose operation it is, empty for the network itself, "loss" behind the network.
        kind: the class of that module.
        flops: of the forward calculation, 2 for each multiply-add of a convolution or matrix product.
        forward_seconds: the time of the forward calculation.
        backward_seconds: the time that the node itself takes.
        gradient_norm: the Euclidean norm of the gradient that arrived at the node, or at the leaf.
    """

    module: str | None = None
    kind: str | None = None
    flops: int | None = None
    forward_seconds: float | None = None
    backward_seconds: float | None = None
    gradient_norm: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is anything."""
        return self != Annotation()


@dataclass(frozen=True)
class SavedTensor:
    """Values that a node holds for the backward pass.

    Attributes:
        shape: as the node sees it.
        dtype: NumPy's name of the type.
        bytes: the memory that they take.
        memory: a number that those have in common that are the same memory.
        parameter: the name of the parameter whose memory it is, which exists anyway.
    """

    shape: tuple[int, ...]
    dtype: str
    bytes: int
    memory: int
    parameter: str | None


@dataclass(frozen=True)
class GraphNode:
    """One step of the backward pass.

    Attributes:
        number: its index in `Graph.nodes`.
        name: the name of its class, such as ``AddmmBackward0``.
        output_shapes: the shapes of what the operation returned; for an ``AccumulateGrad``, of the leaf.
        parameter: the name of the leaf behind an ``AccumulateGrad``, where it has one.
        next_functions: for each input of the operation the node that its gradient goes to, and as the
            gradient of which of that node's outputs; None for an input that needs no gradient.
        hidden: how many nodes its gradients go to beyond the graph's depth; `next_functions` is then empty.
        made: its place in the order in which the nodes of the graph were made, from 0.
        saved: what it holds for the backward pass.
        annotation: what else is known about it.
    """

    number: int
    name: str
    output_shapes: tuple[tuple[int, ...], ...]
    parameter: str | None
    next_functions: tuple[Edge | None, ...]
    hidden: int = 0
    made: int = 0
    saved: tuple[SavedTensor, ...] = ()
    annotation: Annotation = Annotation()

    @property
    def is_leaf(self) -> bool:
        """Whether a gradient ends here, in a tensor's `grad`."""
        return self.name == AccumulateGrad.__name__

    @property
    def elements(self) -> int:
        """How many elements a leaf has; 0 for an operation."""
        return math.prod(self.output_shapes[0]) if self.is_leaf else 0

    @property
    def targets(self) -> list[int]:
        """The numbers of the nodes that its gradients go to."""
        return [edge[0] for edge in self.next_functions if edge is not None]

    @property
    def shapes(self) -> str:
        """The shapes of what the operation returned, in words."""
        return ", ".join(map(str, self.output_shapes))

    def label(self, separator: str = " ") -> str:
        """Return what it is, in words: its class, the parameter and the shapes."""
        return separator.join(part for part in (self.name, printable(self.parameter or ""), self.shapes) if part)


@dataclass(frozen=True)
class Fold:
    """A part of a graph that repeats, each time behind the one before.

    Attributes:
        repetitions: the numbers of the nodes of each repetition, in corresponding order. The last repetition can lack
            some, which are None: those that only an input without a gradient would lead to.
    """

    repetitions: tuple[tuple[int | None, ...], ...]

    @property
    def count(self) -> int:
        """How many repetitions there are."""
        return len(self.repetitions)

    @property
    def template(self) -> tuple[int, ...]:
        """The numbers of the nodes of the first repetition, which stand for all."""
        return tuple(number for number in self.repetitions[0] if number is not None)


@dataclass(frozen=True)
class Graph:
    """A graph of gradient functions.

    Attributes:
        nodes: each node once, in the order of its distance from the result.
        folds: parts that are drawn once, see `nnkit.graph.fold`.
        title: what it is the graph of, in words.
    """

    nodes: tuple[GraphNode, ...]
    folds: tuple[Fold, ...] = ()
    title: str = ""


def trace(
    result: Tensor | Node,
    named_parameters: Iterable[tuple[str, Tensor]] = (),
    *,
    depth: int | None = None,
    annotations: Mapping[Node, Annotation] | None = None,
    title: str = "",
) -> Graph:
    """Describe the graph behind a result, such as a loss, or behind its `grad_fn`.

    Args:
        result: where a backward pass would begin.
        named_parameters: names for leaves of the graph, as `Module.named_parameters` yields them.
        depth: how many steps away from the result the graph goes; None for all of it.
        annotations: what else is known about nodes.
        title: what it is the graph of, in words.

    Raises:
        ValueError: the result has no `grad_fn`, or the depth is negative.
    """
    start = result if isinstance(result, Node) else result.grad_fn
    if start is None:
        raise ValueError("this tensor has no grad_fn: no operation on tensors that require gradients made it")
    if depth is not None and depth < 0:
        raise ValueError(f"depth must be 0 or more, got {depth}")
    parameters = dict(named_parameters)
    names = {id(parameter): name for name, parameter in parameters.items()}
    found, distances = _within(start, depth)
    numbers = {node: number for number, node in enumerate(found)}
    made = {node: place for place, node in enumerate(sorted(found, key=lambda node: node.sequence))}
    memories = _Memories(parameters)
    nodes: list[GraphNode] = []
    for node, distance in zip(found, distances, strict=True):
        cut = distance == depth
        edges = () if cut else node.next_functions
        nodes.append(
            GraphNode(
                number=numbers[node],
                name=type(node).__name__,
                output_shapes=node.output_shapes,
                parameter=names.get(id(node.variable)) if isinstance(node, AccumulateGrad) else None,
                next_functions=tuple(None if to is None else (numbers[to], index) for to, index in edges),
                hidden=sum(to is not None for to, _ in node.next_functions) if cut else 0,
                made=made[node],
                saved=tuple(map(memories.saved, node.kept())),
                annotation=(annotations or {}).get(node, Annotation()),
            )
        )
    return Graph(tuple(nodes), title=title)


def _within(start: Node, depth: int | None) -> tuple[list[Node], list[int]]:
    """Return the nodes up to some steps away, and the distance of each."""
    found, distances = [start], [0]
    known = {start}
    # The list grows while it is walked: breadth first, so that each node is found by the shortest way.
    for number, node in enumerate(found):
        if distances[number] == depth:
            continue
        for function, _ in node.next_functions:
            if function is not None and function not in known:
                known.add(function)
                found.append(function)
                distances.append(distances[number] + 1)
    return found, distances


class _Memories:
    """Tells apart the memory of arrays, all of which are still held by someone."""

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        self._parameters = {byte_bounds(tensor.array): name for name, tensor in parameters.items()}
        self._numbers: dict[tuple[int, int], int] = {}

    def saved(self, array: Array) -> SavedTensor:
        """Return the description of an array that a node keeps."""
        bounds = byte_bounds(array)
        return SavedTensor(
            shape=array.shape,
            dtype=str(array.dtype),
            # What is stretched along a dimension takes less than its elements would.
            bytes=min(array.nbytes, bounds[1] - bounds[0]),
            memory=self._numbers.setdefault(bounds, len(self._numbers)),
            parameter=self._parameters.get(bounds),
        )
