"""Tensor methods that combine elements: sums, norms, extremes and matrix products."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit import ops
from nnkit.dtypes import dtype
from nnkit.ops import Operation
from nnkit.ops.operation import wrap_dim, wrap_dims
from nnkit.tensors.base import TensorBase
from nnkit.tensors.forms import Form, refuse
from nnkit.tensors.picking import Picked, picked_text

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor

Dims = int | Sequence[int]


_NORM = Form("(Tensor input, Number ord, tuple of ints[1]? dim, bool keepdim)", numbers=False)


class MaxReturn(Picked):
    """What `max(dim)` returns."""

    def __repr__(self) -> str:
        return picked_text("max", self)


class MinReturn(Picked):
    """What `min(dim)` returns."""

    def __repr__(self) -> str:
        return picked_text("min", self)


class Reducing(TensorBase):
    """Reductions and products."""

    def to(self, *targets: Any, **options: Any) -> Tensor:
        """Return the tensor with another element type, or on another device."""
        raise NotImplementedError

    def sum(self, dim: Dims | None = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
        """Return the sum of all elements or along dimensions; of integers and booleans it is int64.

        Args:
            dim: a dimension or several; all where it is omitted.
            keepdim: keep them with size 1.
            dtype: convert the elements to this type first.

        Examples:
            >>> torch.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(0)
            tensor([4., 6.])
        """
        source = self if dtype is None else self.to(dtype=dtype)
        return source.apply(ops.Sum) if dim is None else source.apply(ops.SumDim, dim=dim, keepdim=keepdim)

    def mean(self, dim: Dims | None = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
        """Return the mean of all elements or along dimensions.

        Args:
            dim: a dimension or several; all where it is omitted.
            keepdim: keep them with size 1.
            dtype: convert the elements to this type first.

        Raises:
            RuntimeError: the elements are not floating-point.

        Examples:
            >>> torch.tensor([[1.0, 2.0], [3.0, 4.0]]).mean(dim=1)
            tensor([1.5000, 3.5000])
        """
        source = self if dtype is None else self.to(dtype=dtype)
        return source.apply(ops.Mean) if dim is None else source.apply(ops.MeanDim, dim=dim, keepdim=keepdim)

    def prod(self, dim: int | None = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
        """Return the product of all elements or along a dimension; of integers and booleans it is int64.

        Examples:
            >>> torch.tensor([[1, 2], [3, 4]]).prod(1)
            tensor([ 2, 12])
        """
        source = self if dtype is None else self.to(dtype=dtype)
        return source.apply(ops.Prod) if dim is None else source.apply(ops.ProdDim, dim=dim, keepdim=keepdim)

    def cumsum(self, dim: int, *, dtype: dtype | None = None) -> Tensor:
        """Return the sum of each element and those before it along a dimension.

        Examples:
            >>> torch.tensor([1, 2, 3]).cumsum(0)
            tensor([1, 3, 6])
        """
        source = self if dtype is None else self.to(dtype=dtype)
        return source.apply(ops.Cumsum, dim=dim)

    def logsumexp(self, dim: Dims, keepdim: bool = False) -> Tensor:
        """Return the logarithm of the sum of exponentials along dimensions, computed without overflow.

        Examples:
            >>> torch.tensor([0.0, 0.0]).logsumexp(0)
            tensor(0.6931)
        """
        return self.apply(ops.Logsumexp, dim=dim, keepdim=keepdim)

    def amax(self, dim: Dims = (), keepdim: bool = False) -> Tensor:
        """Return the greatest element along dimensions; equal ones share the gradient.

        Examples:
            >>> torch.tensor([[1, 4], [3, 2]]).amax(1)
            tensor([4, 3])
        """
        return self.apply(ops.Amax, dim=dim, keepdim=keepdim)

    def amin(self, dim: Dims = (), keepdim: bool = False) -> Tensor:
        """Return the smallest element along dimensions; equal ones share the gradient.

        Examples:
            >>> torch.tensor([[1, 4], [3, 2]]).amin(1)
            tensor([1, 2])
        """
        return self.apply(ops.Amin, dim=dim, keepdim=keepdim)

    def var(
        self,
        dim: Dims | bool | None = None,
        unbiased: bool | None = None,
        keepdim: bool = False,
        *,
        correction: float | None = None,
    ) -> Tensor:
        """Return the variance of all elements or along dimensions.

        Args:
            dim: a dimension or several; all where it is omitted.
            unbiased: False is a correction of 0.
            keepdim: keep them with size 1.
            correction: what is taken from the number of elements that the squares are divided by, 1 if omitted.

        Raises:
            RuntimeError: the elements are not floating-point.

        Examples:
            >>> torch.tensor([1.0, 2.0, 3.0]).var(), torch.tensor([1.0, 2.0, 3.0]).var(correction=0)
            (tensor(1.), tensor(0.6667))
        """
        return self._spread("var", ops.Var, dim, unbiased, keepdim, correction)

    def std(
        self,
        dim: Dims | bool | None = None,
        unbiased: bool | None = None,
        keepdim: bool = False,
        *,
        correction: float | None = None,
    ) -> Tensor:
        """Return the standard deviation, the square root of `var`, whose arguments it has.

        Examples:
            >>> torch.tensor([1.0, 2.0, 3.0]).std()
            tensor(1.)
        """
        return self._spread("std", ops.Std, dim, unbiased, keepdim, correction)

    def _spread(
        self,
        name: str,
        operation: type[Operation],
        dim: Dims | bool | None,
        unbiased: bool | None,
        keepdim: bool,
        correction: float | None,
    ) -> Tensor:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if correction is None:
            correction = 0 if unbiased is False else 1
        result = self.apply(operation, dim=dim, correction=correction, keepdim=keepdim)
        if result.array.size and self.array.size // result.array.size <= correction:
            warnings.warn(
                f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
                "(input numel divided by output numel).",
                stacklevel=3,
            )
        return result

    def norm(
        self, p: float | str | None = 2, dim: Dims | None = None, keepdim: bool = False, dtype: dtype | None = None
    ) -> Tensor:
        """Return the vector norm of order p, of all elements or along dimensions.

        Args:
            p: the order; "fro" and None are 2.
            dim: a dimension or several; all where it is omitted.
            keepdim: keep them with size 1.
            dtype: convert the elements to this type first.

        Raises:
            NotImplementedError: the order is that of a norm of matrices.
            RuntimeError: there is no such order, or the elements are not floating-point.

        Examples:
            >>> torch.tensor([3.0, 4.0]).norm()
            tensor(5.)
        """
        if isinstance(p, str) and p != "fro":
            if p == "nuc":
                raise NotImplementedError("norm() of matrices: the order nuc is one of singular values")
            raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
        try:
            source = self if dtype is None else self.to(dtype=dtype)
            order = 2.0 if p == "fro" or p is None else float(p)
            return source.apply(ops.Norm, p=order, dim=dim, keepdim=keepdim)
        except TypeError:
            refuse("linalg_vector_norm", [_NORM], (self, p, dim, keepdim), {}, older=False)
            raise

    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        """Return the greatest element; along a dimension with its position; or, of two tensors, of each pair.

        Examples:
            >>> torch.tensor([[1.0, 5.0], [4.0, 2.0]]).max()
            tensor(5.)
            >>> torch.tensor([[1.0, 5.0], [4.0, 2.0]]).max(1).indices
            tensor([1, 0])
        """
        if isinstance(dim, TensorBase):
            return self.apply(ops.Maximum, dim)
        if dim is None:
            if keepdim:
                raise TypeError("keepdim without dim")
            return self.apply(ops.Max)
        return MaxReturn(*self.apply_all(ops.MaxDim, dim=dim, keepdim=keepdim))

    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        """Return the smallest element; along a dimension with its position; or, of two tensors, of each pair.

        Examples:
            >>> torch.tensor([[1.0, 5.0], [4.0, 2.0]]).min()
            tensor(1.)
            >>> torch.tensor([[1.0, 5.0], [4.0, 2.0]]).min(1).values
            tensor([1., 2.])
        """
        if isinstance(dim, TensorBase):
            return self.apply(ops.Minimum, dim)
        if dim is None:
            if keepdim:
                raise TypeError("keepdim without dim")
            return self.apply(ops.Min)
        return MinReturn(*self.apply_all(ops.MinDim, dim=dim, keepdim=keepdim))

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Return the position of the greatest element: in the flattened tensor or along a dimension.

        Examples:
            >>> torch.tensor([[1.0, 5.0], [4.0, 2.0]]).argmax(1)
            tensor([1, 0])
        """
        return self._position("argmax", dim, keepdim)

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Return the position of the smallest element: in the flattened tensor or along a dimension.

        Examples:
            >>> torch.tensor([[1.0, 5.0], [4.0, 2.0]]).argmin(1)
            tensor([0, 1])
        """
        return self._position("argmin", dim, keepdim)

    def _position(self, name: str, dim: int | None, keepdim: bool) -> Tensor:
        if self.array.dtype == np.bool_:
            raise RuntimeError(f"{name}(): does not support bool input")
        if dim is None:
            if self.array.size == 0:
                raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
            return self.detached(np.asarray(getattr(np, name)(self.array, keepdims=keepdim)))
        axis = wrap_dim(dim, self.array.ndim)
        if self.array.ndim == 0:
            return self.detached(np.asarray(0))
        if self.array.shape[axis] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
        return self.detached(np.asarray(getattr(np, name)(self.array, axis=axis, keepdims=keepdim)))

    def any(self, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
        """Return whether any element is true.

        Examples:
            >>> torch.tensor([[False, False], [False, True]]).any(1)
            tensor([False,  True])
        """
        return self.detached(np.asarray(self.array.any(wrap_dims(dim, self.array.ndim), keepdims=keepdim)))

    def all(self, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
        """Return whether all elements are true.

        Examples:
            >>> torch.tensor([[True, False], [True, True]]).all(1)
            tensor([False,  True])
        """
        return self.detached(np.asarray(self.array.all(wrap_dims(dim, self.array.ndim), keepdims=keepdim)))

    def mm(self, other: Tensor) -> Tensor:
        """Return the product of two matrices.

        Examples:
            >>> torch.ones(2, 3).mm(torch.ones(3, 2))
            tensor([[3., 3.],
                    [3., 3.]])
        """
        return self.apply(ops.Mm, other)

    def mv(self, vector: Tensor) -> Tensor:
        """Return the product of a matrix and a vector.

        Examples:
            >>> torch.ones(2, 3).mv(torch.ones(3))
            tensor([3., 3.])
        """
        return self.apply(ops.Mv, vector)

    def dot(self, other: Tensor) -> Tensor:
        """Return the scalar product of two vectors.

        Examples:
            >>> torch.tensor([1.0, 2.0]).dot(torch.tensor([3.0, 4.0]))
            tensor(11.)
        """
        return self.apply(ops.Dot, other)

    def bmm(self, other: Tensor) -> Tensor:
        """Return the products of pairs of matrices (B, N, I) and (B, I, O).

        Examples:
            >>> torch.ones(5, 2, 3).bmm(torch.ones(5, 3, 4)).shape
            torch.Size([5, 2, 4])
        """
        return self.apply(ops.Bmm, other)

    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """Return beta * self + alpha * mat1 @ mat2.

        Args:
            mat1: (n, m).
            mat2: (m, p).
            beta: the factor of this tensor, which is broadcast to (n, p).
            alpha: the factor of the product.

        Raises:
            RuntimeError: shapes or types do not fit.

        Examples:
            >>> torch.ones(2).addmm(torch.eye(2), torch.eye(2))
            tensor([[2., 1.],
                    [1., 2.]])
        """
        if beta == 1 and alpha == 1:
            return self.apply(ops.Addmm, mat1, mat2)
        return self.apply(ops.Addmm, mat1, mat2, beta=beta, alpha=alpha)
