"""What a drawing of a graph shows: of repetitions the first one, and what leads to, through and out of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from nnkit.graph.tracing import Fold, Graph, GraphNode


@dataclass(frozen=True)
class Link:
    """An arrow of a drawing, the way of the gradients.

    Attributes:
        source: the number of a node that is shown.
        target: the number of another, or of the same one for what a repetition hands to the next.
        is_carried: whether it leads from a repetition to a later one.
        note: which repetitions have it, in words; empty where that goes without saying.
        times: for how many inputs of the operation it is there.
    """

    source: int
    target: int
    is_carried: bool = False
    note: str = ""
    times: int = 1


class View:
    """A graph as it is drawn.

    Attributes:
        graph: what is drawn.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        # Where folded nodes are: the fold, the repetition and the position in it.
        self._places: dict[int, tuple[Fold, int, int]] = {
            number: (fold, step, offset)
            for fold in graph.folds
            for step, repetition in enumerate(fold.repetitions)
            for offset, number in enumerate(repetition)
            if number is not None
        }

    @cached_property
    def nodes(self) -> list[GraphNode]:
        """The nodes that are shown."""
        return [node for node in self.graph.nodes if self.shown(node.number) == node.number]

    def shown(self, number: int) -> int:
        """Return the number of the node that stands for a node."""
        if number not in self._places:
            return number
        fold, _, offset = self._places[number]
        return fold.template[offset]

    def fold_of(self, number: int) -> Fold | None:
        """Return the repetition that a node belongs to."""
        return self._places[number][0] if number in self._places else None

    def alike(self, number: int) -> list[GraphNode]:
        """Return the nodes that a node stands for: itself, and that of each later repetition."""
        if number not in self._places:
            return [self.graph.nodes[number]]
        fold, _, offset = self._places[number]
        members = (repetition[offset] for repetition in fold.repetitions)
        return [self.graph.nodes[member] for member in members if member is not None]

    @cached_property
    def links(self) -> list[Link]:
        """The arrows, each once, by their sources."""
        steps: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
        for source, target in self._edges():
            first, second = self._step(source), self._step(target)
            is_inside = self.fold_of(source) is not None and self.fold_of(source) is self.fold_of(target)
            key = (self.shown(source), self.shown(target), second - first if is_inside else 0)
            steps.setdefault(key, []).append((first, second))
        return [
            Link(
                source,
                target,
                is_carried=distance > 0,
                note=self._note(source, target, distance, pairs),
                times=max(Counter(pairs).values()),
            )
            for (source, target, distance), pairs in sorted(steps.items(), key=lambda item: item[0][0])
        ]

    @cached_property
    def links_from(self) -> dict[int, list[Link]]:
        """The arrows by the number of the node that they come from."""
        found: dict[int, list[Link]] = {node.number: [] for node in self.nodes}
        for link in self.links:
            found[link.source].append(link)
        return found

    @cached_property
    def entries(self) -> set[int]:
        """The nodes of folds that arrows from outside, or from the repetition before, lead to."""
        return {
            link.target
            for link in self.links
            if self.fold_of(link.target)
            and (link.is_carried or self.fold_of(link.source) is not self.fold_of(link.target))
        }

    def _edges(self) -> Iterator[tuple[int, int]]:
        for node in self.graph.nodes:
            for target in node.targets:
                yield node.number, target

    def _step(self, number: int) -> int:
        return self._places[number][1] if number in self._places else 0

    def _note(self, source: int, target: int, distance: int, steps: Sequence[tuple[int, int]]) -> str:
        """Return which repetitions an arrow is there for, given those at its ends."""
        from_fold, to_fold = self.fold_of(source), self.fold_of(target)
        if from_fold is not None and from_fold is to_fold:
            return f"{distance} further" if distance > 1 else ""
        parts = []
        if from_fold is not None:
            parts.append(_which({first for first, _ in steps}, len(self.alike(source)), from_fold.count - 1, "from"))
        if to_fold is not None:
            parts.append(_which({second for _, second in steps}, len(self.alike(target)), 0, "to"))
        return ", ".join(part for part in parts if part)


def _which(steps: set[int], count: int, usual: int, way: str) -> str:
    """Return words for the repetitions at an end of an arrow, none for the usual one."""
    if steps == {usual}:
        return "" if way == "to" else "after the last"
    if len(steps) == count:
        return f"all {count}"
    if len(steps) <= 3:
        return f"{way} number {', '.join(str(step + 1) for step in sorted(steps))}"
    return f"{way} {len(steps)} of {count}"
