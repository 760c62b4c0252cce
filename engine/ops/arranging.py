"""Operations that repeat, reverse, cut and mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample, wrap_dim


class Repeat(Operation):
    """Copies side by side, as many along each dimension as `times` says."""

    samples = [sample("x.repeat(2, 3)", (N, 4)), sample("x.repeat(3, 1, 2)", (N, 4))]

    def forward(self, a: Array, *, times: Sequence[int]) -> Array:
        if len(times) < a.ndim:
            raise RuntimeError(
                "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
            )
        if any(count < 0 for count in times):
            shape = (1,) * (len(times) - a.ndim) + a.shape
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {min(times) * shape[0]}: "
                f"{[count * size for count, size in zip(times, shape, strict=True)]}"
            )
        self.shape = (1,) * (len(times) - a.ndim) + a.shape
        self.times = tuple(times)
        return self.xp.tile(a, self.times)

    def backward(self, grad: Array) -> Gradients:
        parts = [size for pair in zip(self.times, self.shape, strict=True) for size in pair]
        return self.xp.sum(grad.reshape(parts), axis=tuple(range(0, len(parts), 2)))


class Flip(Operation):
    """The elements in reverse order along some dimensions."""

    samples = [sample("x.flip(1)", (N, 4)), sample("x.flip((0, 1))", (N, 4))]

    def forward(self, a: Array, *, dims: Sequence[int]) -> Array:
        self.dims = tuple(wrap_dim(dim, a.ndim) for dim in dims)
        return self.xp.array(self.xp.flip(a, self.dims))

    def backward(self, grad: Array) -> Gradients:
        return self.xp.flip(grad, self.dims)


class Roll(Operation):
    """The elements moved along some dimensions, or as one row; what falls off one end comes in at the other."""

    shifts: int | tuple[int, ...]
    dims: tuple[int, ...] | None

    samples = [sample("x.roll(1, 0)", (N, 4)), sample("x.roll((3, -1), (0, 1))", (N, 4)), sample("x.roll(3)", (N, 4))]

    def forward(self, a: Array, *, shifts: Sequence[int], dims: Sequence[int]) -> Array:
        if not dims and len(shifts) == 1:
            self.shifts, self.dims = shifts[0], None
            return self.xp.roll(a, self.shifts)
        if len(shifts) != len(dims):
            raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
        self.shifts, self.dims = tuple(shifts), tuple(wrap_dim(dim, a.ndim) for dim in dims)
        return self.xp.roll(a, self.shifts, self.dims)

    def backward(self, grad: Array) -> Gradients:
        return self.xp.roll(grad, np.negative(self.shifts), self.dims)


class Triangle(Operation):
    """A part of each matrix on one side of a diagonal, and 0 elsewhere."""

    part = ""

    def forward(self, a: Array, *, diagonal: int = 0) -> Array:
        if a.ndim < 2:
            raise RuntimeError(f"{self.part}: input tensor must have at least 2 dimensions")
        self.diagonal = diagonal
        return getattr(self.xp, self.part)(a, diagonal)

    def backward(self, grad: Array) -> Gradients:
        return getattr(self.xp, self.part)(grad, self.diagonal)


class Tril(Triangle):
    """The part of each matrix below and on a diagonal."""

    samples = [sample("x.tril()", (N, 3, 4)), sample("x.tril(-1)", (N, 3, 4))]
    part = "tril"


class Triu(Triangle):
    """The part of each matrix above and on a diagonal."""

    samples = [sample("x.triu()", (N, 3, 4)), sample("x.triu(1)", (N, 3, 4))]
    part = "triu"


def check_sizes(sizes: Sequence[int], size: int, dim: int, shape: tuple[int, ...]) -> None:
    """Raise PyTorch's RuntimeError unless parts of these sizes make up a dimension."""
    if any(each < 0 for each in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(sizes)}"
        )
    if sum(sizes) != size:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension {dim}), "
            f"but got split_sizes={list(sizes)}"
        )


class SplitWithSizes(Operation):
    """Parts of given sizes along a dimension, as views."""

    samples = [sample("x.split([1, 3], 1)[1]", (N, 4))]
    is_view = True

    def forward(self, a: Array, *, sizes: Sequence[int], dim: int) -> tuple[Array, ...]:
        self.dim, self.shape = wrap_dim(dim, a.ndim), a.shape
        check_sizes(sizes, a.shape[self.dim], self.dim, a.shape)
        self.parts = [slice(end - size, end) for size, end in zip(sizes, np.cumsum(sizes).tolist(), strict=True)]
        before = (slice(None),) * self.dim
        return tuple(a[before + (part,)] for part in self.parts)  # noqa: RUF005

    def backward(self, *grads: Array | None) -> Gradients:
        known = next(grad for grad in grads if grad is not None)
        out = self.xp.zeros(self.shape, known.dtype)
        before = (slice(None),) * self.dim
        for part, grad in zip(self.parts, grads, strict=True):
            if grad is not None:
                out[before + (part,)] = grad  # noqa: RUF005
        return out


class Split(SplitWithSizes):
    """Parts of one size along a dimension, of which the last may be smaller, as views."""

    samples = [sample("x.split(3, 1)[0]", (N, 4)), sample("x.chunk(2, 1)[1]", (N, 4))]


class Diagonal(Operation):
    """The diagonal of a matrix, copied."""

    samples = [sample("x.diag()", (3, 4)), sample("x.diag(1)", (3, 4))]
    node_name = "DiagonalBackward0_copy"

    def forward(self, a: Array, *, offset: int = 0) -> Array:
        self.shape, self.offset = a.shape, offset
        return np.array(np.diagonal(a, offset))

    def backward(self, grad: Array) -> Gradients:
        out = self.xp.zeros(self.shape, grad.dtype)
        places = np.arange(len(grad))
        out[places + max(-self.offset, 0), places + max(self.offset, 0)] = grad
        return out


class Trace(Operation):
    """The sum of the elements on the diagonal of a matrix."""

    samples = [sample("x.trace()", (3, 4))]

    def forward(self, a: Array) -> Array:
        if a.ndim != 2:
            raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {a.ndim}")
        self.shape = a.shape
        return self.xp.trace(a, dtype=a.dtype if a.dtype.kind == "f" else np.int64)

    def backward(self, grad: Array) -> Gradients:
        return grad * self.xp.eye(*self.shape, dtype=grad.dtype)


class DiagEmbed(Operation):
    """A square matrix with a vector on its diagonal."""

    samples = [sample("x.diag()", (4,)), sample("x.diag(-1)", (4,))]

    def forward(self, a: Array, *, offset: int = 0) -> Array:
        self.offset = offset
        return np.diag(a, offset)

    def backward(self, grad: Array) -> Gradients:
        return np.diagonal(grad, self.offset)
