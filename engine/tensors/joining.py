"""Functions that make one tensor of several."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from nnkit import ops
from nnkit.dtypes import Scalar
from nnkit.tensors.explaining import explained
from nnkit.tensors.picking import check_condition
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


concat = explained(inspect.unwrap(cat), "concat")
concatenate = explained(inspect.unwrap(cat), "concatenate")


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
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Return `input` where the condition is true and `other` elsewhere; of a condition alone, where it is true.

    Raises:
        RuntimeError: the condition has no truth values.

    Examples:
        >>> torch.where(torch.tensor([True, False]), 1.0, torch.tensor([5.0, 6.0]))
        tensor([1., 6.])
        >>> torch.where(torch.tensor([True, False, True]))
        (tensor([0, 2]),)
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if not all(isinstance(each, Tensor | Scalar) for each in (input, other)):
        raise TypeError("neither a tensor nor a number")
    check_condition(condition)
    return apply(ops.Where, condition, input, other)


def _check_tensors(tensors: object) -> None:
    if not isinstance(tensors, list | tuple) or not all(isinstance(each, Tensor) for each in tensors):
        raise TypeError("no sequence of tensors")


@explained
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors side by side: along the second dimension, or the first of vectors.

    Raises:
        RuntimeError: their other sizes differ, or there are none.
        TypeError: they are no tensors, or in no tuple or list.

    Examples:
        >>> torch.hstack((torch.tensor([1, 2]), torch.tensor([3])))
        tensor([1, 2, 3])
        >>> torch.hstack((torch.tensor([[1], [2]]), torch.tensor([[3], [4]])))
        tensor([[1, 3],
                [2, 4]])
    """
    _check_tensors(tensors)
    if len(tensors) == 0:
        raise RuntimeError("hstack expects a non-empty TensorList")
    rows = [each if each.ndim else each.reshape(1) for each in tensors]
    return apply(ops.Cat, *rows, dim=0 if rows[0].ndim == 1 else 1)


@explained
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors above each other: along the first dimension, vectors as rows.

    Raises:
        RuntimeError: their other sizes differ, or there are none.
        TypeError: they are no tensors, or in no tuple or list.

    Examples:
        >>> torch.vstack((torch.tensor([1, 2]), torch.tensor([3, 4])))
        tensor([[1, 2],
                [3, 4]])
    """
    _check_tensors(tensors)
    if len(tensors) == 0:
        raise RuntimeError("vstack expects a non-empty TensorList")
    rows = [each if each.ndim > 1 else each.reshape(1, -1) if not each.ndim else each.unsqueeze(0) for each in tensors]
    return apply(ops.Cat, *rows, dim=0)
