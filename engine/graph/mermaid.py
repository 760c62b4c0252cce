"""A graph as a Mermaid flowchart."""

from __future__ import annotations

from nnkit.escapes import printable
from nnkit.graph.tracing import Graph
from nnkit.graph.view import Link, View

_ENTITIES = str.maketrans({'"': "#quot;", "<": "#lt;", ">": "#gt;"})


def to_mermaid(graph: Graph) -> str:
    """Return the graph as a Mermaid flowchart; arrows go the way of the gradients."""
    view = View(graph)
    lines = ["flowchart TD"]
    for number, fold in enumerate(graph.folds):
        members = "; ".join(f"n{member}" for member in fold.template)
        lines += [f'  subgraph f{number}["{fold.count} times"]', f"    {members}", "  end"]
    for node in view.nodes:
        opening, closing = ("([", "])") if node.is_leaf else ("[", "]")
        parts = [*node.label("\n").split("\n"), printable(node.annotation.module or "")]
        label = "<br/>".join(part.translate(_ENTITIES) for part in parts if part)
        lines.append(f'  n{node.number}{opening}"{label}"{closing}')
        lines += [_edge(link) for link in view.links_from[node.number] for _ in range(link.times)]
        if node.hidden:
            lines.append(f'  n{node.number} -.-> m{node.number}["{node.hidden} more"]')
    return "\n".join(lines)


def _edge(link: Link) -> str:
    arrow = "-.->" if link.is_carried else "-->"
    note = link.note or ("next" if link.is_carried else "")
    return f"  n{link.source} {arrow}{f'|{note}|' if note else ''} n{link.target}"
