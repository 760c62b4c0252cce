"""Steps that are recorded once and replayed, for as long as that gives what the tape would."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnkit.kernels import backend_for
from nnkit.kernels.backend import Pixels
from nnkit.kernels.layout import LANES, Array
from nnkit.nn import Module
from nnkit.nn.modes import remembered_buffers
from nnkit.plan.guard import Chance, Criterion, Snapshot, check_recorded, obstacle
from nnkit.plan.integers import Labels, UnplannableError
from nnkit.plan.lowering import Lowering, loss_of
from nnkit.plan.memory import Memory
from nnkit.plan.plan import Plan, Source
from nnkit.plan.program import PlanProgram
from nnkit.plan.rewrite import pool_before_relu, skip_unread_rows
from nnkit.plan.symbols import Symbol, Total
from nnkit.recording import Recording
from nnkit.tape import AccumulateGrad
from nnkit.tensors import Tensor, no_grad

# After so many recordings of the same kind of step the network is taken to change all the time.
MOST_RECORDINGS = 8


class _Key(NamedTuple):
    """What a plan takes for granted of a step."""

    images: tuple[Any, ...]
    labels: tuple[str, tuple[int, ...]]
    training: bool
    differentiates: bool


class _Step(NamedTuple):
    """What the tape made of a step."""

    logits: Tensor
    loss: Tensor


class _Planned(NamedTuple):
    """A plan, what it takes for granted, and whether a second recording has led to the same one."""

    plan: Plan
    content: Any
    criterion: Criterion
    snapshot: Snapshot
    parameters: list[Tensor]
    gradients: list[Tensor]
    classes: int
    is_certain: bool


class Replay:
    """Runs a network and its loss, by a plan where there can be one and on the tape where not.

    The first step with a batch size is recorded: it runs on the tape, and the operations are turned into a plan that
    takes this step and all that follow. The second training step is recorded, too: if it leads to another plan, numbers
    or decisions come from somewhere else than the images. A network with hooks, with a control flow that depends on
    values, or with an operation that plans do not know stays on the tape, where its forward pass runs once in each step
    from the first one on. What a network reads or does outside of itself is not watched.

    Args:
        network: maps images to logits.
        criterion: maps logits and labels to the loss.
        enabled: False keeps everything on the tape.

    Attributes:
        obstacle: why the tape is used, or None; it completes "because of".
        evaluation_obstacle: why the tape is used for evaluation at least.
        gradients_are_finite: whether all numbers are that the last `differentiate` has added to gradients.
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
        self.evaluation_obstacle = self.obstacle
        self.gradients_are_finite = True
        self._plans: dict[_Key, _Planned] = {}
        self._recordings: dict[_Key, int] = {}

    def __getstate__(self) -> dict[str, Any]:
        # A copy makes its own plans: these are bound to the memory of this network.
        return {**self.__dict__, "_plans": {}}

    def differentiate(self, images: Tensor | Pixels, labels: Tensor) -> tuple[float, Array]:
        """Add to the gradients of the parameters; return the loss and the logits (N, K).

        A loss that is not finite leaves the gradients as they are.
        """
        found = self._prepared(images, labels, differentiates=True)
        if isinstance(found, _Step):
            value = found.loss.item()
            if math.isfinite(value):
                found.loss.backward()
                self.gradients_are_finite = _are_finite(self.network)
            return value, found.logits.detach().array
        before = [_set_aside(parameter) for parameter in found.parameters]
        value, logits = found.plan.run(_array(images), labels.array)
        self.gradients_are_finite = found.plan.sums_are_finite
        if math.isfinite(value):
            for parameter, gradient, earlier in zip(found.parameters, found.gradients, before, strict=True):
                parameter._grad = gradient if earlier is None else Tensor.detached(earlier + gradient.array)
        return value, logits

    def evaluate(self, images: Tensor | Pixels, labels: Tensor) -> tuple[float, Array]:
        """Return the loss and the logits (N, K), without gradients."""
        found = self._prepared(images, labels, differentiates=False)
        if isinstance(found, _Step):
            return found.loss.item(), found.logits.array
        return found.plan.run(_array(images), labels.array)

    def plan(self, images: Tensor | Pixels, labels: Tensor) -> Plan | None:
        """Return what differentiates such a batch, recorded now if it is not yet; None if the tape does it."""
        found = self._prepared(images, labels, differentiates=True)
        return None if isinstance(found, _Step) else found.plan

    def _prepared(self, images: Tensor | Pixels, labels: Tensor, differentiates: bool) -> _Planned | _Step:
        """Return the plan of a step, or what the tape makes of it."""
        obstacle = self.obstacle if differentiates else self.obstacle or self.evaluation_obstacle
        if obstacle is None and labels.array.size:
            key = _key(images, labels, self.network.training, differentiates)
            found = self._plans.get(key)
            if found is None or not found.is_certain or not self._fits(found):
                return self._record(key, images, labels)
            if _are_classes(labels, found.classes):
                return found
        return self._forward(_tensor(images), labels, differentiates)

    def _record(self, key: _Key, images: Tensor | Pixels, labels: Tensor) -> _Planned | _Step:
        """Run a step on the tape; return a plan of it, or what came out if there can be no plan."""
        known = self._plans.pop(key, None)
        if known is None or not self._fits(known):
            known = None
            self._recordings[key] = self._recordings.get(key, 0) + 1
        roots = [each for each in (self.network, self.criterion) if isinstance(each, Module)]
        refused = obstacle(roots)
        if self._recordings[key] > MOST_RECORDINGS:
            refused = "attributes of the network that change from step to step"
        if refused is not None:
            self._give_up(refused, key)
            return self._forward(_tensor(images), labels, key.differentiates)
        snapshot, chance = Snapshot(roots), Chance(roots)
        bring_back_buffers = remembered_buffers(self.network)
        inputs = _tensor(images)
        with Recording() as recording:
            step = self._forward(inputs, labels, key.differentiates)
        try:
            check_recorded(recording, snapshot, chance, step.loss if key.differentiates else None)
            lowered = _lowered(
                self.network, self.criterion, recording, (images, inputs, labels), step, key.differentiates
            )
            if known is None:
                # Evaluation is not recorded twice, which would take as long as all of it by plan.
                found = _planned(lowered, self.criterion, snapshot, is_certain=not key.differentiates)
            elif known.content == lowered.content:
                found = known._replace(is_certain=True)
            else:
                raise UnplannableError("numbers or decisions of the network that differ from step to step")
        except UnplannableError as error:
            self._give_up(str(error), key)
        else:
            self._plans[key] = found
            if _are_classes(labels, found.classes):
                # The plan takes the same step, and changes them once more.
                bring_back_buffers()
                return found
        chance.go_on()
        return step

    def _fits(self, planned: _Planned) -> bool:
        """Return whether the network and the loss are still those that were recorded."""
        return planned.criterion is self.criterion and planned.snapshot.holds()

    def _give_up(self, obstacle: str, key: _Key) -> None:
        """Stay on the tape: for all, or for evaluation if that is where plans cannot be."""
        if key.differentiates:
            self.obstacle = obstacle
            self._plans.clear()
        else:
            self.evaluation_obstacle = obstacle

    def _forward(self, images: Tensor, labels: Tensor, differentiates: bool) -> _Step:
        with contextlib.nullcontext() if differentiates else no_grad():
            logits = self.network(images)
            return _Step(logits, self.criterion(logits, labels))


def _key(images: Tensor | Pixels, labels: Tensor, training: bool, differentiates: bool) -> _Key:
    if isinstance(images, Pixels):
        # Changed images can be larger than those they came from.
        kind: tuple[Any, ...] = (images.images.shape[1:], images.size, images.mean, images.std)
    else:
        kind = (images.array.dtype.char, images.array.shape, images.requires_grad)
    return _Key(kind, (labels.array.dtype.char, labels.array.shape), training, differentiates)


def _are_classes(labels: Tensor, classes: int) -> bool:
    """Return whether all labels are classes; of those that are unknown or ignored the tape knows what to do."""
    return bool((labels.array.view(np.uint64) < classes).all())


def _set_aside(parameter: Tensor) -> Array | None:
    """Return the gradient that another one is to be added to, apart from the plan's own memory."""
    return None if parameter._grad is None else parameter._grad.array.copy()


def _are_finite(network: Module) -> bool:
    gradients = [parameter._grad.array for parameter in network.parameters() if parameter._grad is not None]
    return all(np.isfinite(gradient).all() for gradient in gradients)


def _tensor(images: Tensor | Pixels) -> Tensor:
    return Tensor.detached(backend_for("cpu").gather(*images)) if isinstance(images, Pixels) else images


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
        return Source(places, pixels), program.filled_up(symbol)
    if images.array.dtype != np.float32:
        raise UnplannableError(f"images of type {images.dtype}")
    if images.requires_grad:
        raise UnplannableError("images that need a gradient")
    symbol = program.external(images.shape)
    return Source(symbol.memory.array), program.filled_up(symbol)  # type: ignore[arg-type]


def _lowering(program: PlanProgram, recording: Recording, labels: Tensor) -> tuple[Lowering, Array]:
    """Return the lowering of a recording, and the array that its plan finds the labels in."""
    if labels.array.dtype != np.int64 or labels.array.ndim != 1:
        raise UnplannableError(f"labels of type {labels.dtype}")
    kept = np.zeros(len(labels), np.int64)
    operand = program.operand_in(Memory(LANES, of_images=True, array=kept))
    return Lowering(program, recording, labels, Labels(operand, kept)), kept


class _Lowered(NamedTuple):
    """A recorded step as a program, and where in it is what."""

    program: PlanProgram
    source: Source
    labels: Array
    total: Total
    logits: Symbol
    parameters: list[Tensor]
    gradients: list[Symbol]
    remade: Sequence[tuple[Symbol, Callable[[], Array]]]
    classes: int
    content: Any


def _lowered(
    network: Module,
    criterion: Criterion,
    recording: Recording,
    given: tuple[Tensor | Pixels, Tensor, Tensor],
    step: _Step,
    differentiates: bool,
) -> _Lowered:
    """Turn a recorded step into a program; `given` are the images, what they came to the network as, and the labels."""
    images, inputs, labels = given
    program = PlanProgram(len(labels))
    source, symbol = _source(program, images)
    lowering, kept_labels = _lowering(program, recording, labels)
    lowering.define(inputs, symbol)
    parameters = [each for each in network.parameters() if each.requires_grad and differentiates]
    leaves = {id(each): AccumulateGrad(each) for each in parameters}
    for parameter in network.parameters():
        lowering.define(parameter, program.weights(parameter.array), (leaves.get(id(parameter)), 0))
    modules = (each for each in (network, criterion) if isinstance(each, Module))
    for buffer in (each for module in modules for each in module.buffers()):
        lowering.define_buffer(buffer)
    lowering.run()
    total, logits = loss_of(lowering.value(step.loss)), lowering.value(step.logits)
    if not isinstance(logits, Symbol) or (logits.ndim, logits.batch_axis) != (2, 0):
        raise UnplannableError("logits that are not (N, classes)")
    found = lowering.gradients(step.loss, list(leaves.values())) if differentiates else []
    used = [(one, gradient) for one, gradient in zip(parameters, found, strict=True) if gradient is not None]
    return _Lowered(
        program=program,
        source=source,
        labels=kept_labels,
        total=total,
        logits=logits,
        parameters=[parameter for parameter, _ in used],
        gradients=[gradient for _, gradient in used],
        remade=lowering.remade,
        classes=lowering.classes,
        content=(program.content(), total.factor, lowering.remade_with()),
    )


def _planned(lowered: _Lowered, criterion: Criterion, snapshot: Snapshot, is_certain: bool) -> _Planned:
    program, gradients = lowered.program, lowered.gradients
    # What is read after a run must be there: it is made to last before anything is left out.
    logits, total = program.lasting(lowered.logits), lowered.total
    losses = program.lasting(total.losses)
    pool_before_relu(program)
    skip_unread_rows(program)
    plan = Plan(program, lowered.source, lowered.labels, losses, logits, total.factor, gradients, lowered.remade)
    return _Planned(
        plan=plan,
        content=lowered.content,
        criterion=criterion,
        snapshot=snapshot,
        parameters=lowered.parameters,
        gradients=[Tensor.detached(each) for each in plan.gradients],
        classes=lowered.classes,
        is_certain=is_certain,
    )
