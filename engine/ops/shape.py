"""Operations that arrange elements and calculate nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.dtypes import Scalar, result_type
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, Operand, Operation, broadcast_shapes, wrap_dim


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

    def forward(self, a: Array, *, shape: tuple[int, ...]) -> Array:
        self.shape = a.shape
        return a.reshape(shape)

    def backward(self, grad: Array) -> Gradients:
        return grad.reshape(self.shape)


class UnsafeView(View):
    """Another shape for the elements of a fresh copy, which nothing else refers to."""

    is_view = False


class Transpose(Rearrangement):
    """Two dimensions exchanged."""

    def forward(self, a: Array, *, dim0: int, dim1: int) -> Array:
        self.dims = (wrap_dim(dim0, a.ndim), wrap_dim(dim1, a.ndim))
        return a.swapaxes(*self.dims) if a.ndim else a[...]

    def backward(self, grad: Array) -> Gradients:
        return grad.swapaxes(*self.dims) if grad.ndim else grad


class T(Rearrangement):
    """The transpose of a matrix; a vector stays as it is."""

    def forward(self, a: Array) -> Array:
        if a.ndim > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {a.ndim}D")
        return a.T

    def backward(self, grad: Array) -> Gradients:
        return grad.T


class TransposeInPlace(Transpose):
    """`Transpose` of a tensor that nothing else refers to, which PyTorch does in place and names otherwise."""

    node_name = "TransposeBackward1"


class Permute(Rearrangement):
    """The dimensions in another order."""

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

    def forward(self, a: Array, *, dim: int) -> Array:
        self.dim = wrap_dim(dim, a.ndim + 1)
        return self.xp.expand_dims(a, self.dim)

    def backward(self, grad: Array) -> Gradients:
        return grad.squeeze(self.dim)


class Squeeze(Rearrangement):
    """All dimensions of size 1 taken out."""

    def forward(self, a: Array) -> Array:
        self.shape = a.shape
        return a.squeeze()

    def backward(self, grad: Array) -> Gradients:
        return grad.reshape(self.shape)


class SqueezeDim(Rearrangement):
    """One dimension taken out if its size is 1."""

    node_name = "SqueezeBackward1"

    def forward(self, a: Array, *, dim: int) -> Array:
        self.shape = a.shape
        dim = wrap_dim(dim, a.ndim)
        return a.squeeze(dim) if a.ndim and a.shape[dim] == 1 else a[...]

    def backward(self, grad: Array) -> Gradients:
        return grad.reshape(self.shape)


class Expand(Rearrangement):
    """Dimensions of size 1 repeated without copying."""

    def forward(self, a: Array, *, shape: Sequence[int]) -> Array:
        extra = len(shape) - a.ndim
        sizes = []
        for index, wanted in enumerate(shape):
            existing = a.shape[index - extra] if index >= extra else 1
            if existing not in (1, wanted) and wanted != -1:
                raise RuntimeError(
                    f"The expanded size of the tensor ({wanted}) must match the existing size ({existing}) at "
                    f"non-singleton dimension {index}.  Target sizes: {list(shape)}.  Tensor sizes: {list(a.shape)}"
                )
            sizes.append(existing if wanted == -1 else wanted)
        expanded: Array = self.xp.broadcast_to(a, sizes)
        expanded.flags.writeable = a.flags.writeable
        return expanded

    def backward(self, grad: Array) -> Gradients:
        return grad  # the tape sums it back to the input's shape


class Select(Rearrangement):
    """One slice along a dimension, which vanishes."""

    def forward(self, a: Array, *, dim: int, index: int) -> Array:
        self.shape = a.shape
        self.key: tuple[Any, ...] = (*(slice(None),) * dim, index)
        return a[self.key + (Ellipsis,)]  # noqa: RUF005 (with an ellipsis a 0-d result stays a view)

    def backward(self, grad: Array) -> Gradients:
        return self.backend.embed(grad, self.shape, self.key)


class Slice(Rearrangement):
    """A range along a dimension."""

    def forward(self, a: Array, *, dim: int, span: slice) -> Array:
        self.shape = a.shape
        self.key = (*(slice(None),) * dim, span)
        return a[self.key]

    def backward(self, grad: Array) -> Gradients:
        return self.backend.embed(grad, self.shape, self.key)


class Index(Operation):
    """Elements picked by arrays of positions or by masks, copied."""

    def forward(self, a: Array, *, key: Any) -> Array:
        self.shape, self.key = a.shape, key
        return a[key]

    def backward(self, grad: Array) -> Gradients:
        out = self.xp.zeros(self.shape, grad.dtype)
        self.xp.add.at(out, self.key, grad)  # a position may be picked twice
        return out


class Cat(Operation):
    """Tensors one after the other along a dimension."""

    def forward(self, *arrays: Array, dim: int) -> Array:
        for position, array in enumerate(arrays):
            if array.ndim == 0:
                raise RuntimeError(f"zero-dimensional tensor (at position {position}) cannot be concatenated")
        first = arrays[0]
        self.dim = wrap_dim(dim, first.ndim)
        for position, array in enumerate(arrays):
            if array.ndim != first.ndim:
                raise RuntimeError(f"Tensors must have same number of dimensions: got {first.ndim} and {array.ndim}")
            for axis, (expected, size) in enumerate(zip(first.shape, array.shape, strict=True)):
                if axis != self.dim and expected != size:
                    raise RuntimeError(
                        f"Sizes of tensors must match except in dimension {self.dim}. Expected size {expected} but got "
                        f"size {size} for tensor number {position} in the list."
                    )
        kind = result_type(arrays)
        self.sizes = [array.shape[self.dim] for array in arrays]
        return self.xp.concatenate([array.astype(kind, copy=False) for array in arrays], axis=self.dim)

    def backward(self, grad: Array) -> Gradients:
        ends = np.cumsum(self.sizes)[:-1]
        return tuple(self.xp.split(grad, ends, axis=self.dim))


class Stack(Operation):
    """Tensors of one shape along a new dimension."""

    def forward(self, *arrays: Array, dim: int) -> Array:
        for position, array in enumerate(arrays):
            if array.shape != arrays[0].shape:
                raise RuntimeError(
                    f"stack expects each tensor to be equal size, but got {list(arrays[0].shape)} at entry 0 and "
                    f"{list(array.shape)} at entry {position}"
                )
        self.dim = wrap_dim(dim, arrays[0].ndim + 1)
        kind = result_type(arrays)
        return self.xp.stack([array.astype(kind, copy=False) for array in arrays], axis=self.dim)

    def backward(self, grad: Array) -> Gradients:
        return tuple(self.xp.moveaxis(grad, self.dim, 0))


class Unbind(Operation):
    """All slices along a dimension."""

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


class Clone(Operation):
    """A copy."""

    def forward(self, a: Array, *, contiguous: bool = False) -> Array:
        return self.xp.array(a, order="C" if contiguous else "K", copy=True)

    def backward(self, grad: Array) -> Gradients:
        return grad


class ToCopy(Operation):
    """A copy of another type."""

    def forward(self, a: Array, *, kind: np.dtype[Any]) -> Array:
        return a.astype(kind)

    def backward(self, grad: Array) -> Gradients:
        return grad


class Copy(Operation):
    """A new value for all elements: what was there has no gradient any more."""

    node_name = "CopyBackwards"

    def forward(self, a: Array, b: Operand) -> Array:
        source = self.xp.asarray(b)
        shape = broadcast_shapes(a.shape, source.shape)
        if shape != a.shape:
            raise RuntimeError(f"output with shape {list(a.shape)} doesn't match the broadcast shape {list(shape)}")
        return self.xp.broadcast_to(source, shape).astype(a.dtype)

    def backward(self, grad: Array) -> Gradients:
        return self.xp.zeros_like(grad) if self.needs_input_grad[0] else None, grad


class Fill(Operation):
    """One number for all elements: what was there has a gradient of zero."""

    overload = 2

    def forward(self, a: Array, *, value: Scalar) -> Array:
        return self.xp.full_like(a, self.xp.asarray(value).astype(a.dtype))

    def backward(self, grad: Array) -> Gradients:
        return self.xp.zeros_like(grad)


class Zero(Fill):
    """Zero for all elements."""

    overload = 0


class AsStrided(Operation):
    """A view of a tensor that has been written to through some view of it.

    `positions` says which element of the flattened tensor each element of the view is.
    """

    is_view = True

    def forward(self, base: Array, *, view: Array, positions: Array) -> Array:
        self.shape, self.positions = base.shape, positions
        return view

    def backward(self, grad: Array) -> Gradients:
        out = self.xp.zeros(int(np.prod(self.shape, dtype=np.int64)), grad.dtype)
        self.xp.add.at(out, self.positions, grad)
        return out.reshape(self.shape)


class IndexPut(Operation):
    """a, with elements picked by arrays of positions or by masks replaced by b."""

    def forward(self, a: Array, b: Array, *, key: Any) -> Array:
        self.key = key
        result: Array = a.copy()
        result[key] = b
        return result

    def backward(self, grad: Array) -> Gradients:
        rest = grad.copy()
        rest[self.key] = 0
        return rest, grad[self.key]
