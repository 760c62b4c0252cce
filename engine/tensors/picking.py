"""Tensor methods that pick, sort and count elements."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnkit import ops
from nnkit.dtypes import of_array
from nnkit.ops.operation import wrap_dim, wrap_dims
from nnkit.ops.picking import at_least_1d, order_of
from nnkit.recording import note_obstacle
from nnkit.tensors.base import TensorBase

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


class Picked(NamedTuple):
    """Values along a dimension and their positions."""

    values: Tensor
    indices: Tensor


def picked_text(name: str, picked: tuple[Any, ...]) -> str:
    """Return what PyTorch prints for values and their positions."""
    values, indices = picked
    return f"torch.return_types.{name}(\nvalues={values!r},\nindices={indices!r})"


class SortReturn(Picked):
    """What `sort` returns."""

    def __repr__(self) -> str:
        return picked_text("sort", self)


class MedianReturn(Picked):
    """What `median(dim)` returns."""

    def __repr__(self) -> str:
        return picked_text("median", self)


class TopkReturn(Picked):
    """What `topk` returns."""

    def __repr__(self) -> str:
        return picked_text("topk", self)


def check_condition(condition: Tensor) -> None:
    """Raise PyTorch's RuntimeError unless a condition has truth values, for which bytes may stand, with a warning."""
    if condition.array.dtype == np.uint8:
        warnings.warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future "
            "version of PyTorch. Use a boolean condition instead.",
            stacklevel=4,
        )
    elif condition.array.dtype != np.bool_:
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{of_array(condition.array).label}"
        )


class Picking(TensorBase):
    """Elements by their positions, and positions by their elements."""

    def gather(self, dim: int, index: Tensor) -> Tensor:
        """Return the elements at positions along a dimension: `out[i][j] = self[index[i][j]][j]` for dim 0.

        Args:
            dim: the dimension.
            index: positions, int64, with as many dimensions as this tensor.

        Raises:
            RuntimeError: the shapes do not fit, or a position is outside.

        Examples:
            >>> torch.tensor([[1, 2], [3, 4]]).gather(1, torch.tensor([[1], [0]]))
            tensor([[2],
                    [3]])
        """
        return self.apply(ops.Gather, index, dim=dim)

    def scatter(self, dim: int, index: Tensor, src: Any = None, *, value: Any = None) -> Tensor:
        """Return a copy with elements written to positions along a dimension.

        Args:
            dim: the dimension.
            index: positions, int64.
            src: a tensor at least as large as the index, or a number.
            value: a number.

        Raises:
            RuntimeError: a position is outside, or the types differ.

        Examples:
            >>> torch.zeros(2, 3).scatter(1, torch.tensor([[2], [0]]), 1.0)
            tensor([[0., 0., 1.],
                    [1., 0., 0.]])
        """
        return self._scattered(self.apply, dim, index, value if src is None else src)

    def scatter_(self, dim: int, index: Tensor, src: Any = None, *, value: Any = None) -> Tensor:
        """Write elements to positions along a dimension, and return this tensor; see `scatter`.

        Examples:
            >>> torch.zeros(2, 3).scatter_(1, torch.tensor([[2], [0]]), 1.0)
            tensor([[0., 0., 1.],
                    [1., 0., 0.]])
        """
        return self._scattered(self.apply_in_place, dim, index, value if src is None else src)

    def _scattered(self, apply: Any, dim: int, index: Tensor, source: Any) -> Tensor:
        if isinstance(source, TensorBase):
            return apply(ops.Scatter, source, index=index.array, dim=dim)
        return apply(ops.ScatterNumber, index=index.array, dim=dim, number=source)

    def where(self, condition: Tensor, other: Any) -> Tensor:
        """Return the elements where a condition is true, and those of `other` elsewhere.

        Args:
            condition: truth values.
            other: a tensor or a number.

        Raises:
            RuntimeError: the condition has no truth values.

        Examples:
            >>> x = torch.tensor([1.0, -2.0])
            >>> x.where(x > 0, 0.0)
            tensor([1., 0.])
        """
        check_condition(condition)
        return condition.apply(ops.Where, self, other)

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """Return a copy of some slices along a dimension.

        Args:
            dim: the dimension.
            index: positions, (n,).

        Raises:
            IndexError: a position is outside.

        Examples:
            >>> torch.tensor([[1, 2], [3, 4]]).index_select(1, torch.tensor([1]))
            tensor([[2],
                    [4]])
        """
        return self.apply(ops.IndexSelect, index, dim=dim)

    def masked_select(self, mask: Tensor) -> Tensor:
        """Return the elements where a boolean mask is true, (n,).

        Examples:
            >>> x = torch.tensor([1, 2, 3])
            >>> x.masked_select(x > 1)
            tensor([2, 3])
        """
        note_obstacle("a mask that picks elements")
        return self.apply(ops.MaskedSelect, mask)

    def nonzero(self, *, as_tuple: bool = False) -> Any:
        """Return the positions of the elements that are not 0, (n, dimensions) or one tensor for each dimension.

        Examples:
            >>> torch.tensor([0, 5, 0, 7]).nonzero()
            tensor([[1],
                    [3]])
        """
        note_obstacle("nonzero()")
        found = np.nonzero(at_least_1d(self.array))
        if as_tuple:
            return tuple(self.detached(each) for each in found)
        return self.detached(np.stack(found, 1)[:, : self.array.ndim])

    def count_nonzero(self, dim: int | Sequence[int] | None = None) -> Tensor:
        """Return how many elements are not 0, of all or along dimensions.

        Examples:
            >>> torch.tensor([0, 5, 7]).count_nonzero()
            tensor(2)
        """
        return self.detached(np.asarray(np.count_nonzero(self.array, wrap_dims(dim, self.array.ndim)), np.int64))

    def sort(self, dim: int = -1, descending: bool = False, stable: bool = False) -> SortReturn:
        """Return the elements in order along a dimension, and where they were; equal ones keep their order.

        Examples:
            >>> torch.tensor([3, 1, 2]).sort()
            torch.return_types.sort(
            values=tensor([1, 2, 3]),
            indices=tensor([1, 2, 0]))
        """
        return SortReturn(*self.apply_all(ops.Sort, dim=dim, descending=descending))

    def median(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Return the middle element in order, of two the smaller one; along a dimension with its position.

        Examples:
            >>> torch.tensor([3.0, 1.0, 2.0, 7.0]).median()
            tensor(2.)
            >>> torch.tensor([[3, 1, 2], [4, 6, 5]]).median(1).indices
            tensor([2, 2])
        """
        if dim is None:
            return self.apply(ops.Median)
        return MedianReturn(*self.apply_all(ops.MedianDim, dim=dim, keepdim=keepdim))

    def argsort(self, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
        """Return where the elements are, in their order along a dimension.

        Examples:
            >>> torch.tensor([3, 1, 2]).argsort(descending=True)
            tensor([0, 2, 1])
        """
        source = at_least_1d(self.array)
        return self.detached(order_of(source, wrap_dim(dim, self.array.ndim), descending).reshape(self.array.shape))

    def topk(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> TopkReturn:
        """Return the k greatest elements along a dimension (or the smallest), and where they were.

        Raises:
            RuntimeError: there are not so many.

        Examples:
            >>> torch.tensor([3, 1, 2]).topk(2)
            torch.return_types.topk(
            values=tensor([3, 2]),
            indices=tensor([0, 2]))
        """
        return TopkReturn(*self.apply_all(ops.Topk, k=k, dim=dim, largest=largest))

    def unique(
        self,
        sorted: bool = True,
        return_inverse: bool = False,
        return_counts: bool = False,
        dim: int | None = None,
    ) -> Any:
        """Return the different elements in order; on request also which of them each is, and how often they are.

        Args:
            sorted: has no effect: they always are.
            return_inverse: return which of them each element is.
            return_counts: return how often each of them is there.
            dim: compare the slices along this dimension, and not the elements.

        Examples:
            >>> torch.tensor([3, 1, 3]).unique(return_counts=True)
            (tensor([1, 3]), tensor([1, 2]))
        """
        note_obstacle("unique()")
        axis = None if dim is None else wrap_dim(dim, self.array.ndim)
        values, inverse, counts = np.unique(self.array, return_inverse=True, return_counts=True, axis=axis)
        found = [values]
        found += [inverse.reshape(self.array.shape if dim is None else -1)] if return_inverse else []
        found += [counts] if return_counts else []
        results = tuple(self.detached(each) for each in found)
        return results if len(results) > 1 else results[0]

    def bincount(self, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
        """Return how often each number occurs, or the sums of their weights.

        Args:
            weights: as many as there are elements.
            minlength: the least size of the result.

        Raises:
            RuntimeError: the elements are not whole numbers from 0 on, in one dimension.

        Examples:
            >>> torch.tensor([1, 1, 3]).bincount()
            tensor([0, 2, 0, 1])
        """
        note_obstacle("bincount()")
        if self.array.dtype.kind not in "iu":
            raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{of_array(self.array).label}'")
        if self.array.ndim != 1 or (self.array.size and self.array.min() < 0):
            raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
        given = None if weights is None else weights.array
        counts = np.bincount(self.array, given, minlength)
        return self.detached(counts if given is None or given.dtype != np.float32 else counts.astype(np.float64))
