"""Functions that make one tensor of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnkit import ops
from nnkit.tensors.explaining import explained
from nnkit.tensors.tensor import Tensor, apply


@explained
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Return tensors one after the other along a dimension.

    Raises:
        RuntimeError: their other sizes differ.
        TypeError: they are no tensors, or in no tuple or list.
        ValueError: there are none.

    Examples:
        >>> torch.cat((torch.ones(1, 2), torch.zeros(2, 2)))
        tensor([[1., 1.],
                [0., 0.],
                [0., 0.]])
    """
    _check_tensors(tensors)
    if len(tensors) == 0:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    return apply(ops.Cat, *tensors, dim=dim)


@explained
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Return tensors of one shape along a new dimension.

    Raises:
        RuntimeError: their shapes differ, or there are none.
        TypeError: they are no tensors, or in no tuple or list.

    Examples:
        >>> torch.stack((torch.ones(2), torch.zeros(2)))
        tensor([[1., 1.],
                [0., 0.]])
    """
    _check_tensors(tensors)
    if len(tensors) == 0:
        raise RuntimeError("stack expects a non-empty TensorList")
    return apply(ops.Stack, *tensors, dim=dim)


@explained
def where(condition: Tensor, input: Any, other: Any) -> Tensor:
    """Return `input` where the condition is true and `other` elsewhere.

    Examples:
        >>> torch.where(torch.tensor([True, False]), 1.0, torch.tensor([5.0, 6.0]))
        tensor([1., 6.])
    """
    return apply(ops.Where, condition, input, other)


def _check_tensors(tensors: object) -> None:
    if not isinstance(tensors, list | tuple) or not all(isinstance(each, Tensor) for each in tensors):
        raise TypeError("no sequence of tensors")
