"""The graph behind a result's `grad_fn`, as data and as text, DOT, Mermaid or JSON."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from nnkit.tape import AccumulateGrad, Node
from nnkit.tensors import Tensor

# A branch that goes deeper is continued in a section of its own, unless it ends a few levels further: a
# recurrent network has some levels per time step, and its lines would begin beyond the edge of any screen.
_LEVELS_PER_SECTION = 20
_LEVELS_WORTH_A_SECTION = 4


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


def to_text(graph: Graph) -> str:
    """Return the graph as an indented tree: below each node are those that its gradients go to.

    The shortest branch of a node comes first, so that the parameters of an operation stand beside it. A node
    that several others lead to is printed once, with its number, and later lines refer to that. Inputs that
    need no gradient, such as the images, have no line.
    """
    uses = _uses(graph)
    heights = _heights(graph)
    shown: set[int] = set()
    sections = deque([0])
    lines = []
    while sections:
        waiting = [_Branch(sections.popleft(), "", "  ", 0)]
        while waiting:
            number, start, below, level = waiting.pop()
            node = graph.nodes[number]
            if number in shown and level > 0:
                lines.append(f"{start}see #{number} {node.parameter or node.name}")
                continue
            shown.add(number)
            is_cut = level >= _LEVELS_PER_SECTION and heights[number] >= _LEVELS_WORTH_A_SECTION
            is_continued = level == 0 and number > 0
            tag = f"#{number} " if is_cut or is_continued or uses[number] > 1 else ""
            lines.append(f"{start}{tag}{node.label()}")
            if is_cut:
                lines[-1] += ", continued below"
                sections.append(number)
                continue
            if node.hidden:
                lines.append(f"{below}... {node.hidden} more")
            targets = sorted(node.targets, key=heights.__getitem__)
            waiting += reversed(_branches(targets, below, level + 1))
    return "\n".join(lines)


def _uses(graph: Graph) -> Counter[int]:
    return Counter(target for node in graph.nodes for target in node.targets)


def _heights(graph: Graph) -> dict[int, int]:
    """Return how many levels the longest branch below each node has, itself included."""
    uses = _uses(graph)
    order = [0]
    # The list grows while it is walked: a node joins it after all that lead to it.
    for number in order:
        for target in graph.nodes[number].targets:
            uses[target] -= 1
            if not uses[target]:
                order.append(target)
    heights: dict[int, int] = {}
    for number in reversed(order):
        heights[number] = 1 + max((heights[target] for target in graph.nodes[number].targets), default=0)
    return heights


class _Branch(NamedTuple):
    """A node to print, what its line and the lines below it begin with, and its level in its section."""

    number: int
    start: str
    below: str
    level: int


def _branches(numbers: list[int], start: str, level: int) -> list[_Branch]:
    branches = [_Branch(number, start, start + "| ", level) for number in numbers]
    if branches:
        # The bar leads down to the next branch; after the last one there is none.
        branches[-1] = branches[-1]._replace(below=start + "  ")
    return branches


def to_dot(graph: Graph) -> str:
    """Return the graph in Graphviz's language; arrows go the way of the gradients."""
    lines = ["digraph grad_fn {", '  node [shape=box, fontname="monospace"];']
    for node in graph.nodes:
        style = ", style=rounded" if node.is_leaf else ""
        # A JSON string is a valid one in this language, line ends included.
        label = json.dumps(node.label("\n"), ensure_ascii=False)
        lines.append(f"  n{node.number} [label={label}{style}];")
        lines += [f"  n{node.number} -> n{target};" for target in node.targets]
        if node.hidden:
            lines.append(f'  m{node.number} [label="{node.hidden} more", shape=plaintext];')
            lines.append(f"  n{node.number} -> m{node.number} [style=dashed];")
    return "\n".join([*lines, "}"])


def to_mermaid(graph: Graph) -> str:
    """Return the graph as a Mermaid flowchart; arrows go the way of the gradients."""
    lines = ["flowchart TD"]
    for node in graph.nodes:
        opening, closing = ("([", "])") if node.is_leaf else ("[", "]")
        label = node.label("<br/>").replace('"', "#quot;")
        lines.append(f'  n{node.number}{opening}"{label}"{closing}')
        lines += [f"  n{node.number} --> n{target}" for target in node.targets]
        if node.hidden:
            lines.append(f'  n{node.number} -.-> m{node.number}["{node.hidden} more"]')
    return "\n".join(lines)


def to_json(graph: Graph) -> str:
    """Return the graph as JSON, a node per line; the fields are those of `GraphNode`."""
    nodes = ",\n".join("  " + json.dumps(dataclasses.asdict(node)) for node in graph.nodes)
    return f'{{"nodes": [\n{nodes}\n]}}'


FORMATS: dict[str, Callable[[Graph], str]] = {
    "text": to_text,
    "dot": to_dot,
    "mermaid": to_mermaid,
    "json": to_json,
}
