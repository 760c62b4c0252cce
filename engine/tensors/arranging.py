"""Tensor methods that cut, repeat and mask."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.kernels.layout import Array
from nnkit.ops.operation import wrap_dim
from nnkit.recording import note_obstacle
from nnkit.tensors.base import TensorBase
from nnkit.tensors.forms import Form, refuse
from nnkit.tensors.shaping import Shaping, sizes

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


_SPLITS = {
    "split": [
        Form("(Tensor input, int split_size, int dim = 0)", numbers=False),
        Form("(Tensor input, tuple of ints split_size, int dim = 0)", numbers=False),
    ],
    "split_with_sizes": [Form("(Tensor input, tuple of ints split_sizes, int dim = 0)", numbers=False)],
}


class Arranging(Shaping):
    """Parts of tensors, and tensors made of parts."""

    def split(self, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Return parts along a dimension, as views.

        Args:
            split_size: the size of each part, of which the last may be smaller; or the sizes of all.
            dim: the dimension.

        Raises:
            RuntimeError: the sizes do not make up the dimension.

        Examples:
            >>> torch.arange(5).split(2)
            (tensor([0, 1]), tensor([2, 3]), tensor([4]))
            >>> torch.arange(5).split([1, 4])
            (tensor([0]), tensor([1, 2, 3, 4]))
        """
        if self.array.ndim == 0:
            raise RuntimeError("split expects at least a 1-dimensional tensor")
        try:
            if not isinstance(split_size, int):
                return self.apply_all(ops.SplitWithSizes, sizes=sizes((split_size,)), dim=dim)
            size = self.array.shape[wrap_dim(dim, self.array.ndim)]
        except TypeError:
            name = "split" if isinstance(split_size, int) else "split_with_sizes"
            refuse(name, _SPLITS[name], (self, split_size, dim), {}, older=False)
            raise
        if split_size < 0:
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={split_size}")
        if split_size == 0 and size:
            raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}")
        parts = [min(split_size, size - start) for start in range(0, size, max(split_size, 1))]
        return self.apply_all(ops.Split, sizes=tuple(parts or [size]), dim=dim)

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """Return at most so many parts of one size along a dimension, of which the last may be smaller, as views.

        Raises:
            RuntimeError: the number is not positive.

        Examples:
            >>> torch.arange(5).chunk(2)
            (tensor([0, 1, 2]), tensor([3, 4]))
        """
        if self.array.ndim == 0:
            raise RuntimeError("chunk expects at least a 1-dimensional tensor")
        if chunks <= 0:
            raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
        size = self.array.shape[wrap_dim(dim, self.array.ndim)]
        return self.split(-(-size // chunks), dim) if size else self.split([0] * chunks, dim)

    def select(self, dim: int, index: int) -> Tensor:
        """Return one slice along a dimension, which vanishes, as a view.

        Raises:
            IndexError: there is no such slice.

        Examples:
            >>> torch.tensor([[1, 2], [3, 4]]).select(1, 0)
            tensor([1, 3])
        """
        if self.array.ndim == 0:
            raise IndexError("select() cannot be applied to a 0-dim tensor.")
        axis = wrap_dim(dim, self.array.ndim)
        size = self.array.shape[axis]
        if not -size <= index < size:
            shape = list(self.array.shape)
            raise IndexError(f"select(): index {index} out of range for tensor of size {shape} at dimension {axis}")
        return self.apply(ops.Select, dim=axis, index=index)

    def narrow(self, dim: int, start: int, length: int) -> Tensor:
        """Return a range along a dimension, as a view.

        Raises:
            RuntimeError: the range is not inside.
            IndexError: it does not even begin there.

        Examples:
            >>> torch.arange(5).narrow(0, 1, 3)
            tensor([1, 2, 3])
        """
        if self.array.ndim == 0:
            raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
        if length < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
        axis = wrap_dim(dim, self.array.ndim)
        size = self.array.shape[axis]
        if not -size <= start <= size:
            raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
        first = start + size if start < 0 else start
        if first + length > size:
            raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({size}).")
        return self.apply(ops.Slice, dim=axis, span=slice(first, first + length))

    def repeat(self, *repeats: Any) -> Tensor:
        """Return copies side by side, as many along each dimension as is said.

        Raises:
            RuntimeError: there are fewer numbers than dimensions.

        Examples:
            >>> torch.tensor([1, 2]).repeat(2, 2)
            tensor([[1, 2, 1, 2],
                    [1, 2, 1, 2]])
        """
        return self.apply(ops.Repeat, times=sizes(repeats))

    def tile(self, *dims: Any) -> Tensor:
        """Return copies side by side; as `repeat`, but also with fewer numbers than dimensions.

        Examples:
            >>> torch.tensor([[1], [2]]).tile(2)
            tensor([[1, 1],
                    [2, 2]])
        """
        times = sizes(dims)
        return self.repeat(*(1,) * (self.array.ndim - len(times)), *times)

    def flip(self, *dims: Any) -> Tensor:
        """Return a copy with the elements in reverse order along some dimensions.

        Examples:
            >>> torch.arange(3).flip(0)
            tensor([2, 1, 0])
        """
        return self.apply(ops.Flip, dims=sizes(dims))

    def roll(self, shifts: int | Sequence[int], dims: int | Sequence[int] = ()) -> Tensor:
        """Return a copy with the elements moved; what falls off one end comes in at the other.

        Args:
            shifts: by how many places, for each of the dimensions.
            dims: the dimensions; the flattened elements are moved where there are none.

        Raises:
            RuntimeError: there are not as many shifts as dimensions.

        Examples:
            >>> torch.arange(4).roll(1)
            tensor([3, 0, 1, 2])
            >>> torch.tensor([[1, 2], [3, 4]]).roll(1, 0)
            tensor([[3, 4],
                    [1, 2]])
        """
        moves, axes = ((given,) if isinstance(given, int) else tuple(given) for given in (shifts, dims))
        return self.apply(ops.Roll, shifts=moves, dims=axes)

    def repeat_interleave(self, repeats: Any, dim: int | None = None) -> Tensor:
        """Return each element several times in a row.

        Args:
            repeats: how often each is repeated, a number or a tensor of numbers.
            dim: the dimension; the flattened elements are repeated where it is omitted.

        Raises:
            RuntimeError: a number is negative, or there are not as many as elements.

        Examples:
            >>> torch.tensor([1, 2]).repeat_interleave(2)
            tensor([1, 1, 2, 2])
            >>> torch.tensor([[1, 2], [3, 4]]).repeat_interleave(torch.tensor([1, 2]), 0)
            tensor([[1, 2],
                    [3, 4],
                    [3, 4]])
        """
        if dim is None:
            return self.flatten().repeat_interleave(repeats, 0)
        axis = wrap_dim(dim, self.array.ndim)
        if isinstance(repeats, TensorBase) and repeats.array.size != 1:
            return self.apply(ops.IndexSelect, self._interleaved(repeats.array, self.array.shape[axis]), dim=axis)
        count = operator.index(repeats)
        if count < 0:
            raise RuntimeError("Repeats must be non-negative")
        shape = self.array.shape
        wide = self.unsqueeze(axis + 1).expand(*shape[: axis + 1], count, *shape[axis + 1 :])
        return wide.apply(ops.Clone, contiguous=True).flatten(axis, axis + 1)

    def _interleaved(self, repeats: Array, size: int) -> Tensor:
        """Return each position as often as is said."""
        if repeats.shape != (size,):
            raise RuntimeError(
                f"repeats must have the same size as input along dim, but got repeats.size(0) = {repeats.size} and "
                f"input.size(0) = {size}"
            )
        if (repeats < 0).any():
            raise RuntimeError("repeats can not be negative")
        note_obstacle("repeat_interleave()")
        return self.detached(np.repeat(np.arange(size), repeats))

    def trace(self) -> Tensor:
        """Return the sum of the elements on the diagonal of a matrix.

        Raises:
            RuntimeError: the tensor is no matrix.

        Examples:
            >>> torch.tensor([[1, 2], [3, 4]]).trace()
            tensor(5)
        """
        return self.apply(ops.Trace)

    def tril(self, diagonal: int = 0) -> Tensor:
        """Return each matrix with zeros above a diagonal.

        Examples:
            >>> torch.ones(2, 2).tril()
            tensor([[1., 0.],
                    [1., 1.]])
        """
        return self.apply(ops.Tril, diagonal=operator.index(diagonal))

    def triu(self, diagonal: int = 0) -> Tensor:
        """Return each matrix with zeros below a diagonal.

        Examples:
            >>> torch.ones(2, 2).triu()
            tensor([[1., 1.],
                    [0., 1.]])
        """
        return self.apply(ops.Triu, diagonal=operator.index(diagonal))

    def diag(self, diagonal: int = 0) -> Tensor:
        """Return the diagonal of a matrix, or a matrix with a vector on its diagonal.

        Raises:
            RuntimeError: the tensor is neither.

        Examples:
            >>> torch.tensor([1, 2]).diag()
            tensor([[1, 0],
                    [0, 2]])
        """
        if self.array.ndim not in (1, 2):
            raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {self.array.ndim}D")
        return self.apply(ops.DiagEmbed if self.array.ndim == 1 else ops.Diagonal, offset=diagonal)

    def outer(self, vec2: Tensor) -> Tensor:
        """Return the products of each element of a vector (n,) with each of another (m,): (n, m).

        Raises:
            RuntimeError: one of them is not a vector.

        Examples:
            >>> torch.tensor([1, 2]).outer(torch.tensor([3, 4]))
            tensor([[3, 4],
                    [6, 8]])
        """
        for name, vector in (("self", self), ("vec2", vec2)):
            if vector.array.ndim != 1:
                raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {vector.array.ndim}-D")
        return self.view(-1, 1).mul(vec2)
