"""Places for the items of rows: straight lines where they matter most, and the rest near what it is connected with.

Source: Brandes and Koepf, "Fast and simple horizontal coordinate assignment", 2002, for the straight lines.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from nnkit.graph.rows import Item, Rows, Segment

# Pixels between boxes of a row, and between an arrow that passes and its neighbours.
_BESIDE, _BESIDE_ARROWS = 26.0, 16.0
# The most that two arrows are apart where they leave a box.
_FAN = 22.0
_RELAXATIONS = 40

# Two columns by their numbers, and how far the second has to be to the right of the first.
Distance = tuple[int, int, float]


def straighten(rows: Rows) -> None:
    """Choose where in its row each item is, and where arrows leave their boxes."""
    for item in rows.boxes.values():
        _fan_out(item)
    columns = _columns(rows)
    numbers = {item: number for number, column in enumerate(columns) for item in column}
    distances = [
        (numbers[first], numbers[second], _gap(first, second))
        for row in rows.rows
        for first, second in itertools.pairwise(row)
    ]
    leftmost = _packed(len(columns), distances)
    rightmost = [-x for x in _packed(len(columns), [(second, first, gap) for first, second, gap in distances])]
    # Both keep all distances, and so does the middle between them.
    places = [(left + right) / 2 for left, right in zip(leftmost, rightmost, strict=True)]
    _relax(places, distances, numbers)
    for item, number in numbers.items():
        item.x = places[number]


def _fan_out(item: Item) -> None:
    """Let the arrows that leave a box do so side by side; the longest way down goes straight on."""
    free = sorted((each for each in item.below if each.is_free), key=lambda each: each.lower.order)
    straight = [number for number, segment in enumerate(free) if segment.is_line]
    middle = straight[0] if straight else (len(free) - 1) / 2
    step = min(_FAN, 0.4 * item.size[0] / max(middle, len(free) - 1 - middle, 1))
    for number, segment in enumerate(free):
        segment.leaves = step * (number - middle)


def _columns(rows: Rows) -> list[list[Item]]:
    """Return the items that get the same place: bends of an arrow, and boxes of a longest way down.

    No two of those lines cross, so that all of them can be straight at once.
    """
    follows: dict[Item, Item] = {}
    for row in rows.rows:
        lines = [segment for item in row for segment in item.below if segment.is_line]
        taken: list[Segment] = []
        for line in sorted(lines, key=lambda each: (-each.weight, each.upper.order)):
            if all(_is_beside(line, other) for other in taken):
                taken.append(line)
                follows[line.upper] = line.lower
    columns: list[list[Item]] = []
    begun: set[Item] = set()
    for item in itertools.chain.from_iterable(rows.rows):
        if item not in begun:
            column = [item]
            while column[-1] in follows:
                column.append(follows[column[-1]])
            begun.update(column)
            columns.append(column)
    return columns


def _is_beside(first: Segment, second: Segment) -> bool:
    return (first.upper.order - second.upper.order) * (first.lower.order - second.lower.order) > 0


def _gap(first: Item, second: Item) -> float:
    """Return how far the middles of neighbours have to be apart."""
    between = _BESIDE_ARROWS if first.is_bend or second.is_bend else _BESIDE
    return (first.size[0] + second.size[0]) / 2 + between


def _packed(count: int, distances: Sequence[Distance]) -> list[float]:
    """Return places for columns, each as far to the left as those before it leave room."""
    places = [0.0] * count
    after: list[list[tuple[int, float]]] = [[] for _ in places]
    waiting_for = [0] * count
    for first, second, gap in distances:
        after[first].append((second, gap))
        waiting_for[second] += 1
    order = [number for number, others in enumerate(waiting_for) if not others]
    # The list grows while it is walked: a column joins it after all that are to the left of it.
    for number in order:
        for other, gap in after[number]:
            places[other] = max(places[other], places[number] + gap)
            waiting_for[other] -= 1
            if not waiting_for[other]:
                order.append(other)
    return places


def _relax(places: list[float], distances: Sequence[Distance], numbers: dict[Item, int]) -> None:
    """Move columns towards what they are connected with, as far as their neighbours leave room."""
    before: list[list[tuple[int, float]]] = [[] for _ in places]
    behind: list[list[tuple[int, float]]] = [[] for _ in places]
    for first, second, gap in distances:
        behind[first].append((second, gap))
        before[second].append((first, gap))
    pulls: list[list[tuple[int, float, float]]] = [[] for _ in places]
    for segment in (segment for item in numbers for segment in item.below):
        upper, lower = numbers[segment.upper], numbers[segment.lower]
        if upper != lower:
            shift = segment.leaves - segment.arrives
            pulls[lower].append((upper, shift, segment.weight))
            pulls[upper].append((lower, -shift, segment.weight))
    order = sorted((number for number, pulled in enumerate(pulls) if pulled), key=places.__getitem__)
    for _ in range(_RELAXATIONS):
        for number in order:
            weight = sum(each for _, _, each in pulls[number])
            wish = sum((places[other] + shift) * each for other, shift, each in pulls[number]) / weight
            least = max((places[other] + gap for other, gap in before[number]), default=-math.inf)
            most = min((places[other] - gap for other, gap in behind[number]), default=math.inf)
            places[number] = max(min(wish, most), least)
        order.reverse()
