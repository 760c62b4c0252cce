"""A graph as JSON."""

from __future__ import annotations

import dataclasses
import json

from nnkit.graph.tracing import Graph


def to_json(graph: Graph) -> str:
    """Return the graph as JSON, a node per line; the fields are those of `GraphNode`."""
    nodes = ",\n".join("  " + json.dumps(dataclasses.asdict(node)) for node in graph.nodes)
    return f'{{"nodes": [\n{nodes}\n]}}'
