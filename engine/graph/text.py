"""A graph as an indented tree."""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from nnkit.graph.tracing import Graph

# A branch that goes deeper is continued in a section of its own, unless it ends a few levels further: a
# recurrent network has some levels per time step, and its lines would begin beyond the edge of any screen.
_LEVELS_PER_SECTION = 20
_LEVELS_WORTH_A_SECTION = 4


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
