"""Tensor methods that combine elements: sums, norms, extremes and matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnkit import ops
from nnkit.ops.operation import wrap_dim, wrap_dims
from nnkit.tensors.base import TensorBase

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor

Dims = int | Sequence[int]


class Extreme(NamedTuple):
    """The extremes along a dimension and their positions."""

    values: Tensor
    indices: Tensor


class MaxReturn(Extreme):
    """What `max(dim)` returns."""

    def __repr__(self) -> str:
        return f"torch.return_types.max(\nvalues={self.values!r},\nindices={self.indices!r})"


class MinReturn(Extreme):
    """What `min(dim)` returns."""

    def __repr__(self) -> str:
        return f"torch.return_types.min(\nvalues={self.values!r},\nindices={self.indices!r})"


class Reducing(TensorBase):
    """Reductions and products."""

    def sum(self, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
        """Return the sum of all elements or along dimensions."""
        if dim is None:
            return self.apply(ops.Sum)
        return self.apply(ops.SumDim, dim=dim, keepdim=keepdim)

    def mean(self, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
        """Return the mean of all elements or along dimensions."""
        if dim is None:
            return self.apply(ops.Mean)
        return self.apply(ops.MeanDim, dim=dim, keepdim=keepdim)

    def prod(self) -> Tensor:
        """Return the product of all elements."""
        return self.apply(ops.Prod)

    def var(self, dim: Dims | None = None, *, correction: float = 1, keepdim: bool = False) -> Tensor:
        """Return the variance, with `correction` taken from the number of elements."""
        return self.apply(ops.Var, dim=dim, correction=correction, keepdim=keepdim)

    def std(self, dim: Dims | None = None, *, correction: float = 1, keepdim: bool = False) -> Tensor:
        """Return the standard deviation, with `correction` taken from the number of elements."""
        return self.apply(ops.Std, dim=dim, correction=correction, keepdim=keepdim)

    def norm(self, p: float | str = 2, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
        """Return the vector norm of order p, of all elements or along dimensions."""
        order = 2.0 if p == "fro" else float(p)
        return self.apply(ops.Norm, p=order, dim=dim, keepdim=keepdim)

    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        """Return the greatest element; along a dimension with its position; or, of two tensors, of each pair."""
        if isinstance(dim, TensorBase):
            return self.apply(ops.Maximum, dim)
        if dim is None:
            return self.apply(ops.Max)
        return MaxReturn(*self.apply_all(ops.MaxDim, dim=dim, keepdim=keepdim))

    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        """Return the smallest element; along a dimension with its position; or, of two tensors, of each pair."""
        if isinstance(dim, TensorBase):
            return self.apply(ops.Minimum, dim)
        if dim is None:
            return self.apply(ops.Min)
        return MinReturn(*self.apply_all(ops.MinDim, dim=dim, keepdim=keepdim))

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Return the position of the greatest element: in the flattened tensor or along a dimension."""
        return self._position("argmax", dim, keepdim)

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Return the position of the smallest element: in the flattened tensor or along a dimension."""
        return self._position("argmin", dim, keepdim)

    def _position(self, name: str, dim: int | None, keepdim: bool) -> Tensor:
        if dim is None:
            if self.array.size == 0:
                raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
            return self.detached(np.asarray(getattr(np, name)(self.array)))
        axis = wrap_dim(dim, self.array.ndim)
        if self.array.ndim == 0:
            return self.detached(np.asarray(0))
        if self.array.shape[axis] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
        return self.detached(np.asarray(getattr(np, name)(self.array, axis=axis, keepdims=keepdim)))

    def any(self, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
        """Return whether any element is true."""
        return self.detached(np.asarray(self.array.any(wrap_dims(dim, self.array.ndim), keepdims=keepdim)))

    def all(self, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
        """Return whether all elements are true."""
        return self.detached(np.asarray(self.array.all(wrap_dims(dim, self.array.ndim), keepdims=keepdim)))

    def mm(self, other: Tensor) -> Tensor:
        """Return the product of two matrices."""
        return self.apply(ops.Mm, other)

    def mv(self, vector: Tensor) -> Tensor:
        """Return the product of a matrix and a vector."""
        return self.apply(ops.Mv, vector)

    def dot(self, other: Tensor) -> Tensor:
        """Return the scalar product of two vectors."""
        return self.apply(ops.Dot, other)

    def bmm(self, other: Tensor) -> Tensor:
        """Return the products of pairs of matrices (B, N, I) and (B, I, O)."""
        return self.apply(ops.Bmm, other)
