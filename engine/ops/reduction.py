"""Operations that combine many elements into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample, sign, wrap_dim, wrap_dims

Dims = int | Sequence[int] | None


class Reduction(Operation):
    """An operation along some dimensions, which vanish from the shape or stay with size 1."""

    def reduced(self, a: Array, dim: Dims, keepdim: bool) -> tuple[int, ...]:
        """Return the dimensions, and remember what `spread` needs."""
        self.shape = a.shape
        self.dims = wrap_dims(dim, a.ndim)
        self.keepdim = keepdim
        return self.dims

    def spread(self, reduced: Array) -> Array:
        """Return a result or its gradient with the vanished dimensions back, at size 1."""
        kept = tuple(1 if i in self.dims else size for i, size in enumerate(self.shape))
        return reduced.reshape(kept)

    @property
    def count(self) -> int:
        """How many elements went into each result."""
        return int(np.prod([self.shape[dim] for dim in self.dims], dtype=np.int64))


class Sum(Reduction):
    """The sum; of integers and booleans it is int64."""

    samples = [sample("x.sum()", (N, 4))]

    def forward(self, a: Array, *, dim: Dims = None, keepdim: bool = False) -> Array:
        kind = a.dtype if a.dtype.kind == "f" else np.dtype(np.int64)
        return self.xp.sum(a, axis=self.reduced(a, dim, keepdim), keepdims=keepdim, dtype=kind)

    def backward(self, grad: Array) -> Gradients:
        return self.xp.broadcast_to(self.spread(grad), self.shape)


class SumDim(Sum):
    """The sum along given dimensions."""

    samples = [
        sample("x.sum(1)", (N, 4)),
        sample("x.sum((0, 2), keepdim=True)", (N, 3, 4)),
    ]
    node_name = "SumBackward1"


class Mean(Reduction):
    """The arithmetic mean."""

    samples = [sample("x.mean()", (N, 4))]

    def forward(self, a: Array, *, dim: Dims = None, keepdim: bool = False) -> Array:
        if a.dtype.kind != "f":
            raise RuntimeError(
                "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
                f"Got: {of_array(a).label}"
            )
        dims = self.reduced(a, dim, keepdim)
        return self.xp.sum(a, axis=dims, keepdims=keepdim) / a.dtype.type(self.count)

    def backward(self, grad: Array) -> Gradients:
        share = self.spread(grad) / grad.dtype.type(max(self.count, 1))
        return self.xp.broadcast_to(share, self.shape)


class MeanDim(Mean):
    """The arithmetic mean along given dimensions."""

    samples = [sample("x.mean(-1, keepdim=True)", (N, 4))]
    node_name = "MeanBackward1"


class Prod(Reduction):
    """The product of all elements."""

    samples = [sample("x.prod()", (3, 4))]

    def forward(self, a: Array) -> Array:
        kind = a.dtype if a.dtype.kind == "f" else np.dtype(np.int64)
        self.reduced(a, None, False)
        self.save(a)
        return self.xp.prod(a, dtype=kind)

    def backward(self, grad: Array) -> Gradients:
        (a,) = self.saved
        flat = a.reshape(-1)
        # The product of the others, also where elements are zero: from the left times from the right.
        ones = self.xp.ones(1, flat.dtype)
        left = self.xp.concatenate([ones, self.xp.cumprod(flat[:-1])]) if flat.size else flat
        right = self.xp.concatenate([self.xp.cumprod(flat[:0:-1])[::-1], ones]) if flat.size else flat
        return grad * (left * right).reshape(self.shape)


class Var(Reduction):
    """The variance, with `correction` taken from the number of elements."""

    samples = [
        sample("x.var()", (N, 4)),
        sample("x.var(1, correction=0)", (N, 4)),
    ]

    def forward(self, a: Array, *, dim: Dims = None, correction: float = 1, keepdim: bool = False) -> Array:
        if a.dtype.kind != "f":
            raise RuntimeError("std and var only support floating point and complex dtypes")
        dims = self.reduced(a, dim, keepdim)
        centred = a - self.xp.sum(a, axis=dims, keepdims=True) / a.dtype.type(self.count)
        # An array's type, because Python refuses to divide by the 0 that one element leaves.
        self.freedom = a.dtype.type(max(self.count - correction, 0))
        self.save(centred if self.needs_input_grad[0] else None)
        return self.xp.sum(centred * centred, axis=dims, keepdims=keepdim) / self.freedom

    def backward(self, grad: Array) -> Gradients:
        (centred,) = self.saved
        return self.spread(grad) * centred * (2 / self.freedom)


class Std(Var):
    """The standard deviation: the square root of the variance."""

    samples = [sample("x.std()", (N, 4))]

    def forward(self, a: Array, *, dim: Dims = None, correction: float = 1, keepdim: bool = False) -> Array:
        result: Array = self.xp.sqrt(super().forward(a, dim=dim, correction=correction, keepdim=keepdim))
        self.save(*self.saved, result)
        return result

    def backward(self, grad: Array) -> Gradients:
        centred, result = self.saved
        slope = self.spread(grad / result) * centred / self.freedom
        return self.xp.where(self.spread(result) == 0, 0, slope)


class Norm(Reduction):
    """The vector norm of order p, and the number of elements other than 0 for order 0.

    Where the norm is 0 so is its derivative.
    """

    samples = [
        sample("x.norm()", (N, 4)),
        sample("x.norm(p=1)", (N, 4)),
        sample("x.norm(3, 1)", (N, 4)),
        sample("x.norm(float('inf'))", (N, 4)),
        sample("x.norm(-float('inf'), 0)", (N, 4)),
        sample("x.norm(-1.5, 1, keepdim=True)", (N, 4)),
    ]
    node_name = "LinalgVectorNormBackward0"

    def forward(self, a: Array, *, p: float = 2.0, dim: Dims = None, keepdim: bool = False) -> Array:
        if a.dtype.kind != "f":
            raise RuntimeError(
                f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {of_array(a).label}"
            )
        dims = self.reduced(a, dim, keepdim)
        self.p = float(p)
        if self.count == 0 and (self.p < 0 or self.p == float("inf")):
            where = "an empty tensor" if dim is None else f"the dimension {dims[0]}because this dimension is empty and"
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {p:g} norm on {where} "
                f"{'because ' if dim is None else ''}the operation does not have an identity"
            )
        result = self.xp.asarray(self.reduce(self.xp.abs(a), dims, keepdim))
        self.save(a, result)
        return result

    def reduce(self, sizes: Array, dims: tuple[int, ...], keepdim: bool) -> Array:
        """Return the norm of the absolute values `sizes`."""
        xp, kind = self.xp, sizes.dtype.type
        result: Array
        if self.p == float("inf"):
            result = xp.max(sizes, axis=dims, keepdims=keepdim)
        elif self.p == -float("inf"):
            result = xp.min(sizes, axis=dims, keepdims=keepdim)
        elif self.p == 0:
            result = xp.sum(sizes != 0, axis=dims, keepdims=keepdim, dtype=sizes.dtype)
        elif self.p == 1:
            result = xp.sum(sizes, axis=dims, keepdims=keepdim)
        elif self.p == 2:
            result = xp.sqrt(xp.sum(sizes * sizes, axis=dims, keepdims=keepdim))
        else:
            total = xp.sum(xp.power(sizes, kind(self.p)), axis=dims, keepdims=keepdim)
            result = xp.power(total, kind(1 / self.p))
        return result

    def backward(self, grad: Array) -> Gradients:
        if self.p == 0:
            return None
        a, result = self.saved
        norm, grad = self.spread(result), self.spread(grad)
        if self.p == 1:
            return grad * sign(self.xp, a)
        if self.p == 2:
            slope = a / norm
        elif abs(self.p) == float("inf"):
            # A NaN is chosen too: without it there would be none to share the gradient, and 0 / 0.
            chosen = (self.xp.abs(a) == norm) | self.xp.isnan(a)
            slope = sign(self.xp, a) * chosen / self.xp.sum(chosen, axis=self.dims, keepdims=True)
        else:
            power = self.xp.power(self.xp.abs(a) / norm, a.dtype.type(self.p - 1))
            slope = self.xp.where((a == 0) & ~self.xp.isnan(norm), 0, self.xp.sign(a) * power)
        return self.xp.where(norm == 0, 0, grad * slope).astype(a.dtype, copy=False)


class Greatest(Reduction):
    """The greatest (or smallest) of all elements; equal ones share the gradient."""

    overload = 1
    name = "max"

    def forward(self, a: Array) -> Array:
        if a.size == 0:
            raise RuntimeError(
                f"{self.name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                "dim with the 'dim' argument."
            )
        result: Array = self.xp.asarray(getattr(self.xp, self.name)(a))
        self.save(a, result)
        return result

    def backward(self, grad: Array) -> Gradients:
        a, result = self.saved
        chosen = (a == result) | (self.xp.isnan(a) & self.xp.isnan(result))
        return chosen * (grad / self.xp.sum(chosen, dtype=grad.dtype))


class Max(Greatest):
    """The greatest of all elements."""

    samples = [sample("x.max()", (N, 4))]


class Min(Greatest):
    """The smallest of all elements."""

    samples = [sample("x.min()", (N, 4))]
    name = "min"


class GreatestDim(Reduction):
    """The greatest (or smallest) along a dimension and where the first of them is."""

    name = "max"

    def forward(self, a: Array, *, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
        self.dim = wrap_dim(dim, a.ndim)
        self.shape, self.dims, self.keepdim = a.shape, (self.dim,) if a.ndim else (), keepdim
        if a.ndim and a.shape[self.dim] == 0:
            raise IndexError(f"{self.name}(): Expected reduction dim {self.dim} to have non-zero size.")
        source = a if a.ndim else a.reshape(1)
        indices = getattr(self.xp, f"arg{self.name}")(source, axis=self.dim, keepdims=True)
        values = self.xp.take_along_axis(source, indices, self.dim)
        self.save(indices)
        kept = [1] if keepdim and a.ndim else []
        final = (*a.shape[: self.dim], *kept, *a.shape[self.dim + 1 :])
        return values.reshape(final), indices.reshape(final)

    def backward(self, grad: Array, _indices: Any = None) -> Gradients:
        (indices,) = self.saved
        out = self.xp.zeros(self.shape or (1,), grad.dtype)
        self.xp.put_along_axis(out, indices, grad.reshape(indices.shape), self.dim)
        return out.reshape(self.shape)


class MaxDim(GreatestDim):
    """The greatest along a dimension."""

    samples = [
        sample("x.max(1)[0]", (N, 4)),
        sample("x.max(0, keepdim=True).values", (N, 4)),
    ]
    node_name = "MaxBackward0"


class MinDim(GreatestDim):
    """The smallest along a dimension."""

    samples = [sample("x.min(-1)[0]", (N, 4))]
    node_name = "MinBackward0"
    name = "min"
