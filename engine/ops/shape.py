"""Operations that arrange elements and calculate nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample, wrap_dim, wrap_dims


def inferred_shape(shape: Sequence[int], size: int) -> tuple[int, ...]:
    """Return `shape` with its -1 replaced so that it holds `size` elements.

    Raises:
        RuntimeError: it cannot hold them.
    """
    shape = tuple(int(n) for n in shape)
    for index, n in enumerate(shape):
        if n < -1:
            raise RuntimeError(f"invalid shape dimension {n} at index {index} of shape {list(shape)}")
    if shape.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    known = int(np.prod([n for n in shape if n != -1], dtype=np.int64))
    if -1 in shape and known == 0 and size == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    if (known != size) if -1 not in shape else (known == 0 or size % known):
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}")
    return tuple(size // known if n == -1 else n for n in shape)


def reshaped_view(a: Array, shape: tuple[int, ...]) -> Array | None:
    """Return `a` in another shape without copying, or None where its strides do not allow that."""
    try:
        return np.reshape(a, shape, copy=False)
    except ValueError:
        return None


class Rearrangement(Operation):
    """A view, whose gradient is the gradient seen the other way."""

    is_view = True


class View(Rearrangement):
    """The same elements in another shape, which the strides have been found to allow."""

    samples = [
        sample("x.view(2, -1)", (N, 4)),
        sample("x.flatten()", (N, 4)),
    ]

    def forward(self, a: Array, *, shape: tuple[int, ...]) -> Array:
        self.shape = a.shape
        return a.reshape(shape)

    def backward(self, grad: Array) -> Gradients:
        return grad.reshape(self.shape)


class UnsafeView(View):
    """Another shape for the elements of a fresh copy, which nothing else refers to."""

    samples = [sample("x.t().reshape(-1)", (N, 4))]
    is_view = False


class Transpose(Rearrangement):
    """Two dimensions exchanged."""

    samples = [sample("x.transpose(0, 2)", (N, 3, 4))]

    def forward(self, a: Array, *, dim0: int, dim1: int) -> Array:
        self.dims = (wrap_dim(dim0, a.ndim), wrap_dim(dim1, a.ndim))
        return a.swapaxes(*self.dims) if a.ndim else a[...]

    def backward(self, grad: Array) -> Gradients:
        return grad.swapaxes(*self.dims) if grad.ndim else grad


class TransposeInPlace(Transpose):
    """`Transpose` of a tensor that nothing else refers to, which PyTorch does in place and names otherwise."""

    samples = [
        sample("t.manual_seed(0); t.nn.RNN(4, 3, bias=False, batch_first=True, dtype=x.dtype)(x)[0]", (2, N, 4)),
    ]
    node_name = "TransposeBackward1"


class T(Rearrangement):
    """The transpose of a matrix; a vector stays as it is."""

    samples = [sample("x.t()", (N, 4))]

    def forward(self, a: Array) -> Array:
        if a.ndim > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {a.ndim}D")
        return a.T

    def backward(self, grad: Array) -> Gradients:
        return grad.T


class Permute(Rearrangement):
    """The dimensions in another order."""

    samples = [
        sample("x.permute(2, 0, 1)", (N, 3, 4)),
        sample("x.T", (N, 4)),
    ]

    def forward(self, a: Array, *, dims: Sequence[int]) -> Array:
        if len(dims) != a.ndim:
            raise RuntimeError(
                "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
                f"desired ordering of dimensions i.e. input.dim() = {a.ndim} is not equal to len(dims) = {len(dims)}"
            )
        self.dims = tuple(wrap_dim(dim, a.ndim) for dim in dims)
        if len(set(self.dims)) != len(self.dims):
            raise RuntimeError("permute(): duplicate dims are not allowed.")
        return a.transpose(self.dims)

    def backward(self, grad: Array) -> Gradients:
        return grad.transpose(np.argsort(self.dims))


class Unsqueeze(Rearrangement):
    """A dimension of size 1 put in."""

    samples = [
        sample("x.unsqueeze(1)", (N, 4)),
        sample("x[None]", (N, 4)),
    ]

    def forward(self, a: Array, *, dim: int) -> Array:
        self.dim = wrap_dim(dim, a.ndim + 1)
        return self.xp.expand_dims(a, self.dim)

    def backward(self, grad: Array) -> Gradients:
        return grad.squeeze(self.dim)


class Squeeze(Rearrangement):
    """All dimensions of size 1 taken out."""

    samples = [sample("x.squeeze()", (1, N, 1))]

    def forward(self, a: Array) -> Array:
        self.shape = a.shape
        return a.squeeze()

    def backward(self, grad: Array) -> Gradients:
        return grad.reshape(self.shape)


class SqueezeDim(Rearrangement):
    """One dimension taken out if its size is 1."""

    samples = [sample("x.squeeze(0)", (1, N))]
    node_name = "SqueezeBackward1"

    def forward(self, a: Array, *, dim: int) -> Array:
        self.dim = wrap_dim(dim, a.ndim)
        self.is_squeezed = a.ndim > 0 and a.shape[self.dim] == 1
        return a.squeeze(self.dim) if self.is_squeezed else a[...]

    def backward(self, grad: Array) -> Gradients:
        return self.xp.expand_dims(grad, self.dim) if self.is_squeezed else grad


class SqueezeDims(Rearrangement):
    """Some dimensions taken out if their sizes are 1."""

    samples = [sample("x.squeeze((1, 2))", (N, 1, 3))]
    node_name = "SqueezeBackward2"

    def forward(self, a: Array, *, dims: Sequence[int]) -> Array:
        self.shape = a.shape
        gone = tuple(dim for dim in wrap_dims(dims, a.ndim) if a.shape[dim] == 1)
        return a.squeeze(gone) if gone and dims else a[...]

    def backward(self, grad: Array) -> Gradients:
        return grad.reshape(self.shape)


def expanded_sizes(existing: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that at least as many sizes are expanded to, where -1 keeps one.

    Raises:
        RuntimeError: a size is neither 1 nor what is wanted, or one that there is not is to be kept.
    """
    extra = len(wanted) - len(existing)
    sizes = list(wanted)
    for index in reversed(range(len(wanted))):
        size = wanted[index]
        if index < extra:
            if size < 0:
                raise RuntimeError(
                    f"The expanded size of the tensor ({size}) isn't allowed in a leading, non-existing dimension "
                    f"{index}"
                )
            continue
        own = existing[index - extra]
        if own not in (1, size) and size != -1:
            raise RuntimeError(
                f"The expanded size of the tensor ({size}) must match the existing size ({own}) at non-singleton "
                f"dimension {index}.  Target sizes: {list(wanted)}.  Tensor sizes: {list(existing)}"
            )
        if size == -1:
            sizes[index] = own
    return tuple(sizes)


class Expand(Rearrangement):
    """Dimensions of size 1 repeated without copying."""

    samples = [sample("x.expand(5, len(x), 4)", (N, 1))]

    def forward(self, a: Array, *, shape: Sequence[int]) -> Array:
        extra = len(shape) - a.ndim
        if extra < 0:
            raise RuntimeError(
                f"expand(torch.{of_array(a).label}Tensor{{{list(a.shape)}}}, size={list(shape)}): the number of sizes "
                f"provided ({len(shape)}) must be greater or equal to the number of dimensions in the tensor ({a.ndim})"
            )
        expanded: Array = self.xp.broadcast_to(a, expanded_sizes(a.shape, shape))
        expanded.flags.writeable = a.flags.writeable
        return expanded

    def backward(self, grad: Array) -> Gradients:
        return grad  # the tape sums it back to the input's shape


class Select(Rearrangement):
    """One slice along a dimension, which vanishes."""

    samples = [
        sample("x[0]", (N, 4)),
        sample("x[:, -1]", (N, 4)),
        sample("x[0, 2]", (N, 4)),
    ]

    def forward(self, a: Array, *, dim: int, index: int) -> Array:
        self.shape = a.shape
        self.key: tuple[Any, ...] = (*(slice(None),) * dim, index)
        return a[self.key + (Ellipsis,)]  # noqa: RUF005 (with an ellipsis a 0-d result stays a view)

    def backward(self, grad: Array) -> Gradients:
        return self.backend.embed(grad, self.shape, self.key)


class Slice(Rearrangement):
    """A range along a dimension."""

    samples = [
        sample("x[1:]", (N, 4)),
        sample("x[..., ::2]", (N, 3, 5)),
    ]

    def forward(self, a: Array, *, dim: int, span: slice) -> Array:
        self.shape = a.shape
        self.key = (*(slice(None),) * dim, span)
        return a[self.key]

    def backward(self, grad: Array) -> Gradients:
        return self.backend.embed(grad, self.shape, self.key)


class Index(Operation):
    """Elements picked by arrays of positions or by masks, copied."""

    samples = [
        sample("x[t.tensor([0, 2, 0])]", (N, 4)),
        sample("x[[0, 1], [1, 3]]", (N, 4)),
        sample("x[:, t.tensor([3, 3])]", (N, 4)),
        sample("x[x.detach() > 0.5]", (N, 4)),
    ]

    def forward(self, a: Array, *, key: Any) -> Array:
        self.shape, self.key = a.shape, key
        return a[key]

    def backward(self, grad: Array) -> Gradients:
        out = self.xp.zeros(self.shape, grad.dtype)
        self.xp.add.at(out, self.key, grad)  # a position may be picked twice
        return out


class Unbind(Operation):
    """All slices along a dimension."""

    samples = [sample("x.unbind(1)[2]", (N, 4))]
    is_view = True

    def forward(self, a: Array, *, dim: int) -> tuple[Array, ...]:
        self.dim = wrap_dim(dim, a.ndim)
        self.shape = a.shape
        moved = self.xp.moveaxis(a, self.dim, 0)
        return tuple(moved[i, ...] for i in range(len(moved)))

    def backward(self, *grads: Array | None) -> Gradients:
        known = next(grad for grad in grads if grad is not None)
        filled = [self.xp.zeros_like(known) if grad is None else grad for grad in grads]
        return self.xp.stack(filled, axis=self.dim)
