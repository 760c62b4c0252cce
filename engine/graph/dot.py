"""A graph in the language of Graphviz."""

from __future__ import annotations

import json

from nnkit.graph.tracing import Graph


def to_dot(graph: Graph) -> str:
    """Return the graph in Graphviz's language; arrows go the way of the gradients."""
    lines = ["digraph grad_fn {", '  node [shape=box, fontname="monospace"];']
    for node in graph.nodes:
        style = ", style=rounded" if node.is_leaf else ""
        # A JSON string is a valid one in this language, line ends included.
        label = json.dumps(node.label("\n"), ensure_ascii=False)
        lines.append(f"  n{node.number} [label={label}{style}];")
        lines += [f"  n{node.number} -> n{target};" for target in node.targets]
        if node.hidden:
            lines.append(f'  m{node.number} [label="{node.hidden} more", shape=plaintext];')
            lines.append(f"  n{node.number} -> m{node.number} [style=dashed];")
    return "\n".join([*lines, "}"])
