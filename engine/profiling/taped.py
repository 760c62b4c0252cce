"""The profile of a step on the tape: from the end of one operation to the end of the next, Python included."""

from __future__ import annotations

import contextlib
import functools
import math
import time
from typing import Any

import numpy as np

from nnkit.kernels.backend import Pixels
from nnkit.kernels.layout import Array
from nnkit.plan import Replay
from nnkit.profiling.layers import Layers
from nnkit.profiling.rows import Phase, Place, Row, differentiated_factors, forward_flops, gathered
from nnkit.recording import Call, Recording
from nnkit.tape import Node, OperationNode, reachable
from nnkit.tensors import Tensor


class StampedCalls(list[Call]):
    """Calls, and when each of them was done."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def append(self, call: Call) -> None:
        """Add a call that is done now."""
        super().append(call)
        self.times.append(time.perf_counter())


class TapeWatch:
    """Times the operations of a step on the tape, for as long as its `with` block lasts; that is to hold one step.

    Args:
        replay: what takes the step.

    Attributes:
        overhead: how many seconds the watching itself took, none of which is in the rows.
    """

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def __enter__(self) -> TapeWatch:
        replay, self._recording = self._replay, Recording()
        self._calls = self._recording.calls = StampedCalls()
        self._differentiated: list[Row] = []
        self.overhead = self._begin = self._forward_begin = self._mark = 0.0
        self._gather = Row(Phase.FORWARD, "gather")
        self._criterion = replay.criterion
        self._layers = Layers(replay.network, self._recording)
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._recording)
            stack.enter_context(self._layers)
            handle = replay.network.register_forward_pre_hook(self._note_begin)
            stack.callback(handle.remove)
            self._stack = stack.pop_all()
        replay.criterion = self._loss
        replay.differentiate = self._differentiate  # type: ignore[method-assign]
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()
        self._replay.criterion = self._criterion
        del self._replay.differentiate

    def rows(self) -> list[Row]:
        """Return what the step took."""
        times = [self._forward_begin, *self._calls.times]
        forward = [
            _forward(call, place, end - begin)
            for call, place, begin, end in zip(self._calls, self._places, times, times[1:], strict=False)
        ]
        return [self._gather, *gathered(forward), *gathered(self._differentiated)]

    def _differentiate(self, images: Tensor | Pixels, labels: Tensor) -> tuple[float, Array]:
        self._begin = time.perf_counter()
        if isinstance(images, Pixels):
            read, written = (len(images.places) * math.prod(size) for size in (images.images.shape[1:], images.size))
            self._gather = Row(Phase.FORWARD, "gather", bytes_read=read, bytes_written=4 * written)
        return type(self._replay).differentiate(self._replay, images, labels)

    def _note_begin(self, *_: Any) -> None:
        self._forward_begin = time.perf_counter()
        self._gather = self._gather.taking(self._forward_begin - self._begin)

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Calculate the loss, and hook the nodes of all that it depends on."""
        loss = self._criterion(logits, labels)
        done = time.perf_counter()
        self._places = self._layers.places()
        origins: dict[Node, int] = {}
        for number, call in enumerate(self._calls):
            for result in call.results:
                if result.grad_fn is not None:
                    origins.setdefault(result.grad_fn, number)
        if loss.grad_fn is not None:
            loss.grad_fn.add_before(self._note_walk)
            for node in reachable([loss.grad_fn]):
                node.add_after(functools.partial(self._note_node, node, origins.get(node)))
        self._resume(done)
        return loss

    def _resume(self, stopped: float) -> None:
        """Go on with the next interval after the watching itself took some time."""
        self._mark = time.perf_counter()
        self.overhead += self._mark - stopped

    def _note_walk(self, *_: Any) -> None:
        done = time.perf_counter()
        self._differentiated.append(Row(Phase.BACKWARD, "start of the walk", seconds=done - self._mark))
        self._resume(done)

    def _note_node(
        self, node: Node, number: int | None, results: tuple[Array | None, ...], grads: tuple[Array | None, ...]
    ) -> None:
        done = time.perf_counter()
        if number is None or not isinstance(node, OperationNode):
            row = Row(Phase.BACKWARD, type(node).__name__, bytes_read=_nbytes(*grads), bytes_written=_nbytes(*results))
        else:
            call = self._calls[number]
            # Gradients of views are often views of the gradient.
            made = [each for each in results if not any(_share_memory(each, grad) for grad in grads)]
            row = Row(
                Phase.BACKWARD,
                call.operation.__name__,
                self._places[number],
                flops=differentiated_factors(call) * forward_flops(call),
                bytes_read=_nbytes(*grads, *node.operation.saved) if _nbytes(*made) else 0,
                bytes_written=_nbytes(*made),
            )
        self._differentiated.append(row.taking(done - self._mark))
        self._resume(done)


def _forward(call: Call, place: Place, seconds: float) -> Row:
    is_view = call.operation.is_view
    inputs = {id(each): each.array for each in call.inputs if isinstance(each, Tensor)}
    return Row(
        Phase.FORWARD,
        call.operation.__name__,
        place,
        seconds=seconds,
        flops=forward_flops(call),
        bytes_read=0 if is_view else _nbytes(*inputs.values()),
        bytes_written=0 if is_view else _nbytes(*(result.array for result in call.results)),
    )


def _share_memory(first: Array | None, second: Array | None) -> bool:
    return first is not None and second is not None and np.may_share_memory(first, second)


def _nbytes(*arrays: Any) -> int:
    return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))
