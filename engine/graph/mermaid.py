"""A graph as a Mermaid flowchart."""

from __future__ import annotations

from nnkit.graph.tracing import Graph


def to_mermaid(graph: Graph) -> str:
    """Return the graph as a Mermaid flowchart; arrows go the way of the gradients."""
    lines = ["flowchart TD"]
    for node in graph.nodes:
        opening, closing = ("([", "])") if node.is_leaf else ("[", "]")
        label = node.label("<br/>").replace('"', "#quot;")
        lines.append(f'  n{node.number}{opening}"{label}"{closing}')
        lines += [f"  n{node.number} --> n{target}" for target in node.targets]
        if node.hidden:
            lines.append(f'  n{node.number} -.-> m{node.number}["{node.hidden} more"]')
    return "\n".join(lines)
