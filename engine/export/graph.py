"""An ONNX graph under construction: nodes and constants, with sizes that may depend on the batch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nnkit.kernels.layout import Array

IMAGES, LOGITS = "images", "logits"
INT64 = np.dtype(np.int64)


class Images(NamedTuple):
    """A size that is so many times the number of images in the batch."""

    factor: int


Dimensions = tuple["int | Images", ...]


class Node(NamedTuple):
    """One result of an ONNX operator; `output` counts those before it, which have no name."""

    operator: str
    inputs: tuple[str, ...]
    attributes: dict[str, Any]
    output: int = 0


class Value(NamedTuple):
    """What is known of the values of a name."""

    kind: np.dtype[Any]
    dimensions: Dimensions


class Input(NamedTuple):
    """What a graph takes: an element type, and sizes of which the open ones have names."""

    kind: np.dtype[Any]
    sizes: tuple[int | str, ...]


class Graph:
    """Nodes in the order in which they run, each value under a name of its own.

    Attributes:
        nodes: the operators, by what comes out of them.
        constants: arrays by name, parameters among them.
        values: what is known of results; not all of them are there, but in a finished graph the logits are.
        input: the images.
        place: the layer that is being added, which begins the names of its nodes.
    """

    def __init__(self, images: Input) -> None:
        self.nodes: dict[str, Node] = {}
        self.constants: dict[str, Array] = {}
        self.values: dict[str, Value] = {}
        self.input = images
        self.place = ""
        self._names = {IMAGES, LOGITS, ""}
        self._known: dict[tuple[Any, ...], str] = {}

    def _unique(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name

    def add(self, operator: str, *inputs: str, output: int = 0, **attributes: Any) -> str:
        """Add a node, and return the name of one of its results; an input that is left out is an empty name."""
        name = self._unique(f"{self.place}/{operator}" if self.place else operator)
        self.nodes[name] = Node(operator, inputs, attributes, output)
        return name

    def parameter(self, name: str, array: Array) -> str:
        """Add a parameter, and return its name, which is another one only where that is taken."""
        unique = self._unique(name)
        self.constants[unique] = array
        return unique

    def constant(self, value: Any, kind: Any = None) -> str:
        """Return the name of a constant; equal ones are one."""
        array = np.asarray(value, kind)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = self._unique("constant")
            self.constants[self._known[key]] = array.copy()
        return self._known[key]

    def integers(self, *values: int) -> str:
        """Return the name of a constant list of integers."""
        return self.constant(values, INT64)

    def sizes(self, dimensions: Dimensions) -> str:
        """Return the name of a list of sizes, which are counted when the graph runs if they depend on the batch."""
        fixed = [size for size in dimensions if not isinstance(size, Images)]
        if len(fixed) == len(dimensions):
            return self.integers(*fixed)
        return self.add("Concat", *map(self._size, dimensions), axis=0)

    def _size(self, size: int | Images) -> str:
        if not isinstance(size, Images):
            return self.integers(size)
        key = ("images", size.factor)
        if key not in self._known:
            count = self.add("Shape", IMAGES, start=0, end=1)
            self._known[key] = count if size.factor == 1 else self.add("Mul", count, self.integers(size.factor))
        return self._known[key]

    def reshaped(self, name: str, dimensions: Dimensions) -> str:
        """Return the name of the same elements in another shape."""
        sizes = [-1 if isinstance(size, Images) else size for size in dimensions]
        # ONNX finds one size by itself.
        return self.add("Reshape", name, self.integers(*sizes) if sizes.count(-1) <= 1 else self.sizes(dimensions))

    def expanded(self, name: str, dimensions: Dimensions) -> str:
        """Return the name of a value that is repeated until it has these dimensions."""
        return self.add("Expand", name, self.sizes(dimensions))

    def finish(self, name: str, logits: Value) -> None:
        """Let a value be the logits, and drop what does not lead to it."""
        if name not in self.nodes:
            name = self.add("Identity", name)
        needed = {name}
        for output, node in reversed(self.nodes.items()):
            if output in needed:
                needed.update(node.inputs)

        def renamed(each: str) -> str:
            return LOGITS if each == name else each

        self.nodes = {
            renamed(output): node._replace(inputs=tuple(map(renamed, node.inputs)))
            for output, node in self.nodes.items()
            if output in needed
        }
        self.constants = {each: array for each, array in self.constants.items() if each in needed}
        self.values = {each: value for each, value in self.values.items() if each in self.nodes}
        self.values[LOGITS] = logits
