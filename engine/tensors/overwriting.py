"""Replacing the value of a tensor, in memory and on the tape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.dtypes import C_NAMES, LABELS, dtype, of_array
from nnkit.kernels.layout import Array
from nnkit.kernels.memory import address
from nnkit.ops import Operation
from nnkit.recording import active, note_in_place
from nnkit.tape import INFERENCE, Node, is_inference_mode_enabled, is_recording
from nnkit.tensors.differentiation import Differentiation
from nnkit.tensors.versions import written_into
from nnkit.tensors.views import CopySlices

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


class Overwriting(Differentiation):
    """What methods in place build on."""

    def apply_in_place(self, operation: type[Operation], *others: Any, **options: Any) -> Tensor:
        """See `TensorBase.apply_in_place`.

        Raises:
            RuntimeError: the tensor is a leaf (or a view of one) that requires a gradient, or cannot hold the result.

        Examples:
            >>> from nnkit import ops
            >>> torch.tensor([4.0]).apply_in_place(ops.Sqrt)
            tensor([2.])
        """
        recorded = is_recording() and (
            self.requires_grad or any(isinstance(each, Differentiation) and each.requires_grad for each in others)
        )
        self.check_change(recorded)
        if not self.array.flags.writeable:
            raise RuntimeError(
                "this tensor cannot be written to: it stands for memory in another order; clone() it first"
            )
        check_elements(self.array)
        if any(isinstance(each, Differentiation) and _overlap(self.array, each.array) for each in others):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
                "memory location. Please clone() the tensor before performing the operation."
            )
        is_kept = recorded or active() is not None
        before = self.detached(self.array.copy() if is_kept else self.array)
        if recorded:
            before._requires_grad, before._node, before._output = self.requires_grad, self.grad_fn, self._output
        result = before.apply(operation, *others, **options)
        note_in_place(self)
        self._write(result.array, C_NAMES if operation is ops.Clamp else LABELS)
        if recorded and result._node is not None:
            written_into(result._node, self.version)
            self.become(result._node, result._output)
        return self  # type: ignore[return-value]

    def check_change(self, recorded: bool) -> None:
        """Raise PyTorch's RuntimeError if this tensor must not be changed in place now, on the tape or off it."""
        if recorded:
            self._check_recorded_change()
        if self.version is INFERENCE and not is_inference_mode_enabled():
            raise RuntimeError(
                "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a "
                "normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more "
                "details."
            )

    def _check_recorded_change(self) -> None:
        origin = self._origin
        if origin is not None:
            origin.check_change(self._node, self._output, indirect=False)
        if self._requires_grad and self._node is None:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        if origin is not None and origin.base._requires_grad and origin.base._node is None:
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")

    def settle(self) -> bool:
        """See `Shaping.settle`; it harms nobody as long as nothing else refers to the memory."""
        if self._fresh and not self._shared:
            self.array = np.ascontiguousarray(self.array)
        return self.array.flags.c_contiguous

    def _write(self, result: Array, names: Mapping[dtype, str]) -> None:
        if result.shape != self.array.shape:
            raise RuntimeError(
                f"output with shape {list(self.array.shape)} doesn't match the broadcast shape {list(result.shape)}"
            )
        if "biuf".index(result.dtype.kind.replace("u", "i")) > "biuf".index(self.array.dtype.kind.replace("u", "i")):
            raise RuntimeError(
                f"result type {of_array(result).label} can't be cast to the desired output type "
                f"{names[of_array(self.array)]}"
            )
        self.array[...] = result
        self.version.value += 1

    def become(self, node: Node, output: int) -> None:
        """Be the result of a node from now on; where this is a view, its base changes with it."""
        if self._origin is None:
            self.set_node(node, output)
        else:
            base = self._origin.base
            edges = (base.edge(), *node.next_functions[1:])
            base.set_node(CopySlices(edges, base.array.shape, node, self._origin.positions()), 0)
            self._node_version = -1  # older than every version, so that it comes out of the changed base from now on
        self._leave_hooks()

    def _leave_hooks(self) -> None:
        """Leave hooks with the value before a change in place; only a retained gradient is that of the last value."""
        left, self._hooks = self._hooks, None
        if left is not None and left.retain is not None:
            left.retain = None
            self.retain_grad()


def check_elements(array: Array) -> None:
    """Raise PyTorch's RuntimeError unless each element of an array has memory of its own."""
    # Strides of an array without elements are 0, and harm nobody.
    if array.size and any(stride == 0 and size > 1 for stride, size in zip(array.strides, array.shape, strict=True)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )


def _overlap(target: Array, source: Array) -> bool:
    """Return whether arrays without gaps share memory and are not the same, element for element."""
    if not np.may_share_memory(target, source):
        return False
    steps = zip(target.shape, target.strides, source.strides, strict=False)
    same_steps = all(one == other for size, one, other in steps if size > 1)
    if same_steps and target.shape == source.shape and address(target) == address(source):
        return False
    first, second = _span(target), _span(source)
    return first is not None and second is not None and first[0] < second[1] and second[0] < first[1]


def _span(array: Array) -> tuple[int, int] | None:
    """Return where the memory of an array begins and ends, or None if not every byte of it is in one element."""
    reach = sum((size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True))
    start = address(array)
    return (start, start + array.nbytes) if reach + array.itemsize == array.nbytes else None
