"""The graph behind a result's `grad_fn`, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nnkit.tape import AccumulateGrad, Node
from nnkit.tensors import Tensor


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
    """

    number: int
    name: str
    output_shapes: tuple[tuple[int, ...], ...]
    parameter: str | None
    next_functions: tuple[tuple[int, int] | None, ...]
    hidden: int

    @property
    def is_leaf(self) -> bool:
        """Whether a gradient ends here, in a tensor's `grad`."""
        return self.name == AccumulateGrad.__name__

    @property
    def targets(self) -> list[int]:
        """The numbers of the nodes that its gradients go to."""
        return [edge[0] for edge in self.next_functions if edge is not None]

    def label(self, separator: str = " ") -> str:
        """Return what it is, in words: its class, the parameter and the shapes."""
        shapes = ", ".join(map(str, self.output_shapes))
        return separator.join(part for part in (self.name, self.parameter, shapes) if part)


@dataclass(frozen=True)
class Graph:
    """A graph of gradient functions: each node once, in the order of its distance from the result."""

    nodes: tuple[GraphNode, ...]


def trace(
    result: Tensor | Node, named_parameters: Iterable[tuple[str, Tensor]] = (), *, depth: int | None = None
) -> Graph:
    """Describe the graph behind a result, such as a loss, or behind its `grad_fn`.

    Args:
        result: where a backward pass would begin.
        named_parameters: names for leaves of the graph, as `Module.named_parameters` yields them.
        depth: how many steps away from the result the graph goes; None for all of it.

    Raises:
        ValueError: the result has no `grad_fn`, or the depth is negative.
    """
    start = result if isinstance(result, Node) else result.grad_fn
    if start is None:
        raise ValueError("this tensor has no grad_fn: no operation on tensors that require gradients made it")
    if depth is not None and depth < 0:
        raise ValueError(f"depth must be 0 or more, got {depth}")
    names = {id(parameter): name for name, parameter in named_parameters}
    found = [start]
    numbers = {start: 0}
    distances = [0]
    nodes: list[GraphNode] = []
    # The list grows while it is walked: breadth first, so that each node is found by the shortest way.
    for node in found:
        number = len(nodes)
        inner = [function for function, _ in node.next_functions if function is not None]
        cut = distances[number] == depth
        for function in [] if cut else inner:
            if function not in numbers:
                numbers[function] = len(found)
                found.append(function)
                distances.append(distances[number] + 1)
        edges = () if cut else node.next_functions
        nodes.append(
            GraphNode(
                number=number,
                name=type(node).__name__,
                output_shapes=node.output_shapes,
                parameter=names.get(id(node.variable)) if isinstance(node, AccumulateGrad) else None,
                next_functions=tuple(None if to is None else (numbers[to], index) for to, index in edges),
                hidden=len(inner) if cut else 0,
            )
        )
    return Graph(tuple(nodes))
