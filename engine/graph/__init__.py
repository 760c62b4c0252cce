"""The graph behind a result's `grad_fn`, as data and as text, DOT, Mermaid, JSON, SVG or HTML."""

from __future__ import annotations

from collections.abc import Callable

from nnkit.graph.as_json import to_json
from nnkit.graph.dot import to_dot
from nnkit.graph.folding import fold
from nnkit.graph.mermaid import to_mermaid
from nnkit.graph.page import to_html
from nnkit.graph.svg import to_svg
from nnkit.graph.text import to_text
from nnkit.graph.tracing import Annotation, Edge, Fold, Graph, GraphNode, SavedTensor, trace

__all__ = [
    "FORMATS",
    "Annotation",
    "Edge",
    "Fold",
    "Graph",
    "GraphNode",
    "SavedTensor",
    "fold",
    "to_dot",
    "to_html",
    "to_json",
    "to_mermaid",
    "to_svg",
    "to_text",
    "trace",
]

FORMATS: dict[str, Callable[[Graph], str]] = {
    "text": to_text,
    "dot": to_dot,
    "mermaid": to_mermaid,
    "json": to_json,
    "svg": to_svg,
    "html": to_html,
}
