"""Borders: what stands before and behind the elements along the last dimensions.

Borders are told from the last dimension on, each as how much before and behind; less than 0 is cut off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from nnkit.dtypes import Scalar
from nnkit.kernels.backend import Border, Pair
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample

Borders = Sequence[Pair]


class ConstantPadNd(Operation):
    """A border of one number."""

    samples = [
        sample("F.pad(x, (1, 2))", (N, 3, 4)),
        sample("F.pad(x, (1, 2, 0, 3), value=1.5)", (N, 2, 3, 4)),
        sample("F.pad(x, (-1, 2, 3, -2))", (N, 2, 3, 4)),
        sample("F.pad(x, (2, 1))", (N, 4)),
        sample("F.pad(x, (0, 0, -1, 0, 2, 1))", (N, 2, 4)),
    ]

    def forward(self, a: Array, *, borders: Borders, value: Scalar) -> Array:
        self.borders = borders
        return self.framed(a, borders, value)

    def backward(self, grad: Array) -> Gradients:
        return self.framed(grad, [(-before, -behind) for before, behind in self.borders], 0)

    def framed(self, a: Array, borders: Borders, value: Scalar) -> Array:
        """Return an array with borders, by the kernel if it can be seen as images, whose batch has no border."""
        if a.dtype.kind == "f" and len(borders) < min(a.ndim, 3):
            framed = self.backend.pad(_images(a), _border(borders, "constant", float(value)))
            return framed.reshape(_padded_shape(a.shape, borders))
        kept = [slice(max(-before, 0), behind if behind < 0 else None) for before, behind in borders]
        inside = [slice(max(before, 0), -behind if behind > 0 else None) for before, behind in borders]
        source, target = (..., *reversed(kept)), (..., *reversed(inside))
        result: Array = self.xp.full(_padded_shape(a.shape, borders), value, a.dtype)
        result[target] = a[source]
        return result


class EdgePad(Operation):
    """A border of elements that are there already, along one or two dimensions that are not the first."""

    mode: ClassVar[str]

    def forward(self, a: Array, *, borders: Borders) -> Array:
        images = _images(a if a.dtype.kind == "f" else a.astype(np.float64))
        self.shape, self.image_shape = a.shape, images.shape
        self.border = _border(borders, self.mode)
        framed = self.backend.pad(images, self.border)
        return framed.reshape(_padded_shape(a.shape, borders)).astype(a.dtype, copy=False)

    def backward(self, grad: Array) -> Gradients:
        return self.backend.pad_gradient(_images(grad), self.image_shape, self.border).reshape(self.shape)


class ReflectionPad1D(EdgePad):
    """The elements mirrored at the first and the last one, which are not repeated."""

    samples = [sample("F.pad(x, (2, 1), 'reflect')", (N, 2, 4))]
    mode = "reflect"


class ReflectionPad2D(EdgePad):
    """Images mirrored at their outermost rows and columns, which are not repeated."""

    samples = [
        sample("F.pad(x, (2, 1, 0, 3), 'reflect')", (N, 2, 4, 3)),
        sample("F.pad(x, (-1, 1, 2, -2), 'reflect')", (N, 2, 4, 3)),
    ]
    mode = "reflect"


class ReplicationPad1D(EdgePad):
    """The first and the last element again and again."""

    samples = [sample("F.pad(x, (2, 6), 'replicate')", (N, 2, 4))]
    mode = "replicate"


class ReplicationPad2D(EdgePad):
    """The outermost rows and columns again and again."""

    samples = [
        sample("F.pad(x, (2, 1, 0, 5), 'replicate')", (N, 2, 4, 3)),
        sample("F.pad(x, (-1, 1, 2, -2), 'replicate')", (N, 2, 4, 3)),
    ]
    mode = "replicate"


class CircularPad(EdgePad):
    """The elements once more from the other end."""

    samples = [
        sample("F.pad(x, (2, 4), 'circular')", (N, 2, 4)),
        sample("F.pad(x, (2, 1, 0, 3), 'circular')", (N, 2, 4, 3)),
    ]
    mode = "circular"


def _images(a: Array) -> Array:
    """Return an array (N, ..., H, W) as (N, C, H, W), and one of two dimensions with a height of 1."""
    batch, *rest, width = a.shape
    height = rest.pop() if rest else 1
    return a.reshape(batch, math.prod(rest), height, width)


def _border(borders: Borders, mode: str, value: float = 0.0) -> Border:
    columns, rows, *_ = (*borders, (0, 0), (0, 0))
    return Border(rows, columns, mode, value)


def _padded_shape(shape: Sequence[int], borders: Borders) -> tuple[int, ...]:
    sizes = list(shape)
    for axis, border in enumerate(borders, start=1):
        sizes[-axis] += sum(border)
    return tuple(sizes)
