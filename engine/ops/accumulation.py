"""Further sums, products and extremes along dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample, wrap_dim
from nnkit.ops.picking import at_least_1d
from nnkit.ops.reduction import Dims, Reduction


class Cumsum(Operation):
    """The sum of each element and those before it."""

    samples = [sample("x.cumsum(1)", (N, 4)), sample("x.cumsum(0)", (N, 4))]

    def forward(self, a: Array, *, dim: int, kind: Any = None) -> Array:
        self.dim = wrap_dim(dim, a.ndim)
        kind = kind or (a.dtype if a.dtype.kind == "f" else np.dtype(np.int64))
        return self.xp.cumsum(at_least_1d(a), axis=self.dim, dtype=kind).reshape(a.shape)

    def backward(self, grad: Array) -> Gradients:
        rows = self.xp.flip(at_least_1d(grad), self.dim)
        return self.xp.flip(self.xp.cumsum(rows, axis=self.dim), self.dim).reshape(grad.shape)


class Logsumexp(Reduction):
    """The logarithm of the sum of exponentials, computed without overflow."""

    samples = [sample("x.logsumexp(1)", (N, 4)), sample("x.logsumexp((0, 1), keepdim=True)", (3, 4))]

    def forward(self, a: Array, *, dim: Dims, keepdim: bool = False) -> Array:
        source = a if a.dtype.kind == "f" else a.astype(np.float32)
        dims = self.reduced(source, dim, keepdim)
        greatest = self.xp.max(source, axis=dims, keepdims=True, initial=-np.inf)
        # What is infinite would be subtracted from itself.
        shift = self.xp.where(self.xp.isinf(greatest), 0, greatest)
        total = self.xp.sum(self.xp.exp(source - shift), axis=dims, keepdims=True)
        result = self.xp.log(total) + shift
        self.save(source, result)
        return result if keepdim else result.reshape([size for i, size in enumerate(a.shape) if i not in dims])

    def backward(self, grad: Array) -> Gradients:
        a, result = self.saved
        return self.spread(grad) * self.xp.exp(a - result)


class Amax(Reduction):
    """The greatest along some dimensions; equal ones share the gradient."""

    samples = [sample("x.amax(1)", (N, 4)), sample("x.amax((1, 2), keepdim=True)", (N, 4, 2))]
    name = "max"

    def forward(self, a: Array, *, dim: Dims = (), keepdim: bool = False) -> Array:
        dims = self.reduced(a, dim, keepdim)
        if a.size == 0:
            self.refuse_empty(a, [dim] if isinstance(dim, int) else dim)
        result: Array = getattr(self.xp, self.name)(a, axis=dims, keepdims=keepdim)
        self.save(a, result)
        return result

    def refuse_empty(self, a: Array, dims: Sequence[int] | None) -> None:
        """Raise PyTorch's errors where there is no element to take, with dimensions as they were given."""
        if not dims:
            raise RuntimeError(
                f"a{self.name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                "dim with the 'dim' argument."
            )
        for axis in dims:
            if a.shape[axis] == 0:
                raise IndexError(f"a{self.name}(): Expected reduction dim {axis} to have non-zero size.")

    def backward(self, grad: Array) -> Gradients:
        a, result = self.saved
        chosen = a == self.spread(result)
        return chosen * (self.spread(grad) / self.xp.sum(chosen, axis=self.dims, keepdims=True, dtype=grad.dtype))


class Amin(Amax):
    """The smallest along some dimensions; equal ones share the gradient."""

    samples = [sample("x.amin(0)", (3, 4))]
    name = "min"


class ProdDim(Reduction):
    """The product along a dimension."""

    samples = [sample("x.prod(1)", (N, 4)), sample("x.prod(0, keepdim=True)", (3, 4))]
    node_name = "ProdBackward1"

    def forward(self, a: Array, *, dim: int, keepdim: bool = False) -> Array:
        kind = a.dtype if a.dtype.kind == "f" else np.dtype(np.int64)
        (self.axis,) = self.reduced(at_least_1d(a), dim, keepdim)
        self.save(a)
        result = self.xp.prod(at_least_1d(a), axis=self.axis, keepdims=keepdim and a.ndim > 0, dtype=kind)
        return self.xp.asarray(result)

    def backward(self, grad: Array) -> Gradients:
        (a,) = self.saved
        rows = self.xp.moveaxis(at_least_1d(a), self.axis, -1)
        ones = self.xp.ones((*rows.shape[:-1], 1), rows.dtype)
        # The product of the others, also where elements are zero: from the left times from the right.
        left = self.xp.concatenate([ones, self.xp.cumprod(rows[..., :-1], -1)], -1)
        right = self.xp.concatenate([self.xp.cumprod(rows[..., :0:-1], -1)[..., ::-1], ones], -1)
        others = self.xp.moveaxis(left * right, -1, self.axis)
        return (self.spread(grad) * others).reshape(a.shape)
