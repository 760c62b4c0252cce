"""Copies of elements, and new values for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnkit.dtypes import Scalar, element
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operand, Operation, broadcast_shapes, sample


class Clone(Operation):
    """A copy."""

    samples = [sample("x.clone()", (N, 4))]

    def forward(self, a: Array, *, contiguous: bool = False) -> Array:
        return self.xp.array(a, order="C" if contiguous else "K", copy=True)

    def backward(self, grad: Array) -> Gradients:
        return grad


class ToCopy(Operation):
    """A copy of another type."""

    samples = [sample("x.to(t.float64 if x.dtype == t.float32 else t.float32)", (N, 4))]

    def forward(self, a: Array, *, kind: np.dtype[Any]) -> Array:
        return a.astype(kind)

    def backward(self, grad: Array) -> Gradients:
        return grad


class Copy(Operation):
    """A new value for all elements: what was there has no gradient any more."""

    samples = [
        sample("y = x * 1; y[0] = 5.0; y", (N, 4)),
        sample("w = x * 1; w[1:3] = y; w", (N, 4), (4,)),
        sample("(x * 1).copy_(y)", (N, 4), (4,)),
    ]
    node_name = "torch::autograd::CopyBackwards"

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

    samples = [sample("(x * 1).fill_(2.5)", (N, 4))]
    overload = 2

    def forward(self, a: Array, *, value: Scalar) -> Array:
        return self.xp.full_like(a, element(value, a.dtype))

    def backward(self, grad: Array) -> Gradients:
        return self.xp.zeros_like(grad)


class Zero(Fill):
    """Zero for all elements."""

    samples = [sample("(x * 1).zero_()", (N, 4))]
    overload = 0


class AsStrided(Operation):
    """A view of a tensor that has been written to through some view of it.

    `positions` says which element of the flattened tensor each element of the view is.
    """

    samples = [sample("(x * 1)[0].mul_(2)", (N, 4))]
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

    samples = [sample("w = x * 1; w[t.tensor([0, 2]), t.tensor([1, 1])] = y; w", (N, 4), (2,))]

    def forward(self, a: Array, b: Array, *, key: Any) -> Array:
        self.key = key
        result: Array = a.copy()
        result[key] = b
        return result

    def backward(self, grad: Array) -> Gradients:
        rest = grad.copy()
        rest[self.key] = 0
        return rest, grad[self.key]
