"""A graph as a drawing in SVG."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from xml.sax.saxutils import escape, quoteattr

from nnkit.errors import ConfigError
from nnkit.escapes import printable
from nnkit.graph import layered
from nnkit.graph.arrangement import Arrangement, Arrow, Frame, Layout, PlacedBox, arrange
from nnkit.graph.boxes import Line
from nnkit.graph.geometry import Path
from nnkit.graph.interior import NOTE_SIZE, TITLE_SIZE
from nnkit.graph.tracing import Graph, GraphNode
from nnkit.graph.view import View

# More boxes than this cannot be looked at.
MOST_BOXES = 1500
_PADDING = 16.0
_ROUNDING, _FRAME_ROUNDING = 7, 12
# Modules get these in turn.
_COLOURS = 8
_BAR = 4.0


def to_svg(graph: Graph, *, layout: Layout = layered.place) -> str:
    """Return the graph as an SVG element; arrows go the way of the gradients.

    The text can be a file of its own, or stand in a page of HTML as it is: it needs nothing else, its classes begin
    with ``nnkit-graph``, it has no ids, and its style reaches nothing outside. It is light or dark as the reader's
    system is, and as wide as there is room, at most its natural size; a page can set other colours than those of
    ``graph.css`` with ``svg.nnkit-graph { --nnkit-graph-paper: transparent }`` and the like. Fold the graph before to
    have repetitions drawn once: ``to_svg(fold(trace(loss, network.named_parameters())))``.

    Args:
        graph: what to draw.
        layout: finds places for boxes, see `nnkit.graph.layered` and `nnkit.graph.graphviz`.

    Raises:
        ConfigError: there are too many nodes for a drawing.
    """
    view = View(graph)
    if len(view.nodes) > MOST_BOXES:
        raise ConfigError(
            f"a drawing of {len(view.nodes):,} nodes cannot be looked at, at most {MOST_BOXES:,}: "
            "fold what repeats, limit the depth, or take the text"
        )
    return "\n".join(_lines(view, arrange(graph, layout)))


def _lines(view: View, drawing: Arrangement) -> Iterator[str]:
    width, height = drawing.width + 2 * _PADDING, drawing.height + 2 * _PADDING
    style = resources.files("nnkit.graph").joinpath("graph.css").read_text(encoding="utf-8")
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nnkit-graph" role="img" width="{_number(width)}" '
        f'height="{_number(height)}" viewBox="{_number(-_PADDING)} {_number(-_PADDING)} '
        f'{_number(width)} {_number(height)}">'
    )
    yield f"<title>{escape(printable(view.graph.title) or 'grad_fn graph')}</title>"
    yield f"<desc>{escape(_description(view))}</desc>"
    yield f"<style>\n{style.strip()}\n</style>"
    yield _rectangle(-_PADDING, -_PADDING, width, height, 0, "paper")
    modules = _colours(view)
    for frame in drawing.frames:
        yield _frame(frame)
    for arrow in drawing.arrows:
        yield from _arrow(arrow)
    nodes = {node.number: node for node in view.nodes}
    for box in drawing.boxes:
        yield from _box(box, nodes.get(box.number), modules)
    for arrow in drawing.arrows:
        if arrow.link.note or arrow.link.times > 1:
            yield _note(arrow)
    for frame in drawing.frames:
        yield _frame_text(frame)
    yield "</svg>"


def _description(view: View) -> str:
    leaves = sum(node.is_leaf for node in view.graph.nodes)
    folds = "".join(f", {len(fold.template)} of them {fold.count} times" for fold in view.graph.folds)
    operations = len(view.graph.nodes) - leaves
    return f"{operations:,} operations and {leaves:,} leaves{folds}; arrows go the way of the gradients"


def _colours(view: View) -> dict[str, int]:
    """Return the number of the colour of each module, in the order in which they compute."""
    modules = dict.fromkeys(_module(node) for node in reversed(view.nodes) if _module(node))
    return {module: number % _COLOURS for number, module in enumerate(modules)}


def _module(node: GraphNode) -> str:
    if node.parameter:
        return node.parameter.rpartition(".")[0]
    return node.annotation.module or ""


def _frame(frame: Frame) -> str:
    members = " ".join(map(str, frame.fold.template))
    rectangle = _rectangle(*frame.corner, *frame.size, _FRAME_ROUNDING)
    return f'<g class="nnkit-graph-fold" data-nodes="{members}">{rectangle}</g>'


def _frame_text(frame: Frame) -> str:
    x, y = frame.corner
    note = f'<tspan class="nnkit-graph-soft" dx="8" font-size="{_number(NOTE_SIZE)}">{escape(frame.note)}</tspan>'
    place = f'x="{_number(x + 14)}" y="{_number(y + 22)}" font-size="{_number(TITLE_SIZE)}"'
    return f'<text class="nnkit-graph-count" {place}>{escape(frame.title)}{note if frame.note else ""}</text>'


def _arrow(arrow: Arrow) -> Iterator[str]:
    if not arrow.paths:
        return
    kind = " nnkit-graph-carried" if arrow.link.is_carried else " nnkit-graph-hidden" if arrow.link.target < 0 else ""
    yield f'<g class="nnkit-graph-arrow{kind}" data-from="{arrow.link.source}" data-to="{arrow.link.target}">'
    yield f'<path d="{" ".join(map(_data, arrow.paths))}"/>'
    if arrow.has_head:
        x, y = arrow.paths[-1][-1]
        yield f'<path class="nnkit-graph-head" d="M{_number(x)} {_number(y)}l-3.5 -7h7z"/>'
    yield "</g>"


def _note(arrow: Arrow) -> str:
    x, y = arrow.note_at
    place = f'x="{_number(x + 5)}" y="{_number(y)}" font-size="10"'
    times = f"{arrow.link.times} inputs" if arrow.link.times > 1 else ""
    note = ", ".join(filter(None, [times, arrow.link.note]))
    return f'<text class="nnkit-graph-note" {place}>{escape(note)}</text>'


def _box(placed: PlacedBox, node: GraphNode | None, modules: dict[str, int]) -> Iterator[str]:
    box, (x, y) = placed.box, placed.corner
    module = _module(node) if node else ""
    colour = f" nnkit-graph-module-{modules[module]}" if module else ""
    about = f' data-node="{placed.number}"' + (f" data-module={quoteattr(printable(module))}" if module else "")
    yield f'<g class="nnkit-graph-{box.kind}{colour}"{about}>'
    if node:
        yield f"<title>{escape(node.label())}</title>"
    yield _rectangle(x, y, *box.size, _ROUNDING, "shape")
    if module:
        yield _rectangle(x + _BAR, y + 2 * _BAR, 3, box.size[1] - 4 * _BAR, 1.5, "bar")
    for number, line in enumerate(box.lines):
        yield _text(line, x + box.size[0] / 2, y + box.baseline(number))
    yield "</g>"


def _text(line: Line, x: float, y: float) -> str:
    pieces = "".join(f'<tspan class="nnkit-graph-{look}">{escape(text)}</tspan>' for text, look in line.pieces if text)
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" font-size="{_number(line.size)}" text-anchor="middle">{pieces}</text>'
    )


def _rectangle(x: float, y: float, width: float, height: float, rounding: float, look: str = "") -> str:
    """Return a rectangle with round corners."""
    name = f' class="nnkit-graph-{look}"' if look else ""
    place = f'x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}"'
    return f'<rect{name} {place} rx="{_number(rounding)}"/>'


def _data(path: Path) -> str:
    """Return a way in the language of SVG; what is straight is a line."""
    (x, y), *rest = path
    parts = [f"M{_number(x)} {_number(y)}"]
    for first, second, end in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        if first[0] == second[0] == end[0] == x:
            parts.append(f"V{_number(end[1])}")
        else:
            parts.append("C" + " ".join(f"{_number(a)} {_number(b)}" for a, b in (first, second, end)))
        x = end[0]
    return "".join(parts)


def _number(value: float) -> str:
    """Return a number with at most a digit behind the point."""
    rounded = round(value, 1)
    return f"{rounded:.0f}" if rounded == int(rounded) else f"{rounded:.1f}"
