"""Steps that are recorded once and replayed, for as long as that gives what the tape would."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nnkit.kernels import backend_for
from nnkit.kernels.backend import Pixels
from nnkit.kernels.layout import LANES, Array
from nnkit.nn import Module
from nnkit.plan.guard import Chance, Criterion, Snapshot, hooked_nodes, obstacle
from nnkit.plan.lowering import Lowering, loss_of
from nnkit.plan.plan import Plan, Source
from nnkit.plan.program import Memory, PlanProgram
from nnkit.plan.rewrite import pool_before_relu, skip_unread_rows
from nnkit.plan.symbols import Labels, Symbol, UnplannableError
from nnkit.recording import Recording
from nnkit.tape import AccumulateGrad, reachable
from nnkit.tensors import Tensor, no_grad

# After so many recordings of the same kind of step the network is taken to change all the time.
MOST_RECORDINGS = 8


class _Key(NamedTuple):
    gathers: bool
    shape: tuple[int, ...]
    training: bool
    differentiates: bool


class _Planned(NamedTuple):
    plan: Plan
    snapshot: Snapshot
    parameters: list[Tensor]
    gradients: list[Tensor]


class Replay:
    """Runs a network and its loss, by a plan where there can be one and on the tape where not.

    The first step with a batch size is recorded: it runs on the tape, and the operations are turned into a plan that
    takes this step and all that follow. A network with hooks, with a control flow that depends on values, or with an
    operation that plans do not know stays on the tape.

    Args:
        network: maps images to logits.
        criterion: maps logits and labels to the loss.
        enabled: False keeps everything on the tape.

    Attributes:
        obstacle: why the tape is used, or None; it completes "because of".
    """

    def __init__(
        self,
        network: Module,
        criterion: Criterion,
        *,
        enabled: bool = True,
    ) -> None:
        self.network = network
        self.criterion = criterion
        self.obstacle: str | None = None if enabled else "being switched off"
        self._plans: dict[_Key, _Planned] = {}
        self._recordings: dict[_Key, int] = {}

    def differentiate(self, images: Tensor | Pixels, labels: Tensor) -> tuple[float, Array]:
        """Set the gradients of the parameters; return the loss and the logits (N, K)."""
        found = self._planned(images, labels, differentiates=True)
        if found is None:
            logits = self.network(_tensor(images))
            loss = self.criterion(logits, labels)
            value = loss.item()
            if np.isfinite(value):
                loss.backward()
            return value, logits.detach().array
        before = [_set_aside(parameter) for parameter in found.parameters]
        value, logits_array = found.plan.run(_array(images), labels.array)
        for parameter, gradient, earlier in zip(found.parameters, found.gradients, before, strict=True):
            if earlier is None:
                parameter._grad = gradient
            else:
                parameter._grad = Tensor(earlier + gradient.array)
        return value, logits_array

    def evaluate(self, images: Tensor | Pixels, labels: Tensor) -> tuple[float, Array]:
        """Return the loss and the logits (N, K), without gradients."""
        found = self._planned(images, labels, differentiates=False)
        if found is None:
            with no_grad():
                logits = self.network(_tensor(images))
                return self.criterion(logits, labels).item(), logits.array
        return found.plan.run(_array(images), labels.array)

    def plan(self, images: Tensor | Pixels, labels: Tensor) -> Plan | None:
        """Return what differentiates such a batch, recorded now if it is not yet; None if the tape does it."""
        found = self._planned(images, labels, differentiates=True)
        return None if found is None else found.plan

    def _planned(self, images: Tensor | Pixels, labels: Tensor, differentiates: bool) -> _Planned | None:
        if self.obstacle is not None or not len(labels):
            return None
        if isinstance(images, Pixels):
            # Changed images can be larger than those they came from.
            shape: tuple[int, ...] = (len(labels), *images.images.shape[1:], *images.size)
        else:
            shape = tuple(images.shape)
        key = _Key(isinstance(images, Pixels), shape, self.network.training, differentiates)
        found = self._plans.get(key)
        try:
            if found is None or not found.snapshot.holds():
                found = self._plans[key] = self._record(key, images, labels)
        except UnplannableError as error:
            self.obstacle = str(error)
            self._plans.clear()
            return None
        # An unknown class or one that is ignored: the tape knows what to do.
        classes = found.plan.classes
        return found if bool((labels.array.view(np.uint64) < classes).all()) else None

    def _record(self, key: _Key, images: Tensor | Pixels, labels: Tensor) -> _Planned:
        self._recordings[key] = self._recordings.get(key, 0) + 1
        if self._recordings[key] > MOST_RECORDINGS:
            raise UnplannableError("attributes of the network that change from step to step")
        found = obstacle(self.network)
        if found is not None:
            raise UnplannableError(found)
        snapshot, chance = Snapshot(self.network), Chance()
        inputs = _tensor(images)
        with Recording() as recording:
            logits, loss = self._forward(inputs, labels, key.differentiates)
        found = chance.obstacle(recording) or recording.obstacle
        if found is not None:
            raise UnplannableError(found)
        if not snapshot.holds():
            raise UnplannableError("attributes that the network changes as it runs")
        if loss.grad_fn is not None and hooked_nodes(reachable([loss.grad_fn])):
            raise UnplannableError("a hook on a tensor")
        program = PlanProgram(len(labels))
        source, symbol = _source(program, images)
        lowering, kept_labels = _lowering(program, recording, labels)
        lowering.define(inputs, symbol)
        return _made(self.network, lowering, snapshot, (source, kept_labels, logits, loss), key.differentiates)

    def _forward(self, images: Tensor, labels: Tensor, differentiates: bool) -> tuple[Tensor, Tensor]:
        if differentiates:
            logits = self.network(images)
            return logits, self.criterion(logits, labels)
        with no_grad():
            logits = self.network(images)
            return logits, self.criterion(logits, labels)


def _set_aside(parameter: Tensor) -> Array | None:
    """Return the gradient that another one is to be added to, apart from the plan's own memory."""
    return None if parameter._grad is None else parameter._grad.array.copy()


def _tensor(images: Tensor | Pixels) -> Tensor:
    return Tensor(backend_for("cpu").gather(*images)) if isinstance(images, Pixels) else images


def _array(images: Tensor | Pixels) -> Array | Pixels:
    return images if isinstance(images, Pixels) else images.array


def _source(program: PlanProgram, images: Tensor | Pixels) -> tuple[Source, Symbol]:
    """Return where a plan finds its images, and the symbol that stands for them."""
    if isinstance(images, Pixels):
        places = np.zeros(program.batch, np.int64)
        pixels = program.operand_in(Memory(images.images.size, of_images=False, array=images.images))
        symbol = program.new((1, *images.size))
        chosen = program.operand_in(Memory(LANES, of_images=True, array=places))
        shapes = (images.images.shape[1:], images.size)
        program.gather(pixels, chosen, program.operand(symbol), shapes, images.mean, images.std)
        return Source(places, pixels), symbol
    if images.array.dtype != np.float32:
        raise UnplannableError(f"images of type {images.dtype}")
    symbol = program.external(images.shape[1:])
    return Source(symbol.memory.array), symbol  # type: ignore[arg-type]


def _lowering(program: PlanProgram, recording: Recording, labels: Tensor) -> tuple[Lowering, Array]:
    """Return the lowering of a recording, and the array that its plan finds the labels in."""
    if labels.array.dtype != np.int64 or labels.array.ndim != 1:
        raise UnplannableError(f"labels of type {labels.dtype}")
    kept = np.zeros(len(labels), np.int64)
    operand = program.operand_in(Memory(LANES, of_images=True, array=kept))
    return Lowering(program, recording, labels, Labels(operand, len(labels))), kept


def _made(
    network: Module,
    lowering: Lowering,
    snapshot: Snapshot,
    parts: tuple[Source, Array, Tensor, Tensor],
    differentiates: bool,
) -> _Planned:
    """Turn a recorded step into a plan; the parts are its images, labels, logits and loss."""
    source, labels, logits, loss = parts
    program = lowering.program
    parameters = [each for each in network.parameters() if each.requires_grad and differentiates]
    leaves = {id(each): AccumulateGrad(each) for each in parameters}
    for parameter in network.parameters():
        lowering.define(parameter, program.weights(parameter.array), (leaves.get(id(parameter)), 0))
    remade = lowering.define_remade()
    lowering.run()
    total, scores = loss_of(lowering.value(loss)), lowering.value(logits)
    if not isinstance(scores, Symbol) or scores.ndim != 2:
        raise UnplannableError("logits that are not (N, classes)")
    used, gradients = [], []
    if differentiates:
        for parameter, gradient in zip(parameters, lowering.gradients(loss, list(leaves.values())), strict=True):
            if gradient is not None:
                used.append(parameter)
                gradients.append(gradient)
    pool_before_relu(program)
    skip_unread_rows(program)
    plan = Plan(program, source, labels, total.losses, scores, total.factor, gradients, remade)
    return _Planned(plan, snapshot, list(used), [Tensor(each) for each in plan.gradients])
