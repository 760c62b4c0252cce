"""Tensors put together into one."""

from __future__ import annotations

import numpy as np

from nnkit.dtypes import common_type
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample, wrap_dim


class Cat(Operation):
    """Tensors one after the other along a dimension."""

    samples = [sample("t.cat((x, y), 1)", (N, 4), (N, 2))]

    def forward(self, *arrays: Array, dim: int) -> Array:
        for position, array in enumerate(arrays):
            if array.ndim == 0:
                raise RuntimeError(f"zero-dimensional tensor (at position {position}) cannot be concatenated")
        first = next((array for array in arrays if array.shape != (0,)), arrays[0])
        # A vector of nothing can be put to anything: what many programs begin to collect with.
        self.skipped = [array.shape == (0,) and first.ndim != 1 for array in arrays]
        self.dim = wrap_dim(dim, first.ndim)
        taken = [(place, array) for place, array in enumerate(arrays) if not self.skipped[place]]
        for position, array in taken:
            if array.ndim != first.ndim:
                raise RuntimeError(f"Tensors must have same number of dimensions: got {first.ndim} and {array.ndim}")
            for axis, (expected, size) in enumerate(zip(first.shape, array.shape, strict=True)):
                if axis != self.dim and expected != size:
                    raise RuntimeError(
                        f"Sizes of tensors must match except in dimension {self.dim}. Expected size {expected} but got "
                        f"size {size} for tensor number {position} in the list."
                    )
        kind = common_type(arrays)
        self.sizes = [0 if gone else array.shape[self.dim] for gone, array in zip(self.skipped, arrays, strict=True)]
        return self.xp.concatenate([array.astype(kind, copy=False) for _, array in taken], axis=self.dim)

    def backward(self, grad: Array) -> Gradients:
        ends = np.cumsum(self.sizes)[:-1]
        parts = self.xp.split(grad, ends, axis=self.dim)
        return tuple(part.reshape(0) if gone else part for part, gone in zip(parts, self.skipped, strict=True))


class Stack(Operation):
    """Tensors of one shape along a new dimension."""

    samples = [sample("t.stack([x, y], 1)", (N, 4), (N, 4))]

    def forward(self, *arrays: Array, dim: int) -> Array:
        for position, array in enumerate(arrays):
            if array.shape != arrays[0].shape:
                raise RuntimeError(
                    f"stack expects each tensor to be equal size, but got {list(arrays[0].shape)} at entry 0 and "
                    f"{list(array.shape)} at entry {position}"
                )
        self.dim = wrap_dim(dim, arrays[0].ndim + 1)
        kind = common_type(arrays)
        return self.xp.stack([array.astype(kind, copy=False) for array in arrays], axis=self.dim)

    def backward(self, grad: Array) -> Gradients:
        return tuple(self.xp.moveaxis(grad, self.dim, 0))
