"""What is written into the box of a node, and how much room that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from nnkit.escapes import printable
from nnkit.graph.figures import figures, norms_in_words
from nnkit.graph.tracing import GraphNode
from nnkit.quantities import bytes_in_words, flops_in_words, time_in_words

_ABOVE, _BESIDE, _LINE = 9.0, 14.0, 16.0
_NARROWEST = 96.0
_LONGEST = 44
# What PyTorch adds to the name of an operation; it is shown, but smaller.
_BACKWARD = "Backward"

# The widths of characters as parts of the height of a sans-serif font, a little generous.
_NARROW, _MEDIUM, _WIDE, _FULL = 0.34, 0.6, 0.72, 0.96
_WIDTHS = {
    **dict.fromkeys("iljtfrI.,:;'|!()[]/\\ `-", _NARROW),
    **dict.fromkeys("ABCDEFGHJKLNOPQRSTUVXYZ", _WIDE),
    **dict.fromkeys("mwMW@%&", _FULL),
}


class Line(NamedTuple):
    """A line of a box: pieces of text, each with the class that says how it looks."""

    pieces: tuple[tuple[str, str], ...]
    size: float


@dataclass(frozen=True)
class Box:
    """What a node looks like.

    Attributes:
        kind: "loss", "parameter", "operation" or "more".
        lines: what is written into it, from above.
    """

    kind: str
    lines: tuple[Line, ...]

    @cached_property
    def size(self) -> tuple[float, float]:
        """The width and height that the text needs."""
        widest = max(sum(text_width(text, line.size) for text, _ in line.pieces) for line in self.lines)
        return round(max(widest + 2 * _BESIDE, _NARROWEST)), _LINE * len(self.lines) + 2 * _ABOVE

    def baseline(self, number: int) -> float:
        """Return how far below the upper edge a line is written."""
        return _ABOVE + _LINE * number + 12


def box_of(node: GraphNode, alike: Sequence[GraphNode]) -> Box:
    """Return the box of a node that stands for several."""
    known = figures(alike)
    lines = [Line(_title(node), 13.0), Line(_place(node), 11.0)]
    if not node.is_leaf:
        facts = [flops_in_words(known.flops)] if known.flops else []
        facts += [f"saved {bytes_in_words(known.saved)}"] if known.saved else []
        lines += [Line(((" · ".join(facts), "soft"),), 11.0)] if facts else []
    times = {"forward": known.forward_seconds, "backward": known.backward_seconds}
    measured = [f"{time_in_words(seconds)} {way}" for way, seconds in times.items() if seconds is not None]
    lines += [Line(((", ".join(measured), "soft"),), 11.0)] if measured else []
    if known.gradient_norms:
        lines.append(Line(((f"gradient {norms_in_words(known.gradient_norms)}", "soft"),), 11.0))
    kind = "loss" if node.number == 0 else "parameter" if node.is_leaf else "operation"
    return Box(kind, tuple(lines))


def more_box(count: int) -> Box:
    """Return the box that stands for nodes beyond the depth of a graph."""
    return Box("more", (Line(((f"{count:,} more", "soft"),), 11.0),))


def _title(node: GraphNode) -> tuple[tuple[str, str], ...]:
    if node.parameter:
        return ((shortened(node.parameter), "name"),)
    name, backward, number = node.name.partition(_BACKWARD)
    return (shortened(name), "name"), (backward + number, "suffix")


def _place(node: GraphNode) -> tuple[tuple[str, str], ...]:
    """Return the pieces of the line with the shape and where in the network it is."""
    shape = (shortened(node.shapes), "soft")
    if node.is_leaf:
        return (shape, (f" · {node.elements:,} parameters", "soft"))
    module = node.annotation.module
    return (shape, (f" · {shortened(module)}", "module")) if module else (shape,)


def shortened(text: str) -> str:
    """Return text that fits into a box."""
    shown = printable(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is in a font of `size` pixels, rather too much than too little."""
    # Beyond the alphabets of Europe a character can be as wide as it is high.
    return size * sum(_WIDTHS.get(each, _MEDIUM if ord(each) < 0x2E80 else 1.0) for each in text)
