"""What a network computes from images, recorded for batches of two sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnkit.errors import ExportError
from nnkit.nn import Module
from nnkit.nn.modes import evaluating
from nnkit.profiling.layers import Layers
from nnkit.recording import Call, Recording
from nnkit.tensors import Tensor

# What differs between two batches depends on their size or on the images. A batch of one image would hide that.
BATCHES = (2, 3)


class Pass(NamedTuple):
    """One recorded forward pass."""

    images: Tensor
    logits: Tensor
    calls: Sequence[Call]
    layers: Sequence[str]


def trace(network: Module, shape: Sequence[int]) -> tuple[Pass, Pass]:
    """Run a network on two batches of different random images (N, *shape).

    Raises:
        ExportError: it depends on more than its operations on the images, or differs between the two.
    """
    with evaluating(network):
        first, second = (_run(network, batch, shape) for batch in BATCHES)
    if [call.operation for call in first.calls] != [call.operation for call in second.calls]:
        raise ExportError("the network takes other steps for other images or batches")
    return first, second


def _run(network: Module, batch: int, shape: Sequence[int]) -> Pass:
    numbers = np.random.default_rng(batch).standard_normal((batch, *shape))
    images = Tensor.detached(numbers.astype(np.float32))
    with Recording() as recording, Layers(network, recording) as layers:
        logits = network(images)
    if recording.obstacle is not None or recording.remade:
        found = recording.obstacle or "random numbers"
        raise ExportError(f"the network uses {found}, which a graph cannot follow")
    if not isinstance(logits, Tensor):
        raise ExportError(f"the network returns {type(logits).__name__}, expected one tensor")
    return Pass(images, logits, recording.calls, [place.layer for place in layers.places()])
