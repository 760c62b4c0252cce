"""A graph in the language of Graphviz."""

from __future__ import annotations

import json
from collections.abc import Iterator

from nnkit.escapes import printable
from nnkit.graph.tracing import Fold, Graph, GraphNode
from nnkit.graph.view import Link, View


def to_dot(graph: Graph) -> str:
    """Return the graph in Graphviz's language; arrows go the way of the gradients."""
    view = View(graph)
    lines = ["digraph grad_fn {", '  node [shape=box, fontname="monospace"];']
    for number, fold in enumerate(graph.folds):
        lines += _cluster(number, fold)
    for node in view.nodes:
        lines += _node(node)
        lines += [_edge(link) for link in view.links_from[node.number] for _ in range(link.times)]
    return "\n".join([*lines, "}"])


def _cluster(number: int, fold: Fold) -> Iterator[str]:
    yield f"  subgraph cluster_{number} {{"
    yield f'    label="{fold.count} times"; labeljust=l; style=rounded; fontname="monospace";'
    yield "    " + " ".join(f"n{member};" for member in fold.template)
    yield "  }"


def _node(node: GraphNode) -> Iterator[str]:
    style = ", style=rounded" if node.is_leaf else ""
    module = printable(node.annotation.module or "")
    # A JSON string is a valid one in this language, line ends included.
    label = json.dumps("\n".join(filter(None, [node.label("\n"), module])), ensure_ascii=False)
    yield f"  n{node.number} [label={label}{style}];"
    if node.hidden:
        yield f'  m{node.number} [label="{node.hidden} more", shape=plaintext];'
        yield f"  n{node.number} -> m{node.number} [style=dashed];"


def _edge(link: Link) -> str:
    note = link.note or ("next" if link.is_carried else "")
    looks = [f'label="{note}"'] if note else []
    if link.is_carried:
        # It leads back to the top, and has no say in what is above what.
        looks += ["style=dashed", "constraint=false"]
    shown = f" [{', '.join(looks)}]" if looks else ""
    return f"  n{link.source} -> n{link.target}{shown};"
