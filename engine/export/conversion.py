"""From recorded passes to an ONNX graph: each call by the entry of its operation in the table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nnkit.errors import ExportError
from nnkit.export.graph import IMAGES, Dimensions, Graph, Images, Input, Value
from nnkit.export.operations import OPERATORS
from nnkit.export.pixels import normalised
from nnkit.export.step import Step
from nnkit.export.trace import BATCHES, Pass, trace
from nnkit.kernels.layout import Array
from nnkit.nn import Module
from nnkit.recording import Call
from nnkit.tensors import Tensor
from nnkit.training.checkpoint import ImageFormat

Pair = tuple[Tensor, Tensor]


def graph_of(network: Module, shape: Sequence[int], raw: ImageFormat | None = None) -> Graph:
    """Return the graph of a network in evaluation mode, for any number of images.

    Args:
        network: maps images (N, *shape), float32, to logits.
        shape: of one image.
        raw: how the graph is to make these images of pixels, if not given as they are.

    Raises:
        ExportError: it does something that a graph cannot express.
    """
    first, second = trace(network, shape)
    if raw is None:
        graph, images = Graph(Input(np.dtype(np.float32), ("N", *shape))), IMAGES
    else:
        graph = Graph(Input(np.dtype(np.uint8), ("N", shape[0], "H", "W")))
        images = normalised(graph, shape, raw)
    Conversion(graph, network, images, (first, second)).run()
    return graph


class _Known(NamedTuple):
    """The name of a tensor's value, and from which call on."""

    name: str
    since: int


class Conversion:
    """Goes through two recorded passes side by side.

    Args:
        graph: what is built.
        network: its parameters keep their names.
        images: the name of what it gets.
        passes: with batches of two sizes, which made the same calls.
    """

    def __init__(self, graph: Graph, network: Module, images: str, passes: tuple[Pass, Pass]) -> None:
        self._graph, self._passes = graph, passes
        # By identity; the passes keep the tensors alive.
        self._known = {id(passes[0].images): _Known(images, 0)}
        self._parameters = []
        for name, tensor in itertools.chain(network.named_parameters(), network.named_buffers()):
            self._known[id(tensor)] = _Known(graph.parameter(name, tensor.array), 0)
            self._parameters.append(tensor)
        self._written: list[tuple[int, Tensor]] = []
        self._constants_used: list[Tensor] = []
        self._now = 0

    def run(self) -> None:
        """Build the graph.

        Raises:
            ExportError: see `graph_of`; the message names the layer and the operation.
        """
        one, other = self._passes
        for self._now, (first, second, layer) in enumerate(zip(one.calls, other.calls, one.layers, strict=True), 1):
            self._graph.place = layer.replace(".", "/")
            try:
                self._convert(first, second)
            except ExportError as error:
                place = f"layer {layer!r}" if layer else "the network itself, outside of its layers,"
                raise ExportError(f"{place} uses {first.operation.__name__}, which {error}") from None
        self._graph.place = ""
        try:
            self._graph.finish(self._name((one.logits, other.logits)), _value((one.logits, other.logits)))
        except ExportError as error:
            raise ExportError(f"the network returns a tensor that {error}") from None

    def _convert(self, first: Call, second: Call) -> None:
        inputs = list(zip(first.inputs, second.inputs, strict=True))
        if first.target is not None and id(first.target) in self._known:
            inputs[0] = (first.target, second.target)
        if not any(id(one) in self._known for one, _ in inputs):
            # What is made of constants is a constant.
            self._check_unused(first.target)
            return
        if len(first.results) != len(second.results):
            raise ExportError("has more results for more images")
        if first.operation not in OPERATORS:
            raise ExportError("has no counterpart in ONNX that nnkit knows")
        step = Step(
            graph=self._graph,
            inputs=[self._input(pair) for pair in inputs],
            values=[_value(pair) if isinstance(pair[0], Tensor) else None for pair in inputs],
            options=_common(first.options, second.options),
            results=[_value(pair) for pair in zip(first.results, second.results, strict=True)],
        )
        found = OPERATORS[first.operation](step)
        names = (found,) if isinstance(found, str) else found
        for result, name, value in zip(first.results, names, step.results, strict=True):
            self._known[id(result)] = _Known(name, self._now)
            self._graph.values.setdefault(name, value)
        if first.target is not None:
            self._write(first, names[0])

    def _write(self, call: Call, name: str) -> None:
        """Give a tensor the new value that an operation in place has left in it."""
        if _share(call.target, self._parameters):
            raise ExportError("writes over a parameter")
        kind, before = call.target.array.dtype, call.results[0].array.dtype
        name = name if kind == before else self._graph.add("Cast", name, to=kind)
        self._known[id(call.target)] = _Known(name, self._now)
        self._written.append((self._now, call.target))

    def _check_unused(self, target: Tensor | None) -> None:
        """Refuse to change a constant that has been used: only its last value is known."""
        if target is not None and _share(target, self._constants_used):
            raise ExportError("changes a constant between two uses")

    def _input(self, pair: tuple[Any, Any]) -> Any:
        one, other = pair
        if isinstance(one, Tensor):
            return self._name((one, other))
        if one is not None and one != other:
            raise ExportError(f"has the number {one} or {other}, depending on the images or their number")
        return one

    def _name(self, pair: Pair) -> str:
        """Return the name of a tensor's value, which is a constant's if no operation on images made it."""
        tensor = pair[0]
        known = self._known.get(id(tensor))
        since = known.since if known else 0
        if _share(tensor, [target for written, target in self._written if written > since and target is not tensor]):
            raise ExportError("follows an operation in place on other parts of the same memory")
        if known is not None:
            return known.name
        self._constants_used.append(tensor)
        return self._constant(pair[0].array, pair[1].array)

    def _constant(self, first: Array, second: Array) -> str:
        """Return the name of an array that two passes have in common, apart from the number of images in it."""
        dimensions = _dimensions(first.shape, second.shape)
        # Where sizes differ, one row stands for all.
        row = tuple(slice(1) if isinstance(size, Images) else slice(None) for size in dimensions)
        if not all(np.array_equal(each, np.broadcast_to(first[row], each.shape)) for each in (first, second)):
            raise ExportError("gets values of what is not recorded, such as a comparison, detach() or NumPy")
        name = self._graph.constant(first[row])
        return name if first.shape == second.shape else self._graph.expanded(name, dimensions)


def _value(pair: Pair) -> Value:
    return Value(pair[0].array.dtype, _dimensions(*(tensor.array.shape for tensor in pair)))


def _dimensions(first: Sequence[int], second: Sequence[int]) -> Dimensions:
    """Return the dimensions of what has these shapes for the two batches.

    Raises:
        ExportError: they do not grow with the batch, or have not one number of dimensions.
    """
    if len(first) != len(second):
        raise ExportError(f"has {len(first)} or {len(second)} dimensions, depending on the number of images")
    fewer, more = BATCHES
    result: list[int | Images] = []
    for one, other in zip(first, second, strict=True):
        if one != other and (one * more != other * fewer or one % fewer):
            raise ExportError(f"has a size of {one} for {fewer} images and of {other} for {more}")
        result.append(one if one == other else Images(one // fewer))
    return tuple(result)


def _common(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return options; shapes are left out, because the results have them.

    Raises:
        ExportError: they depend on the images or their number.
    """
    options = {name: value for name, value in first.items() if name != "shape"}
    for name, value in options.items():
        if not _equal(value, second[name]):
            raise ExportError(f"has another {name} for other images or batches")
    return options


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return bool(one == other)


def _share(tensor: Tensor, others: Sequence[Tensor]) -> bool:
    return any(np.shares_memory(tensor.array, other.array) for other in others)
