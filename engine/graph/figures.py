"""What nodes hold and take, added up and in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nnkit.escapes import printable
from nnkit.graph.tracing import Graph, GraphNode
from nnkit.quantities import bytes_in_words, flops_in_words, time_in_words

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class Figures:
    """Some nodes together; None where nothing is known of any of them.

    Attributes:
        count: how many nodes.
        parameters: elements of leaves.
        flops: of the forward calculation.
        saved: bytes of the memory that they hold for the backward pass, that of parameters not counted.
        saved_parameters: bytes of the parameters that they hold, which exist anyway.
        forward_seconds: the time of the forward calculation.
        backward_seconds: the time of the backward pass.
        gradient_norms: what is known, in their order.
    """

    count: int
    parameters: int
    flops: int | None
    saved: int
    saved_parameters: int
    forward_seconds: float | None
    backward_seconds: float | None
    gradient_norms: tuple[float, ...]

    @property
    def seconds(self) -> float | None:
        """The time of both ways."""
        known = [each for each in (self.forward_seconds, self.backward_seconds) if each is not None]
        return sum(known) if known else None


def figures(nodes: Sequence[GraphNode]) -> Figures:
    """Add up what is known of nodes; memory that several of them hold counts once."""
    memories = {each.memory: each for node in nodes for each in node.saved}
    annotations = [node.annotation for node in nodes]
    return Figures(
        count=len(nodes),
        parameters=sum(node.elements for node in nodes),
        flops=_sum(each.flops for each in annotations),
        saved=sum(each.bytes for each in memories.values() if each.parameter is None),
        saved_parameters=sum(each.bytes for each in memories.values() if each.parameter is not None),
        forward_seconds=_sum(each.forward_seconds for each in annotations),
        backward_seconds=_sum(each.backward_seconds for each in annotations),
        gradient_norms=tuple(each.gradient_norm for each in annotations if each.gradient_norm is not None),
    )


def _sum(values: Iterable[_Number | None]) -> _Number | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def summary(graph: Graph) -> list[str]:
    """Return what the graph is of, and what all of its nodes hold and take."""
    known = figures(graph.nodes)
    parts = [f"{known.count:,} node{'' if known.count == 1 else 's'}"]
    if known.parameters:
        parts.append(f"{known.parameters:,} parameters")
    if known.flops:
        parts.append(f"{flops_in_words(known.flops)} forward")
    if known.saved:
        parts.append(f"{bytes_in_words(known.saved)} saved for the backward pass")
    if known.forward_seconds is not None:
        parts.append(f"{time_in_words(known.forward_seconds)} forward")
    if known.backward_seconds is not None:
        parts.append(f"{time_in_words(known.backward_seconds)} backward")
    return [*([printable(graph.title)] if graph.title else []), ", ".join(parts)]


def norms_in_words(norms: Sequence[float]) -> str:
    """Return a norm, or the smallest and the largest of several; what is no number is larger than all."""
    shown = sorted(norms, key=lambda norm: math.inf if math.isnan(norm) else norm)
    if len(shown) > 1 and shown[0] != shown[-1]:
        return f"{shown[0]:.3g} to {shown[-1]:.3g}"
    return "".join(f"{norm:.3g}" for norm in shown[:1])
