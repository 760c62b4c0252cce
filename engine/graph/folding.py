"""Finds parts of a graph that repeat one behind the other, such as the time steps of a recurrent network.

Nodes are looked at in the reverse of the order in which they were made, so that what a loop made repeats with some
period p. A node and the one p places behind it correspond if they are alike and each of their edges either leads to the
same node for both (a shared parameter) or to nodes that are p places apart as well. Where a stretch of several periods
corresponds, each of them hands on to the next what the one before handed to it.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

from nnkit.graph.tracing import Edge, Fold, Graph, GraphNode

# Two of a kind are seen at a glance.
_FEWEST = 3
# How many of the likely periods are tried, each of which takes a pass over all nodes, and how many earlier nodes of its
# kind a node is compared with to find them: there can be several in each repetition.
_PERIODS_TRIED = 48
_EARLIER_ONES = 8

Repetition = tuple[int | None, ...]


def fold(graph: Graph) -> Graph:
    """Return the graph with the parts that repeat three times or more noted in `folds`; its nodes stay as they are."""
    order = _Order(graph)
    taken: set[int] = set()
    folds = []
    for stretch in sorted(order.stretches(), key=lambda each: each.gain, reverse=True):
        repetitions = order.repetitions(stretch)
        numbers = {number for repetition in repetitions for number in repetition if number is not None}
        found = Fold(tuple(repetitions))
        if found.count >= _FEWEST and taken.isdisjoint(numbers) and is_repetition(graph, found):
            taken |= numbers
            folds.append(found)
    return dataclasses.replace(graph, folds=tuple(sorted(folds, key=lambda each: each.template)))


def is_repetition(graph: Graph, found: Fold) -> bool:
    """Return whether all repetitions of a fold can be told from the first, but for where the last ones lead to.

    Every edge of the first repetition stays inside of it, leads to a later repetition, or to a node outside; the same
    edge of each other repetition must stay inside, lead as many repetitions further, or to the same node. Only where
    there are no further ones it may lead to any node outside, and only the last repetition may lack nodes, to which no
    edge leads then.
    """
    positions = {
        number: (step, offset)
        for step, repetition in enumerate(found.repetitions)
        for offset, number in enumerate(repetition)
        if number is not None
    }

    def expected(step: int, edge: Edge | None) -> tuple[bool, Edge | None]:
        """Return whether the edge is bound, and to what, in the repetition `step` where the first one has `edge`."""
        if edge is None or edge[0] not in positions:
            return True, edge
        distance, offset = positions[edge[0]]
        if step + distance >= found.count:
            return False, None
        number = found.repetitions[step + distance][offset]
        return True, None if number is None else (number, edge[1])

    for step, repetition in enumerate(found.repetitions):
        if None in repetition and step < found.count - 1:
            return False
        for number, model in zip(repetition, found.template, strict=True):
            if number is None:
                continue
            node, first = graph.nodes[number], graph.nodes[model]
            if _kind(node) != _kind(first):
                return False
            for edge, like in zip(node.next_functions, first.next_functions, strict=True):
                is_bound, wanted = expected(step, like)
                if edge != wanted if is_bound else edge is not None and edge[0] in positions:
                    return False
    return True


def _kind(node: GraphNode) -> tuple[object, ...]:
    """Return what nodes that correspond have in common."""
    return (
        node.name,
        node.output_shapes,
        node.parameter,
        node.hidden,
        len(node.next_functions),
        node.annotation.module,
        node.annotation.kind,
    )


@dataclasses.dataclass(frozen=True)
class _Stretch:
    """Places from `start` on, of which all but the last `period` correspond to the one a period further."""

    start: int
    length: int
    period: int

    @property
    def gain(self) -> tuple[int, int, int]:
        """How much there is to fold; of equal ones that of the shortest period, and then the first."""
        return (self.length // self.period - 1) * self.period, -self.period, -self.start


class _Order:
    """The nodes of a graph from the result to its leaves, each at a place.

    Leaves that several nodes lead to have no place: they belong to no repetition. The others are behind the node that
    leads to them.
    """

    def __init__(self, graph: Graph) -> None:
        uses = Counter(target for node in graph.nodes for target in node.targets)
        self._nodes: list[GraphNode] = []
        for node in sorted(graph.nodes, key=lambda each: each.made, reverse=True):
            if not node.is_leaf:
                self._nodes.append(node)
                targets = (graph.nodes[target] for target in dict.fromkeys(node.targets))
                self._nodes += [each for each in targets if each.is_leaf and uses[each.number] == 1]
        self._places = {node.number: place for place, node in enumerate(self._nodes)}
        kinds: dict[tuple[object, ...], int] = {}
        self._kinds = [kinds.setdefault(_kind(node), len(kinds)) for node in self._nodes]

    def stretches(self) -> Iterator[_Stretch]:
        """Yield where places correspond, for every period that seems likely."""
        for period in self._periods():
            matches = (self._correspond(place, place + period) for place in range(len(self._nodes) - period))
            start = 0
            for is_match, group in itertools.groupby(matches):
                length = sum(1 for _ in group)
                if is_match and length >= period:
                    yield _Stretch(start, length + period, period)
                start += length

    def _periods(self) -> list[int]:
        """Return the distances at which nodes of a kind most often follow each other."""
        distances: Counter[int] = Counter()
        before: dict[int, list[int]] = {}
        for place, kind in enumerate(self._kinds):
            earlier = before.setdefault(kind, [])
            distances.update(place - other for other in earlier)
            earlier.append(place)
            del earlier[:-_EARLIER_ONES]
        return [period for period, _ in distances.most_common(_PERIODS_TRIED)]

    def _correspond(self, place: int, other: int) -> bool:
        if self._kinds[place] != self._kinds[other]:
            return False
        for first, second in zip(self._nodes[place].next_functions, self._nodes[other].next_functions, strict=True):
            if first != second:
                ends = self._place(first), self._place(second)
                if ends[0] is None or ends[1] is None or ends[1] - ends[0] != other - place:
                    return False
        return True

    def _place(self, edge: Edge | None) -> int | None:
        return None if edge is None else self._places.get(edge[0])

    def repetitions(self, stretch: _Stretch) -> list[Repetition]:
        """Return the nodes of the repetitions in a stretch, and of those behind it that end otherwise."""
        first, period = stretch.start, stretch.period
        ends = range(first + period, first + stretch.length + 1, period)
        found: list[Sequence[int]] = [range(end - period, end) for end in ends]
        last: dict[int, int] | None = None
        while last is None or len(last) == period:
            last = self._following(*found[-2:])
            if last is None:
                break
            if len(last) == period:
                found.append([last[offset] for offset in range(period)])
        result: list[Repetition] = [tuple(self._nodes[place].number for place in whole) for whole in found]
        if last:
            result.append(
                tuple(self._nodes[last[offset]].number if offset in last else None for offset in range(period))
            )
        return result

    def _following(self, before: Sequence[int], latest: Sequence[int]) -> dict[int, int] | None:
        """Return the places, by their offset in a repetition, that the latest repetition hands on to as the one before.

        What only an input without a gradient would lead to is missing. None if the places are those of no repetition.
        """
        inside = {place: offset for offset, place in enumerate(before)}
        handed_on = {place: offset for offset, place in enumerate(latest)}
        members: dict[int, int] = {}
        waiting = [pair for both in zip(before, latest, strict=True) for pair in self._pairs(*both, handed_on)]
        while waiting:
            offset, place = waiting.pop()
            if members.setdefault(offset, place) != place or self._kinds[place] != self._kinds[before[offset]]:
                return None
            waiting += [pair for pair in self._pairs(before[offset], place, inside) if pair[0] not in members]
        start = latest[0] + len(latest)
        # More than half of it, and nothing in between.
        is_one = 2 * len(members) > len(before)
        return members if is_one and sorted(members.values()) == [*range(start, start + len(members))] else None

    def _pairs(self, model: int, place: int, offsets: dict[int, int]) -> Iterator[tuple[int, int]]:
        """Yield the offset that each edge of a model leads to, as far as it has one, and where the same edge leads."""
        edges = zip(self._nodes[model].next_functions, self._nodes[place].next_functions, strict=True)
        for like, edge in edges:
            end, target = self._place(like), self._place(edge)
            if end in offsets and target is not None:
                yield offsets[end], target
