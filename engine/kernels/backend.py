"""What a device must provide so that operations run on it unchanged."""

from __future__ import annotations

from typing import Any, Protocol

from nnkit.kernels.layout import Array

Pair = tuple[int, int]


class Backend(Protocol):
    """The calculations of one device.

    Operations are written against this and never against a device. `xp` has NumPy's vocabulary (element by
    element, reductions, creation) for arrays of the device; the heavy kernels are methods. They take and
    return arrays whose first axis is the batch, in any strides, and choose the memory layout themselves.
    """

    xp: Any

    def convolution(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        groups: int,
    ) -> Array:
        """Return the correlation of x (N, C, H, W) with weight (O, C / groups, kH, kW), plus bias (O,)."""

    def convolution_input_gradient(
        self,
        grad: Array,
        weight: Array,
        shape: tuple[int, ...],
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        groups: int,
    ) -> Array:
        """Return the gradient of the input of `shape`, given grad (N, O, H', W')."""

    def convolution_weight_gradient(
        self,
        grad: Array,
        x: Array,
        kernel_size: Pair,
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        groups: int,
    ) -> Array:
        """Return the gradient of the weight, given grad (N, O, H', W') and the input x (N, C, H, W)."""

    def product(self, x: Array, weight: Array, bias: Array | None) -> Array:
        """Return x (N, I) times weight (I, O), plus bias (O,)."""

    def product_transposed(self, grad: Array, x: Array) -> Array:
        """Return the transpose of x (N, I) times grad (N, O): the gradient (I, O) of the weight of `product`."""

    def relu_gradient(self, grad: Array, result: Array) -> Array:
        """Return the gradient where the result of a ReLU is not 0, and 0 elsewhere."""

    def max_pool(
        self, x: Array, shape: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair
    ) -> tuple[Array, Array]:
        """Return the maxima (N, C, *shape) of x (N, C, H, W), and which element of its window each one is."""

    def max_pool_gradient(
        self,
        grad: Array,
        taps: Array,
        shape: tuple[int, ...],
        kernel_size: Pair,
        stride: Pair,
        padding: Pair,
        dilation: Pair,
    ) -> Array:
        """Return the gradient of the input of `shape`, given grad and the elements that `max_pool` named."""
