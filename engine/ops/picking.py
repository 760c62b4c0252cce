"""Operations that pick and sort elements along a dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample, wrap_dim


def at_least_1d(a: Array) -> Array:
    """Return an array, and a number as an array of one."""
    return a if a.ndim else a.reshape(1)


class AlongDimension(Operation):
    """Values that were picked along a dimension: their gradients go back to where they were."""

    def remember(self, a: Array, indices: Array, dim: int) -> None:
        """Keep what `backward` needs."""
        self.shape, self.dim = a.shape, dim
        self.save(indices)

    def backward(self, grad: Array, _indices: Any = None) -> Gradients:
        (indices,) = self.saved
        out = self.xp.zeros(self.shape or (1,), grad.dtype)
        places = list(np.ogrid[tuple(slice(size) for size in indices.shape)])
        places[self.dim] = indices
        self.xp.add.at(out, tuple(places), grad.reshape(indices.shape))  # a position may be picked twice
        return out.reshape(self.shape)


class Gather(AlongDimension):
    """out[i][j] = a[index[i][j]][j], and so on for other dimensions."""

    samples = [
        sample("x.gather(1, t.tensor([[0, 2, 0]]).expand(len(x), 3))", (N, 4)),
        sample("x.gather(0, t.tensor([[2, 0, 1, 1]]))", (3, 4)),
    ]
    differentiable = slice(1)

    def forward(self, a: Array, index: Array, *, dim: int) -> Array:
        dim = wrap_dim(dim, a.ndim)
        source, places = at_least_1d(a), at_least_1d(index)
        check_index("gather", index)
        if source.ndim != places.ndim:
            raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
        for axis in range(source.ndim):
            if axis != dim and places.shape[axis] > source.shape[axis]:
                raise RuntimeError(
                    f"Size does not match at dimension {axis} expected index {list(index.shape)} to be no larger than "
                    f"self {list(a.shape)} apart from dimension {dim}"
                )
        check_bounds(places, dim, source.shape[dim])
        self.remember(a, places, dim)
        held = tuple(slice(size) if axis != dim else slice(None) for axis, size in enumerate(places.shape))
        return self.xp.take_along_axis(source[held], places, dim).reshape(index.shape)


def check_index(function: str, index: Array) -> None:
    """Raise PyTorch's RuntimeError unless an index has a type that can be one."""
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{function}(): Expected dtype int32/int64 for index")


def check_bounds(index: Array, dim: int, size: int) -> None:
    """Raise PyTorch's RuntimeError unless all positions are in a dimension of this size."""
    outside = index[(index < 0) | (index >= size)]
    if outside.size:
        raise RuntimeError(f"index {int(outside[0])} is out of bounds for dimension {dim} with size {size}")


class Scatter(Operation):
    """a, with the elements of b at the places that `index` names along a dimension."""

    samples = [sample("(x * 1).scatter_(1, t.tensor([[0, 2]]).expand(len(x), 2), y)", (N, 4), (N, 2))]

    def forward(self, a: Array, b: Array, *, index: Array, dim: int) -> Array:
        if b.dtype != a.dtype:
            raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
        self.source_shape = b.shape
        return self.written(a, b[tuple(slice(size) for size in index.shape)], index, dim)

    def written(self, a: Array, values: Any, index: Array, dim: int) -> Array:
        """Return a with values at some places, and remember these."""
        self.index, self.dim = index, wrap_dim(dim, a.ndim)
        if index.dtype != np.int64:
            raise RuntimeError("scatter(): Expected dtype int64 for index")
        check_bounds(index, self.dim, a.shape[self.dim] if a.ndim else 1)
        result: Array = self.xp.array(a)
        self.xp.put_along_axis(result, index, values, self.dim)
        return result

    def rest(self, grad: Array) -> Array:
        """Return the gradient of what was not written to."""
        rest: Array = self.xp.array(grad)
        self.xp.put_along_axis(rest, self.index, 0, self.dim)
        return rest

    def backward(self, grad: Array) -> Gradients:
        by_source = self.xp.zeros(self.source_shape, grad.dtype)
        taken = self.xp.take_along_axis(grad, self.index, self.dim)
        by_source[tuple(slice(size) for size in self.index.shape)] = taken
        return self.rest(grad), by_source


class ScatterNumber(Scatter):
    """a, with a number at the places that `index` names along a dimension."""

    samples = [sample("(x * 1).scatter(1, t.tensor([[0, 2]]).expand(len(x), 2), 5.0)", (N, 4))]
    node_name = "ScatterBackward1"

    def forward(self, a: Array, *, index: Array, dim: int, number: Any) -> Array:  # type: ignore[override]
        return self.written(a, number, index, dim)

    def backward(self, grad: Array) -> Gradients:
        return self.rest(grad)


class IndexSelect(Operation):
    """Slices picked along a dimension, copied."""

    samples = [sample("x.index_select(1, t.tensor([0, 2, 0]))", (N, 4))]
    differentiable = slice(1)

    def forward(self, a: Array, index: Array, *, dim: int) -> Array:
        self.dim, self.shape = wrap_dim(dim, a.ndim), a.shape
        if index.ndim > 1:
            raise IndexError("index_select(): Index is supposed to be a vector")
        if index.dtype not in (np.int64, np.int32):
            raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
        size = a.shape[self.dim] if a.ndim else 1
        if ((index < 0) | (index >= size)).any():
            raise IndexError("index out of range in self")
        self.save(index)
        return self.xp.take(a, at_least_1d(index), self.dim) if a.ndim else a

    def backward(self, grad: Array) -> Gradients:
        (index,) = self.saved
        out = self.xp.zeros(self.shape, grad.dtype)
        self.xp.add.at(out, (slice(None),) * self.dim + (at_least_1d(index),), grad)
        return out


class Embedding(Operation):
    """Rows of a table that are picked by their numbers.

    The row `padding_idx` gets no gradient; with `scale_grad_by_freq` the others are divided by how often they were
    picked.
    """

    samples = [
        sample("F.embedding(t.tensor([[0, 2, 2], [1, 2, 0]]), x)", (3, 4)),
        sample("F.embedding(t.tensor(1), x)", (3, 4)),
    ]
    differentiable = slice(1)
    saved_names = ("weight", "indices")

    def forward(self, weight: Array, index: Array, *, padding_idx: int, scale_grad_by_freq: bool) -> Array:
        if weight.ndim != 2:
            raise RuntimeError("'weight' must be 2-D")
        if ((index < 0) | (index >= len(weight))).any():
            raise IndexError("index out of range in self")
        self.rows, self.padding, self.is_scaled = len(weight), padding_idx, scale_grad_by_freq
        self.save(index)
        return self.xp.take(weight, index, 0)

    def backward(self, grad: Array) -> Gradients:
        (index,) = self.saved
        picked, parts = index.reshape(-1), grad.reshape(-1, grad.shape[-1])
        if self.is_scaled:
            parts = parts / self.xp.bincount(picked, minlength=self.rows)[picked][:, None].astype(grad.dtype)
        out = self.xp.zeros((self.rows, grad.shape[-1]), grad.dtype)
        self.xp.add.at(out, picked, parts)
        if self.padding >= 0:
            out[self.padding] = 0
        return out


class MaskedSelect(Operation):
    """The elements where a mask is true, one after the other."""

    samples = [sample("x.masked_select(x.detach() > 0)", (N, 4))]
    differentiable = slice(1)

    def forward(self, a: Array, mask: Array) -> Array:
        if mask.dtype != np.bool_:
            raise RuntimeError("masked_select: expected BoolTensor for mask")
        wide, chosen = self.xp.broadcast_arrays(a, mask)
        self.save(chosen)
        return wide[chosen]

    def backward(self, grad: Array) -> Gradients:
        (chosen,) = self.saved
        out = self.xp.zeros(chosen.shape, grad.dtype)
        out[chosen] = grad
        return out


class Sort(AlongDimension):
    """The elements of each row in order, and where they were; equal ones keep their order."""

    samples = [sample("x.sort(1)[0]", (N, 4)), sample("x.sort(-1, descending=True).values", (N, 4))]

    def forward(self, a: Array, *, dim: int, descending: bool = False) -> tuple[Array, Array]:
        dim = wrap_dim(dim, a.ndim)
        source = at_least_1d(a)
        indices = order_of(source, dim, descending)
        self.remember(a, indices, dim)
        return self.xp.take_along_axis(source, indices, dim).reshape(a.shape), indices.reshape(a.shape)


def order_of(a: Array, dim: int, descending: bool) -> Array:
    """Return the positions of the elements of each row in their order; NaN is greater than all numbers."""
    if not descending:
        return np.argsort(a, axis=dim, kind="stable")
    # Backwards twice, so that equal elements keep their order.
    order = np.argsort(np.flip(a, dim), axis=dim, kind="stable")
    return a.shape[dim] - 1 - np.flip(order, dim)


class Topk(AlongDimension):
    """The k greatest (or smallest) elements of each row, and where they were."""

    samples = [sample("x.topk(2)[0]", (N, 4)), sample("x.topk(3, 1, largest=False).values", (N, 4))]

    def forward(self, a: Array, *, k: int, dim: int = -1, largest: bool = True) -> tuple[Array, Array]:
        dim = wrap_dim(dim, a.ndim)
        source = at_least_1d(a)
        if not 0 <= k <= source.shape[dim]:
            raise RuntimeError("selected index k out of range")
        indices = order_of(source, dim, largest).take(range(k), dim)
        self.remember(a, indices, dim)
        shape = indices.shape if a.ndim else ()
        return self.xp.take_along_axis(source, indices, dim).reshape(shape), indices.reshape(shape)


class MedianDim(AlongDimension):
    """The middle element of each row in order, of two the smaller one, and where it was; NaN where there is one."""

    samples = [sample("x.median(1)[0]", (N, 5)), sample("x.median(-1, keepdim=True).values", (N, 4))]
    node_name = "MedianBackward1"

    def forward(self, a: Array, *, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
        dim = wrap_dim(dim, a.ndim)
        source = at_least_1d(a)
        check_median(a)
        if not source.shape[dim]:
            raise IndexError(f"median(): Expected reduction dim {dim} to have non-zero size.")
        middle = order_of(source, dim, False).take([(source.shape[dim] - 1) // 2], dim)
        nans = np.isnan(source)
        first = nans.argmax(dim, keepdims=True)
        indices = self.xp.where(nans.any(dim, keepdims=True), first, middle)
        self.remember(a, indices, dim)
        kept = [1] if keepdim and a.ndim else []
        shape = (*a.shape[:dim], *kept, *a.shape[dim + 1 :])
        return self.xp.take_along_axis(source, indices, dim).reshape(shape), indices.reshape(shape)


class Median(Operation):
    """The middle of all elements in order; equal ones share the gradient."""

    samples = [sample("x.median()", (3, 4)), sample("x.median()", (5,))]

    def forward(self, a: Array) -> Array:
        check_median(a)
        flat = a.reshape(-1)
        if not flat.size:
            return self.xp.asarray(np.nan, a.dtype)
        order = order_of(flat, 0, False)
        place = -1 if np.isnan(flat).any() else (flat.size - 1) // 2
        result: Array = self.xp.asarray(flat[order[place]])
        self.save(a, result)
        return result

    def backward(self, grad: Array) -> Gradients:
        a, result = self.saved
        chosen = (a == result) | (self.xp.isnan(a) & self.xp.isnan(result))
        return chosen * (grad / self.xp.sum(chosen, dtype=grad.dtype))


def check_median(a: Array) -> None:
    """Raise PyTorch's NotImplementedError for truth values, which have no order here."""
    if a.dtype == np.bool_:
        raise NotImplementedError("\"median_cpu\" not implemented for 'Bool'")
