"""Tensors that the tape has kept for backward, and what it says if they have been changed since."""

from __future__ import annotations

from typing import Any

from nnkit.kernels.layout import Array
from nnkit.ops import Operation
from nnkit.tape import INFERENCE, Node, Saved, Version, modified
from nnkit.tensors.base import TensorBase


class SavedInput:
    """An input of an operation, or another tensor that is not its result."""

    __slots__ = ("array", "expected", "number", "tensor", "version")

    def __init__(self, tensor: Any, number: int) -> None:
        if tensor.version is INFERENCE:
            raise RuntimeError(
                "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode "
                "in computation tracked by autograd. To work around this, you can make a clone to get a normal tensor "
                "and use it in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
            )
        self.tensor = tensor
        self.array: Array = tensor.array
        self.number = number
        self.version = tensor.version
        self.expected = tensor.version.value

    def name(self, operation: Operation) -> str:
        """See `Saved.name`."""
        return operation.saved_names[self.number] if self.number < len(operation.saved_names) else ""

    def check(self) -> None:
        """See `Saved.check`."""
        if self.version.value != self.expected:
            node = self.tensor.grad_fn
            made_by = None if node is None else node.name()
            raise modified(self.array, made_by, self.tensor._output, self.version.value, self.expected)

    def unpacked(self, node: Node) -> Any:
        """See `Saved.unpacked`."""
        self.check()
        return self.tensor


class SavedResult:
    """A result of an operation: its array and not the tensor, which holds on to the node that holds on to this."""

    __slots__ = ("array", "expected", "node_name", "number", "version")

    def __init__(self, array: Array, version: Version, node_name: str, number: int) -> None:
        self.array = array
        self.node_name = node_name
        self.number = number
        self.version = version
        self.expected = version.value

    def name(self, operation: Operation) -> str:
        """See `Saved.name`."""
        return "result"

    def check(self) -> None:
        """See `Saved.check`."""
        if self.version.value != self.expected:
            raise modified(self.array, self.node_name, self.number, self.version.value, self.expected)

    def unpacked(self, node: Node) -> Any:
        """See `Saved.unpacked`."""
        self.check()
        tensor = node.tensor_of(self.array)
        tensor.version = self.version
        tensor.set_node(node, self.number)
        return tensor


def saved_tensors(call: Operation, inputs: tuple[Any, ...], results: tuple[Any, ...]) -> tuple[Saved, ...]:
    """Return the tensors whose memory the call has kept for backward."""
    kept = [array for array in call.saved if array is not None]
    if not kept:
        return ()
    saved: list[Saved] = []
    # Loops, not a search for each: this happens in every operation.
    for number, each in enumerate(inputs):
        if isinstance(each, TensorBase):
            for array in kept:
                if array is each.array:
                    saved.append(SavedInput(each, number))
                    break
    for number, result in enumerate(results):
        for array in kept:
            if array is result.array:
                saved.append(SavedResult(array, result.version, type(call).node_name, number))
                break
    return tuple(saved)


def written_into(node: Node, version: Version) -> None:
    """Let the results that a node has kept be what was written into memory with this counter of changes."""
    for saved in getattr(node, "saved", ()):
        if isinstance(saved, SavedResult):
            saved.version, saved.expected = version, version.value
