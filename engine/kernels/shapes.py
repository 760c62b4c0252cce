"""The CPU without its arithmetic: what comes out of a network has the right shape, and zeros for numbers."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.backend import AverageWindow, Border, Pair, Sliding, output_size, padded_size
from nnkit.kernels.cpu.backend import CpuBackend
from nnkit.kernels.layout import Array, empty_batch_last
from nnkit.kernels.memory import aligned_like


class ShapesBackend(CpuBackend):
    """Runs forward passes whose numbers nobody reads: it compiles nothing, and does not start Numba.

    It overrides the kernels of a forward pass; gradients are calculated as ever.
    """

    def convolution(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        sliding: Sliding,
        groups: int,
        out: Array | None = None,
    ) -> Array:
        """See `Backend.convolution`."""
        sizes = (output_size(x.shape[2 + axis], weight.shape[2 + axis], sliding, axis) for axis in (0, 1))
        return _zeros((len(x), len(weight), *sizes), x, out)

    def transposed_convolution(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        shape: tuple[int, ...],
        sliding: Sliding,
        groups: int,
        out: Array | None = None,
    ) -> Array:
        """See `Backend.transposed_convolution`."""
        return _zeros(shape, x, out)

    def product(self, x: Array, weight: Array, bias: Array | None, out: Array | None = None) -> Array:
        """See `Backend.product`."""
        return _zeros((len(x), weight.shape[1]), x, out)

    def relu(self, a: Array) -> Array:
        """See `Backend.relu`."""
        return _zeros(a.shape, a, aligned_like(a))

    def max_pool(
        self,
        x: Array,
        shape: Pair,
        kernel_size: Pair,
        sliding: Sliding,
        out: tuple[Array, Array] | None = None,
    ) -> tuple[Array, Array]:
        """See `Backend.max_pool`."""
        values, taps = out or (None, None)
        whole = (*x.shape[:2], *shape)
        return _zeros(whole, x, values), _zeros(whole, x, taps)

    def average_pool(self, x: Array, shape: Pair, window: AverageWindow | None, out: Array | None = None) -> Array:
        """See `Backend.average_pool`."""
        return _zeros((*x.shape[:2], *shape), x, out)

    def pad(self, x: Array, border: Border, out: Array | None = None) -> Array:
        """See `Backend.pad`."""
        return _zeros((*x.shape[:2], *padded_size(x.shape, border)), x, out)

    def channel_moments(self, x: Array) -> tuple[Array, Array]:
        """See `Backend.channel_moments`."""
        return np.zeros(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype)

    def normalization(
        self, x: Array, mean: Array, variance: Array, weight: Array | None, bias: Array | None, eps: float
    ) -> Array:
        """See `Backend.normalization`."""
        return _zeros(x.shape, x, None)


def _zeros(shape: tuple[int, ...], like: Array, out: Array | None) -> Array:
    result = empty_batch_last(shape, like.dtype) if out is None else out
    result[...] = 0
    return result
