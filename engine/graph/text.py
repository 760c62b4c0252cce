"""A graph as an indented tree, with what is known about each node in columns."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nnkit.escapes import printable
from nnkit.graph.figures import Figures, figures, norms_in_words, summary
from nnkit.graph.tracing import Graph, GraphNode
from nnkit.graph.view import Link, View
from nnkit.quantities import bytes_in_words

# A branch that goes deeper is continued in a section of its own, unless it ends a few levels further: a
# recurrent network has some levels per time step, and its lines would begin beyond the edge of any screen.
_LEVELS_PER_SECTION = 20
_LEVELS_WORTH_A_SECTION = 4


def to_text(graph: Graph, width: int | None = None) -> str:
    """Return the graph as an indented tree: below each node are those that its gradients go to.

    The shortest branch of a node comes first, so that the parameters of an operation stand beside it. A node
    that several others lead to is printed once, with its number, and later lines refer to that. Inputs that
    need no gradient, such as the images, have no line. Of repetitions the first one is printed.

    Where more is known than the graph itself there are columns with it, and a last line with the totals.

    Args:
        graph: what to print.
        width: how many characters there are for a line; columns that do not fit are left out. None for any number.
    """
    view = View(graph)
    lines = _Tree(view).lines()
    if not any(node.annotation.is_known for node in graph.nodes):
        return "\n".join(text for text, _ in lines)
    return "\n".join([*_table(view, lines, width), "", *summary(graph)])


class _Branch(NamedTuple):
    """A node to print and how it was come to, what its line and the lines below it begin with, and its level."""

    number: int
    link: Link | None
    start: str
    below: str
    level: int


class _Tree:
    """The lines of the tree, each with the number of the node that it is about, or None if it only refers to one."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._heights = _heights(view)
        self._uses = Counter(link.target for link in view.links if not link.is_carried for _ in range(link.times))
        self._shown: set[int] = set()
        self._sections = deque([0])

    def lines(self) -> list[tuple[str, int | None]]:
        """Return all lines."""
        lines: list[tuple[str, int | None]] = []
        while self._sections:
            waiting = [_Branch(self._sections.popleft(), None, "", "  ", 0)]
            while waiting:
                branch = waiting.pop()
                node = self._view.graph.nodes[branch.number]
                reference = self._reference(node, branch)
                if reference:
                    lines.append((branch.start + reference, None))
                    continue
                self._shown.add(node.number)
                is_cut = branch.level >= _LEVELS_PER_SECTION and self._heights[node.number] >= _LEVELS_WORTH_A_SECTION
                lines.append((branch.start + self._line(node, branch, is_cut), node.number))
                if is_cut:
                    self._sections.append(node.number)
                    continue
                if node.hidden:
                    lines.append((f"{branch.below}... {node.hidden} more", None))
                waiting += reversed(self._branches(node, branch))
        return lines

    def _reference(self, node: GraphNode, branch: _Branch) -> str:
        """Return the words for a node that has its own line elsewhere."""
        note = f", {branch.link.note}" if branch.link and branch.link.note else ""
        if branch.link and branch.link.is_carried:
            return f"again #{node.number}{note}"
        if node.number in self._shown and branch.level > 0:
            return f"see #{node.number} {printable(node.parameter or node.name)}{note}"
        return ""

    def _line(self, node: GraphNode, branch: _Branch, is_cut: bool) -> str:
        fold = self._view.fold_of(node.number)
        is_entry = node.number in self._view.entries
        is_continued = branch.level == 0 and node.number > 0
        times = f"{fold.count} x " if fold and is_entry else ""
        tag = f"#{node.number} " if is_cut or is_continued or is_entry or self._uses[node.number] > 1 else ""
        notes = [branch.link.note] if branch.link and branch.link.note else []
        if fold and len(self._view.alike(node.number)) < fold.count:
            notes.append("not in the last")
        if is_cut:
            notes.append("continued below")
        return ", ".join([f"{times}{tag}{node.label()}", *notes])

    def _branches(self, node: GraphNode, branch: _Branch) -> list[_Branch]:
        links = [link for link in self._view.links_from[node.number] for _ in range(link.times)]
        links.sort(key=self._height)
        below = branch.below
        branches = [_Branch(link.target, link, below, f"{below}| ", branch.level + 1) for link in links]
        if branches:
            # The bar leads down to the next branch; after the last one there is none.
            branches[-1] = branches[-1]._replace(below=f"{below}  ")
        return branches

    def _height(self, link: Link) -> int:
        return 0 if link.is_carried else self._heights[link.target]


def _heights(view: View) -> dict[int, int]:
    """Return how many levels the longest branch below each node has, itself included."""
    links = {number: [link for link in found if not link.is_carried] for number, found in view.links_from.items()}
    uses = Counter(link.target for found in links.values() for link in found)
    order = [0]
    # The list grows while it is walked: a node joins it after all that lead to it.
    for number in order:
        for link in links[number]:
            uses[link.target] -= 1
            if not uses[link.target]:
                order.append(link.target)
    heights: dict[int, int] = {}
    for number in reversed(order):
        heights[number] = 1 + max((heights[link.target] for link in links[number]), default=0)
    return heights


class _Column(NamedTuple):
    heading: str
    cell: Callable[[GraphNode, Figures], str]
    is_text: bool = False


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{1e6 * value:,.1f}"


def _module(node: GraphNode) -> str:
    module, kind = node.annotation.module, node.annotation.kind
    if node.is_leaf or module is None:
        return ""
    return printable(f"{module} ({kind})" if module and kind else module or kind or "")


_COLUMNS = (
    _Column("module", lambda node, known: _module(node), is_text=True),
    _Column("parameters", lambda node, known: f"{known.parameters:,}" if known.parameters else ""),
    _Column("MFLOP", lambda node, known: f"{known.flops / 1e6:,.2f}" if known.flops else ""),
    _Column("saved", lambda node, known: bytes_in_words(known.saved) if known.saved else ""),
    _Column("forward us", lambda node, known: _seconds(known.forward_seconds)),
    _Column("backward us", lambda node, known: _seconds(known.backward_seconds)),
    _Column("gradient", lambda node, known: norms_in_words(known.gradient_norms)),
)
# What a narrow terminal does without, in this order: what was asked for stays longest.
_DROPPED = ("parameters", "MFLOP", "saved", "module", "forward us", "backward us", "gradient")


def _table(view: View, lines: Sequence[tuple[str, int | None]], width: int | None) -> list[str]:
    """Return the lines with the columns that have anything in them and fit."""
    known = {node.number: figures(view.alike(node.number)) for node in view.nodes}
    cells = {
        column: [
            column.heading,
            *("" if number is None else column.cell(view.graph.nodes[number], known[number]) for _, number in lines),
        ]
        for column in _COLUMNS
    }
    widths = {column: max(map(len, texts)) + 2 for column, texts in cells.items() if any(texts[1:])}
    tree = max(len(text) for text, _ in lines)
    for heading in _DROPPED:
        if width is not None and tree + sum(widths.values()) > width:
            widths = {column: size for column, size in widths.items() if column.heading != heading}
    rows = []
    for number, text in enumerate(["grad_fn", *(text for text, _ in lines)]):
        row = f"{text:<{tree}}"
        for column, size in widths.items():
            cell = cells[column][number]
            row += f"  {cell:<{size - 2}}" if column.is_text else f"{cell:>{size}}"
        rows.append(row.rstrip())
    return rows
