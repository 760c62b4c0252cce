"""From tensors to a backward pass over the tape, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.recording import note_obstacle
from nnkit.tape import Edge, walk_backward
from nnkit.tensors.base import TensorBase

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


def _start(tensor: Tensor, gradient: Any, number: int) -> tuple[Edge, Array]:
    if not tensor.requires_grad:
        raise RuntimeError(f"element {number} of tensors does not require grad and does not have a grad_fn")
    if gradient is None:
        if tensor.array.size != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        return tensor.edge(), np.ones_like(tensor.array)
    if gradient.array.shape != tensor.array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{number}] has a shape of {gradient.shape} and output[{number}] has a "
            f"shape of {tensor.shape}."
        )
    return tensor.edge(), gradient.array.astype(tensor.array.dtype, copy=False)


def _starts(tensors: Sequence[Tensor], gradients: Sequence[Any] | None) -> list[tuple[Edge, Array]]:
    note_obstacle("gradients taken in the network")
    given: Sequence[Any] = [None] * len(tensors) if gradients is None else gradients
    if len(given) == 1 and isinstance(given[0], list | tuple):
        given = given[0]
    for gradient in given:
        if gradient is not None and not isinstance(gradient, TensorBase):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    if len(given) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(given)} gradients")
    return [_start(tensor, gradient, i) for i, (tensor, gradient) in enumerate(zip(tensors, given, strict=True))]


def backward(tensors: Tensor | Sequence[Tensor], grad_tensors: Any = None, retain_graph: bool | None = None) -> None:
    """Add the gradients of the tensors, weighted by `grad_tensors`, to the leaves that they were made from.

    Raises:
        RuntimeError: the graph has been freed, a shape does not fit, or a tensor requires no gradient.
    """
    outputs: Sequence[Any] = [tensors] if isinstance(tensors, TensorBase) else tensors
    weights = [grad_tensors] if isinstance(grad_tensors, TensorBase) else grad_tensors
    walk_backward(_starts(outputs, weights), retain_graph=bool(retain_graph))


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    allow_unused: bool = False,
) -> tuple[Any, ...]:
    """Return the gradients of the outputs with respect to the inputs, and add nothing to any `.grad`.

    Raises:
        RuntimeError: as `backward`, or an input is not part of the graph and `allow_unused` is not set.
    """
    roots: Sequence[Any] = [outputs] if isinstance(outputs, TensorBase) else outputs
    wanted: Sequence[Any] = [inputs] if isinstance(inputs, TensorBase) else inputs
    weights = [grad_outputs] if isinstance(grad_outputs, TensorBase) else grad_outputs
    for tensor in wanted:
        if not tensor.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    starts = _starts(roots, weights)
    found = walk_backward(starts, retain_graph=bool(retain_graph), wanted=[tensor.edge() for tensor in wanted])
    for index, gradient in enumerate(found):
        if gradient is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {index} appears to not have been used in the graph. Set "
                "allow_unused=True if this is the desired behavior."
            )
    return tuple(
        None if gradient is None else tensor.detached(np.array(gradient))
        for tensor, gradient in zip(wanted, found, strict=True)
    )
