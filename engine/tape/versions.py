"""Counters of changes in place: the tape notices when a value that it has kept is no longer what it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.ops import Operation
from nnkit.tape.modes import is_anomaly_enabled, modes

if TYPE_CHECKING:
    from nnkit.tape.nodes import Node


class Version:
    """Counts the changes in place of some memory; all tensors that share the memory share the counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


# What all memory made for inference shares: nobody asks how often it was changed.
INFERENCE = Version()


def new_version() -> Version:
    """Return the counter of memory that is new now."""
    return INFERENCE if modes.inference else Version()


class Saved(Protocol):
    """A tensor whose memory an operation has kept for backward."""

    array: Array

    def name(self, operation: Operation) -> str:
        """Return PyTorch's name of it, without the `_saved_` in front."""

    def check(self) -> None:
        """Raise PyTorch's RuntimeError if the memory has been changed in place."""

    def unpacked(self, node: Node) -> Any:
        """Return the tensor as users see it, given the node that has kept it."""


def modified(array: Array, made_by: str | None, output: int, version: int, expected: int) -> RuntimeError:
    """Return PyTorch's error for a value that was changed after it was saved.

    Args:
        array: the value, as it is now.
        made_by: name of the node whose result it is.
        output: which result of the node.
        version: how often its memory has been changed now.
        expected: how often it had been when it was saved.
    """
    label = of_array(array).label
    # PyTorch has no class for tensors of these, and names their backend.
    kind = "CPUBoolType" if label == "Bool" else f"torch.{label}Tensor"
    origin = "" if made_by is None else f", which is output {output} of {plain_name(made_by)},"
    hint = (
        "the backtrace further above shows the operation that failed to compute its gradient. The variable in question "
        "was changed in there or anywhere later. Good luck!"
        if is_anomaly_enabled()
        else "enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{kind} {list(array.shape)}]{origin} is at version {version}; expected version {expected} instead. "
        f"Hint: {hint}"
    )


def plain_name(node_name: str) -> str:
    """Return the name of the function that a node belongs to: Relu, Max1 or CopySlices."""
    found = re.fullmatch(r"(.*)Backward(\d*)", node_name)
    return node_name if found is None else found[1] + found[2].removeprefix("0")
