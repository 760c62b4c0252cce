"""How views remember what they are views of, and when neither they nor that may be changed in place."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.ops import Operation
from nnkit.tape import Edge, Node, is_grad_enabled, is_inference_mode_enabled, plain_name

_MOVE = (
    " Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both "
    "the view and the inplace either both inside the {} block (if you don't want the inplace to be tracked) or both "
    "outside (if you want the inplace to be tracked)."
)


class Creation(enum.Enum):
    """How a view was made; the value is what PyTorch says of changing such a view."""

    PLAIN = ""
    NO_GRAD = _MOVE.format("no_grad")
    INFERENCE = _MOVE.format("inference_mode")
    SEVERAL = (
        " This view is the output of a function that returns multiple views. Such functions do not allow the output "
        "views to be modified inplace. You should replace the inplace operation by an out-of-place one."
    )
    CUSTOM = (
        " This view was created inside a custom Function (or because an input was returned as-is) and the autograd "
        "logic to handle view+inplace would override the custom backward associated with the custom Function, leading "
        "to incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the custom "
        "Function."
    )

    @classmethod
    def now(cls, several: bool) -> Creation:
        """Return how a view is made now, alone or as one of several."""
        if is_inference_mode_enabled():
            return cls.INFERENCE
        if not is_grad_enabled():
            return cls.NO_GRAD
        return cls.SEVERAL if several else cls.PLAIN


class Step(NamedTuple):
    """One operation on the way from a tensor to a view of it, and which of its results the way goes through."""

    operation: type[Operation]
    options: dict[str, Any]
    output: int


class Origin(NamedTuple):
    """Of a view: the tensor whose memory it shares, the steps that lead from there to it, and how it was made."""

    base: Any
    steps: tuple[Step, ...] = ()
    creation: Creation = Creation.PLAIN

    def further(self, step: Step, creation: Creation) -> Origin:
        """Return the origin of a view of such a view."""
        return Origin(self.base, (*self.steps, step), self.creation if creation is Creation.PLAIN else creation)

    def positions(self) -> Array:
        """Return which element of the flattened base each element of the view is."""
        array = self.base.array
        positions = np.arange(array.size).reshape(array.shape)
        for step in self.steps:
            found = step.operation(self.base.backend, (False,)).forward(positions, **step.options)
            positions = found[step.output] if isinstance(found, tuple) else found
        return positions

    def check_change(self, node: Node | None, output: int, *, indirect: bool) -> None:
        """Raise PyTorch's RuntimeError if the view must not be changed in place.

        Args:
            node: what made the view.
            output: which of its results the view is.
            indirect: whether its base or another view of it was changed.
        """
        if self.creation is Creation.PLAIN:
            return
        changed = "its base or another view of its base has been" if indirect else "is being"
        if node is not None and self.creation not in (Creation.NO_GRAD, Creation.INFERENCE):
            problem = f"Output {output} of {plain_name(node.name())} is a view and {changed} modified inplace."
        else:
            made = (
                "A view was"
                if node is None
                else f"Output {output} of {plain_name(node.name())} is a view of a view which was"
            )
            where, how = (
                ("inference", "inplace in normal mode")
                if self.creation is Creation.INFERENCE
                else ("no_grad", "inplace with grad mode enabled")
            )
            problem = f"{made} created in {where} mode and {changed} modified {how}."
        raise RuntimeError(problem + self.creation.value)


class CopySlices(Node):
    """A tensor after part of it was changed through a view: the change is differentiated in that part alone."""

    def __init__(self, edges: tuple[Edge, ...], shape: tuple[int, ...], change: Node, positions: Array) -> None:
        super().__init__(edges, (shape,))
        self.change = change
        self.positions = positions

    def name(self) -> str:
        """See `Node.name`."""
        return "torch::autograd::CopySlices"

    def run(self, grads: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
        """See `Node.run`."""
        (grad,) = grads
        if grad is None:
            return ()
        flat = np.array(grad, order="C").reshape(-1)
        first, *rest = self.change.run((flat[self.positions],))
        flat[self.positions] = 0 if first is None else first
        return (flat.reshape(grad.shape), *rest)

    def free(self) -> None:
        """See `Node.free`."""
        self.change.free()
