"""What a network consists of: its layers, what comes out of them, what they hold and calculate."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnkit.models import Network
from nnkit.nn import Module
from nnkit.nn.modes import evaluating
from nnkit.profiling.layers import Layers
from nnkit.profiling.rows import forward_flops
from nnkit.recording import Recording
from nnkit.tensors import Tensor, zeros


@dataclass(frozen=True)
class LayerSummary:
    """A module of a network; what is in the modules inside of it counts there.

    Attributes:
        name: its path in the network, empty for the network itself.
        kind: its class.
        arguments: how it was made.
        shape: of what comes out of its last call, for one image; None if it is never called.
        calls: how often one forward pass calls it.
        parameters: elements of its own parameters; those of a parameter that was counted before are not.
        flops: of one image in one forward pass, 2 for each multiply-add of a convolution or matrix product.
        bytes_written: what its operations write for one image.
    """

    name: str
    kind: str
    arguments: str
    shape: tuple[int, ...] | None
    calls: int
    parameters: int
    flops: int
    bytes_written: int


def summarize(network: Network) -> list[LayerSummary]:
    """Run a network on one image, and return what each of its modules is and does, in their order."""
    shapes: dict[str, tuple[int, ...]] = {}
    calls: dict[str, int] = {}

    def note(name: str, _module: Module, _inputs: Any, output: Any) -> None:
        calls[name] = calls.get(name, 0) + 1
        if isinstance(output, Tensor):
            shapes[name] = tuple(output.shape)

    handles = [module.register_forward_hook(functools.partial(note, name)) for name, module in network.named_modules()]
    try:
        with evaluating(network), Recording() as recording, Layers(network, recording) as layers:
            network(zeros(1, 1, *network.input_size))
    finally:
        for handle in handles:
            handle.remove()
    flops: dict[str, int] = {}
    written: dict[str, int] = {}
    for call, place in zip(recording.calls, layers.places(), strict=True):
        flops[place.layer] = flops.get(place.layer, 0) + forward_flops(call)
        results = [result.array for result in call.results if isinstance(result, Tensor)]
        # A view writes nothing.
        own = [array.size * array.itemsize for array in results if not _is_view(array, call.inputs)]
        written[place.layer] = written.get(place.layer, 0) + sum(own)
    counted: set[int] = set()
    return [
        LayerSummary(
            name=name,
            kind=type(module).__name__,
            arguments=module.extra_repr(),
            shape=shapes.get(name),
            calls=calls.get(name, 0),
            parameters=_new_elements(module, counted),
            flops=flops.get(name, 0),
            bytes_written=written.get(name, 0),
        )
        for name, module in network.named_modules()
    ]


def _new_elements(module: Module, counted: set[int]) -> int:
    """Return the elements of a module's own parameters that are not counted yet, and count them."""
    new = [parameter for parameter in module.parameters(recurse=False) if id(parameter) not in counted]
    counted.update(id(parameter) for parameter in new)
    return sum(parameter.numel() for parameter in new)


def _is_view(array: Any, inputs: tuple[Any, ...]) -> bool:
    return any(isinstance(each, Tensor) and np.may_share_memory(array, each.array) for each in inputs)
