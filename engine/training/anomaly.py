"""Where numbers that are not finite come from: a step is taken once more on the tape, and every result looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from nnkit.kernels import backend_for
from nnkit.kernels.backend import Pixels
from nnkit.kernels.layout import Array
from nnkit.models import Network
from nnkit.profiling import Layers, Phase, Row
from nnkit.recording import Recording
from nnkit.tape import AccumulateGrad, Node, reachable
from nnkit.tensors import Tensor
from nnkit.training.build import Criterion


class _FoundError(Exception):
    """Ends a backward pass at the first gradient that is not finite."""


def find_anomaly(network: Network, criterion: Criterion, images: Tensor | Pixels, labels: Tensor) -> str:
    """Say which part of a training step makes the first NaN or infinity; the gradients are of no use afterwards."""
    for name, parameter in network.named_parameters():
        if not np.isfinite(parameter.array).all():
            return f"the step before has made {name} infinite or NaN"
    batch = Tensor.detached(backend_for("cpu").gather(*images)) if isinstance(images, Pixels) else images
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    with np.errstate(all="ignore"):
        with Recording() as recording, Layers(network, recording) as layers:
            loss = criterion(network(batch), labels)
        rows = [
            Row(Phase.FORWARD, call.operation.__name__, place).name
            for call, place in zip(recording.calls, layers.places(), strict=True)
        ]
        for call, row in zip(recording.calls, rows, strict=True):
            if not _finite(result.array for result in call.results if isinstance(result, Tensor)):
                return f"the first number that is not finite comes out of {row}"
        nodes = {
            result.grad_fn: row
            for call, row in zip(recording.calls, rows, strict=True)
            for result in call.results
            if isinstance(result, Tensor)
        }
        return _in_backward(loss, nodes, names)


def _in_backward(loss: Tensor, rows: dict[Node | None, str], names: dict[int, str]) -> str:
    """Differentiate a loss and say where the first gradient comes up that is not finite."""
    for node in reachable([loss.grad_fn] if loss.grad_fn else []):
        if isinstance(node, AccumulateGrad):
            what = names.get(id(node.variable), "a tensor")
        else:
            what = f"the result of {rows.get(node, node.name())}"
        node.add_before(_watch_arriving(what))
        node.add_after(_watch_leaving(rows.get(node, node.name())))
    try:
        loss.backward()
    except _FoundError as found:
        return str(found)
    return "on the tape, which rounds in another way, all numbers of this step are finite"


def _watch_arriving(what: str) -> Callable[[tuple[Array | None, ...]], None]:
    def look(arrived: tuple[Array | None, ...]) -> None:
        # What operations pass on has been looked at: this is what a hook or the sum of several makes of it.
        if not _finite(arrived):
            raise _FoundError(f"the gradient of {what} is the first that is not finite, after a hook or as a sum")

    return look


def _watch_leaving(row: str) -> Callable[[tuple[Array | None, ...], tuple[Array | None, ...]], None]:
    def look(results: tuple[Array | None, ...], _: tuple[Array | None, ...]) -> None:
        if not _finite(results):
            raise _FoundError(f"the first gradient that is not finite is computed by {row}, backward")

    return look


def _finite(arrays: Iterable[Array | None]) -> bool:
    return all(array is None or array.dtype.kind != "f" or bool(np.isfinite(array).all()) for array in arrays)
