"""A graph as a page of HTML to look around in, which needs nothing but itself."""

from __future__ import annotations

import dataclasses
import html
import json
import math
import re
from importlib import resources
from typing import Any

from nnkit.escapes import printable
from nnkit.graph import layered
from nnkit.graph.arrangement import Layout
from nnkit.graph.figures import Figures, figures, norms_in_words, summary
from nnkit.graph.svg import to_svg
from nnkit.graph.tracing import Graph, GraphNode, SavedTensor
from nnkit.graph.view import View
from nnkit.quantities import bytes_in_words, flops_in_words, time_in_words

# Where there are more nodes the page shows repetitions once, and does not offer to unfold them.
_MOST_UNFOLDED = 600


def to_html(graph: Graph, *, layout: Layout = layered.place) -> str:
    """Return a page that shows the graph and, on a click, what is known about a node.

    It can be moved, zoomed and searched; repetitions that are folded can be unfolded if they are not too many.

    Args:
        graph: what to show.
        layout: finds places for boxes.

    Raises:
        ConfigError: there are too many nodes for a drawing.
    """
    drawn = [graph]
    if graph.folds and len(graph.nodes) <= _MOST_UNFOLDED:
        drawn.append(dataclasses.replace(graph, folds=()))
    title = printable(graph.title) or "grad_fn graph"
    parts = {
        "title": html.escape(title),
        "summary": html.escape(summary(graph)[-1]),
        "style": _file("page.css"),
        "script": _file("page.js"),
        "drawings": "\n".join(to_svg(each, layout=layout) for each in drawn),
        # Nothing in it may end the element that it stands in.
        "data": json.dumps({"drawings": [_details(View(each)) for each in drawn]}).replace("<", "\\u003c"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _file("page.html")).strip()


def _file(name: str) -> str:
    return resources.files("nnkit.graph").joinpath(name).read_text(encoding="utf-8").strip()


def _details(view: View) -> dict[int, dict[str, Any]]:
    """Return what is shown about each node, by its number."""
    found = {}
    holders: dict[int, list[int]] = {}
    for node in view.graph.nodes:
        for saved in node.saved:
            holders.setdefault(saved.memory, []).append(node.number)
    for node in view.nodes:
        alike = view.alike(node.number)
        known = figures(alike)
        found[node.number] = {
            "title": printable(node.parameter or "") or node.name,
            "place": _place(node),
            "words": " ".join([node.label(), _place(node)]),
            "rows": [[name, value] for name, value in _rows(node, known).items() if value],
            "saved": [
                _saved(each, [other for other in holders[each.memory] if other != node.number]) for each in node.saved
            ],
            "norms": [norm if math.isfinite(norm) else None for norm in known.gradient_norms],
        }
    return found


def _place(node: GraphNode) -> str:
    if node.is_leaf:
        return f"{node.name}: the gradient is added to this {'parameter' if node.parameter else 'tensor'}"
    module, kind = node.annotation.module, node.annotation.kind
    return printable(f"in {module} ({kind})" if module and kind else f"in {module or kind}" if module or kind else "")


def _rows(node: GraphNode, known: Figures) -> dict[str, str]:
    several = f" in {known.count}" if known.count > 1 else ""
    times = {"forward": known.forward_seconds, "backward": known.backward_seconds}
    return {
        "node": f"#{node.number}",
        "repetitions": str(known.count) if known.count > 1 else "",
        "shape": node.shapes,
        "parameters": f"{known.parameters:,}" if known.parameters else "",
        "calculates": flops_in_words(known.flops) + several if known.flops else "",
        **{name: time_in_words(seconds) + several for name, seconds in times.items() if seconds is not None},
        "keeps": bytes_in_words(known.saved) + several if known.saved else "",
        "gradient norm": norms_in_words(known.gradient_norms),
    }


def _saved(saved: SavedTensor, others: list[int]) -> list[str]:
    """Return the cells of a row about a tensor that is kept, and maybe by other nodes as well."""
    shared = f", shared with #{others[0]}" if others else ""
    note = f"parameter {printable(saved.parameter)}" if saved.parameter else bytes_in_words(saved.bytes) + shared
    return [f"{saved.shape} {saved.dtype}", note]
