"""A graph as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from nnkit.graph.tracing import Graph, GraphNode


def to_json(graph: Graph) -> str:
    """Return the graph as JSON, a node per line, all of them also where parts are folded.

    The fields are those of `GraphNode` and `Annotation`, and for each fold the numbers of the nodes of its repetitions.
    Norms that are no numbers of JSON are the strings "nan" and "inf".
    """
    nodes = ",\n".join("  " + json.dumps(_values(node), allow_nan=False) for node in graph.nodes)
    folds = ",\n".join("  " + json.dumps({"repetitions": fold.repetitions}) for fold in graph.folds)
    return f'{{"title": {json.dumps(graph.title)}, "nodes": [\n{nodes}\n], "folds": [\n{folds}\n]}}'


def _values(node: GraphNode) -> dict[str, Any]:
    values = {**vars(node), "saved": [vars(each) for each in node.saved], **vars(node.annotation)}
    del values["annotation"]
    norm = node.annotation.gradient_norm
    if norm is not None and not math.isfinite(norm):
        values["gradient_norm"] = str(norm)
    return values
