"""A recorded operation as the table of operations sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnkit.errors import ExportError
from nnkit.export.graph import Dimensions, Graph, Images, Value


class Step(NamedTuple):
    """A recorded operation on its way into a graph.

    Attributes:
        graph: where its nodes go.
        inputs: the names of tensors; numbers and None as they are.
        values: what is known of tensors, None for others.
        options: those of the operation; a shape among them is in `results`.
        results: what is to come out.
    """

    graph: Graph
    inputs: Sequence[Any]
    values: Sequence[Value | None]
    options: dict[str, Any]
    results: Sequence[Value]

    @property
    def kind(self) -> np.dtype[Any]:
        """The element type of the result."""
        return self.results[0].kind

    @property
    def dimensions(self) -> Dimensions:
        """The dimensions of the result."""
        return self.results[0].dimensions

    @property
    def ndim(self) -> int:
        """The number of dimensions of the first input."""
        return len(self.shape(0))

    @property
    def keepdim(self) -> bool:
        """Whether a reduction leaves dimensions of size 1."""
        return bool(self.options.get("keepdim", False))

    def shape(self, number: int) -> Dimensions:
        """Return the dimensions of an input; a number has none."""
        value = self.values[number]
        return () if value is None else value.dimensions

    def name(self, number: int, kind: np.dtype[Any] | None = None) -> str:
        """Return the name of an input, as another element type if one is given."""
        given, value = self.inputs[number], self.values[number]
        if value is None:
            return self.graph.constant(given, kind)
        return given if kind in (None, value.kind) else self.graph.add("Cast", given, to=kind)

    def names(self) -> list[str]:
        """Return the names of all inputs, as the element type of the result."""
        return [self.name(number, self.kind) for number in range(len(self.inputs))]

    def number(self, value: Any) -> str:
        """Return the name of a number, as the element type of the result."""
        return self.graph.constant(value, self.kind)


def fixed(sizes: Iterable[int | Images]) -> list[int]:
    """Return sizes that must not depend on the batch.

    Raises:
        ExportError: one does.
    """
    result = []
    for size in sizes:
        if isinstance(size, Images):
            raise ExportError("calculates with the number of images")
        result.append(size)
    return result


# Adds the nodes of an operation, and returns the name of each of its results.
Converter = Callable[[Step], "str | Sequence[str]"]
