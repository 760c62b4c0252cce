"""What the tape says of values that were changed after it had kept them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnkit import dtypes
from nnkit.kernels.layout import Array
from nnkit.ops import Operation
from nnkit.tape import Saved
from nnkit.tensors.differentiation import Differentiation


def saved_versions(call: Operation, inputs: tuple[Any, ...], results: tuple[Differentiation, ...]) -> tuple[Saved, ...]:
    """Return the versions of the tensors whose memory the call has kept for backward."""
    saved = []
    for array in call.saved:
        for each in inputs:
            if isinstance(each, Differentiation) and each.array is array:
                saved.append(Saved(each.version, each.version.value, describe(each)))
        for number, result in enumerate(results):
            if result.array is array:
                name = type(call).node_name
                saved.append(Saved(result.version, result.version.value, _describe_result(array, name, number)))
    return tuple(saved)


def describe(tensor: Any) -> Callable[[], str]:
    """Return what to call a tensor that was changed after it was saved, in the words of PyTorch's message."""

    def describe() -> str:
        made_by = (
            "" if tensor._node is None else f", which is output {tensor._output} of {_plain(tensor._node.name())},"
        )
        return f"[{tensor.type()} {list(tensor.array.shape)}]{made_by}"

    return describe


def _describe_result(array: Array, node_name: str, number: int) -> Callable[[], str]:
    # The array and not its tensor, which would hold on to the node that holds on to this.
    def describe() -> str:
        kind = f"torch.{dtypes.of_array(array).label}Tensor"
        return f"[{kind} {list(array.shape)}], which is output {number} of {_plain(node_name)},"

    return describe


def _plain(node_name: str) -> str:
    return node_name.split("Backward", maxsplit=1)[0]
