"""Tensor methods that arrange elements, and the products that need arranging."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nnkit import ops
from nnkit.ops.operation import broadcast_shapes, wrap_dim
from nnkit.ops.shape import inferred_shape, reshaped_view
from nnkit.tensors.base import TensorBase

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


T_WARNING = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an "
    "error in a future release. Consider `x.mT` to transpose batches of matrices or "
    "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor."
)
T_OF_NUMBER_WARNING = "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases."


def sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Return sizes that were given one by one or as one sequence.

    Raises:
        TypeError: there are none, or something is no whole number.
    """
    if len(given) == 1 and isinstance(given[0], list | tuple):
        given = tuple(given[0])
    elif not given:
        raise TypeError("no sizes")
    return tuple(_size(size) for size in given)


def _size(size: Any) -> int:
    if size is True or size is False:
        raise TypeError("a truth value is no size")
    return operator.index(size)


class Shaping(TensorBase):
    """Views, copies and products."""

    def view(self, *shape: Any) -> Tensor:
        """Return the same elements in another shape, sharing memory.

        Raises:
            RuntimeError: the shape holds another number of elements, or this tensor is a view whose strides do not
                allow the shape.

        Examples:
            >>> torch.arange(6).view(2, 3)
            tensor([[0, 1, 2],
                    [3, 4, 5]])
        """
        wanted = inferred_shape(sizes(shape), self.array.size)
        view = self._viewed(wanted)
        if view is not None:
            return view
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )

    def _viewed(self, shape: tuple[int, ...]) -> Tensor | None:
        """Return a view in another shape, or None where the memory does not allow one.

        A kernel may have laid the tensor out with the batch innermost, while to its user it is contiguous: then its
        memory is put in order first. If something else refers to that memory the result is a copy that refuses to be
        written to.
        """
        if reshaped_view(self.array, shape) is not None or (self.is_contiguous() and self.settle()):
            return self.apply(ops.View, shape=shape)
        if not self.is_contiguous():
            return None
        copied = self.apply(ops.View, shape=shape)
        copied.array.flags.writeable = False
        return copied

    def is_contiguous(self) -> bool:
        """Return whether the elements lie one after the other, or a kernel chose where they lie."""
        raise NotImplementedError

    def settle(self) -> bool:
        """Lay the elements out one after the other if that harms nobody, and return whether they are."""
        raise NotImplementedError

    def reshape(self, *shape: Any) -> Tensor:
        """Return the elements in another shape: a view where that is possible, a copy where it is not.

        Examples:
            >>> torch.arange(6).reshape(2, -1)
            tensor([[0, 1, 2],
                    [3, 4, 5]])
        """
        wanted = inferred_shape(sizes(shape), self.array.size)
        view = self._viewed(wanted)
        if view is not None:
            return view
        return self.apply(ops.Clone, contiguous=True).apply(ops.UnsafeView, shape=wanted)

    def view_as(self, other: Tensor) -> Tensor:
        """Return the same elements in the shape of another tensor.

        Examples:
            >>> torch.arange(6).view_as(torch.ones(3, 2)).shape
            torch.Size([3, 2])
        """
        return self.view(other.array.shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Return the elements with the dimensions from start to end made one.

        Examples:
            >>> torch.ones(5, 2, 3).flatten(1).shape
            torch.Size([5, 6])
        """
        shape = self.array.shape
        first, last = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
        if first > last:
            raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
        if not shape:
            return self.reshape(1)
        merged = 1
        for size in shape[first : last + 1]:
            merged *= size
        return self.reshape(*shape[:first], merged, *shape[last + 1 :])

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Tensor:
        """Return the elements with one dimension made several; one of the sizes may be -1.

        Raises:
            RuntimeError: the sizes do not multiply up to that of the dimension.

        Examples:
            >>> torch.ones(2, 6).unflatten(1, (3, -1)).shape
            torch.Size([2, 3, 2])
        """
        shape = self.array.shape
        axis = wrap_dim(dim, len(shape))
        if not sizes:
            raise RuntimeError("unflatten: sizes must be non-empty")
        try:
            made = inferred_shape(sizes, shape[axis])
        except RuntimeError as error:
            if "is invalid for input of size" not in str(error):
                raise RuntimeError(f"unflatten got an unexpected error:\n{error}") from None
            raise RuntimeError(
                f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {axis} ({shape[axis]}) "
                "in the input tensor"
            ) from None
        return self.view(*shape[:axis], *made, *shape[axis + 1 :])

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Return a view with two dimensions exchanged.

        Examples:
            >>> torch.ones(2, 3, 4).transpose(0, 2).shape
            torch.Size([4, 3, 2])
        """
        return self.apply(ops.Transpose, dim0=dim0, dim1=dim1)

    def t(self) -> Tensor:
        """Return the transpose of a matrix, as a view.

        Examples:
            >>> torch.ones(2, 3).t().shape
            torch.Size([3, 2])
        """
        return self.apply(ops.T)

    @property
    def T(self) -> Tensor:  # noqa: N802 (PyTorch's name)
        """The tensor with its dimensions in reverse order; other numbers of them than 2 are deprecated.

        Examples:
            >>> torch.ones(2, 3).T.shape
            torch.Size([3, 2])
        """
        if self.array.ndim != 2:
            warnings.warn(T_WARNING if self.array.ndim else T_OF_NUMBER_WARNING, stacklevel=2)
        return self.permute(tuple(reversed(range(self.array.ndim))))

    @property
    def mT(self) -> Tensor:  # noqa: N802 (PyTorch's name)
        """Each matrix transposed, as a view.

        Examples:
            >>> torch.ones(5, 2, 3).mT.shape
            torch.Size([5, 3, 2])
        """
        if self.array.ndim < 2:
            raise RuntimeError(
                f"tensor.mT is only supported on matrices or batches of matrices. Got {self.array.ndim}-D tensor."
            )
        return self.transpose(-2, -1)

    def swapaxes(self, axis0: int, axis1: int) -> Tensor:
        """Return a view with two dimensions exchanged; see `transpose`.

        Examples:
            >>> torch.ones(2, 3, 4).swapaxes(0, -1).shape
            torch.Size([4, 3, 2])
        """
        return self.transpose(axis0, axis1)

    def ravel(self) -> Tensor:
        """Return the elements in one dimension.

        Examples:
            >>> torch.zeros(2, 3).ravel().shape
            torch.Size([6])
        """
        return self.reshape(-1)

    def permute(self, *dims: Any) -> Tensor:
        """Return a view with the dimensions in another order.

        Examples:
            >>> torch.ones(2, 3, 4).permute(2, 0, 1).shape
            torch.Size([4, 2, 3])
        """
        return self.apply(ops.Permute, dims=sizes(dims))

    def unsqueeze(self, dim: int) -> Tensor:
        """Return a view with a dimension of size 1 put in.

        Examples:
            >>> torch.ones(3).unsqueeze(0).shape
            torch.Size([1, 3])
        """
        return self.apply(ops.Unsqueeze, dim=dim)

    def squeeze(self, dim: int | Sequence[int] | None = None) -> Tensor:
        """Return a view without some dimensions of size 1, or without all of them.

        Examples:
            >>> torch.zeros(1, 2, 1).squeeze().shape, torch.zeros(1, 2, 1).squeeze(0).shape
            (torch.Size([2]), torch.Size([2, 1]))
        """
        if dim is None:
            return self.apply(ops.Squeeze)
        return self.apply(ops.SqueezeDim, dim=dim) if isinstance(dim, int) else self.apply(ops.SqueezeDims, dims=dim)

    def expand(self, *shape: Any) -> Tensor:
        """Return a view in which dimensions of size 1 are repeated; -1 keeps a size.

        Examples:
            >>> torch.tensor([[1], [2]]).expand(2, 3)
            tensor([[1, 1, 1],
                    [2, 2, 2]])
        """
        return self.apply(ops.Expand, shape=sizes(shape))

    broadcast_to = expand

    def expand_as(self, other: Tensor) -> Tensor:
        """Return a view expanded to the shape of another tensor.

        Examples:
            >>> torch.tensor([[1], [2]]).expand_as(torch.ones(2, 3))
            tensor([[1, 1, 1],
                    [2, 2, 2]])
        """
        return self.expand(other.array.shape)

    def clone(self) -> Tensor:
        """Return a copy through which gradients flow.

        Examples:
            >>> x = torch.zeros(2)
            >>> y = x.clone()
            >>> y[0] = 1
            >>> x
            tensor([0., 0.])
        """
        return self.apply(ops.Clone)

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """Return all slices along a dimension.

        Examples:
            >>> torch.tensor([[1, 2], [3, 4]]).unbind()
            (tensor([1, 2]), tensor([3, 4]))
        """
        return self.apply_all(ops.Unbind, dim=dim)

    def __iter__(self) -> Iterator[Tensor]:
        if self.array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def matmul(self, other: Tensor) -> Tensor:
        """Return the matrix product, with PyTorch's rules for vectors and batches of matrices.

        Examples:
            >>> torch.ones(2, 3).matmul(torch.ones(3))
            tensor([3., 3.])
        """
        mine, theirs = self.array.ndim, other.array.ndim
        if 0 in (mine, theirs):
            raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {mine}D and {theirs}D")
        if (mine, theirs) == (1, 1):
            return self.apply(ops.Dot, other)
        if (mine, theirs) == (2, 2):
            return self.apply(ops.Mm, other)
        if (mine, theirs) == (2, 1):
            return self.apply(ops.Mv, other)
        if mine == 1:
            return self.unsqueeze(0).matmul(other).squeeze(-2)
        if theirs == 1:
            return self.matmul(other.unsqueeze(1)).squeeze(-1)
        return self._batched_matmul(other)

    def _batched_matmul(self, other: Tensor) -> Tensor:
        left, right = self.array.shape, other.array.shape
        batch = broadcast_shapes(left[:-2], right[:-2])
        first = self.expand(*batch, *left[-2:]).reshape(-1, *left[-2:])
        second = other.expand(*batch, *right[-2:]).reshape(-1, *right[-2:])
        return first.bmm(second).view(*batch, left[-2], right[-1])

    def __matmul__(self, other: Any) -> Tensor:
        return self.matmul(other) if isinstance(other, TensorBase) else NotImplemented  # type: ignore[arg-type]
