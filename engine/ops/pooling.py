"""Pooling: one number for each window of images (N, C, H, W) or (C, H, W)."""

from __future__ import annotations

import numpy as np

from nnkit.dtypes import of_array
from nnkit.kernels.backend import AverageWindow, Pair, Sliding, output_size
from nnkit.kernels.layout import Array
from nnkit.ops.half import widened
from nnkit.ops.operation import Gradients, N, Operation, sample


class Pooling(Operation):
    """What poolings share: no channel sees another, so that channels without a batch can be the batch."""

    def images(self, a: Array) -> Array:
        """Return an array with one channel if it is (C, H, W), and is to be taken for (N, H, W)."""
        return self.xp.expand_dims(a, 1) if a.ndim == 3 else a

    def as_given(self, a: Array) -> Array:
        """Return an array without the channel that the input was given."""
        return a.squeeze(1) if self.is_unbatched else a

    def prepared(self, x: Array) -> Array:
        """Return the input as images of a floating type, and remember its shape."""
        self.is_unbatched = x.ndim == 3
        images = self.images(widened(x) if x.dtype.kind == "f" else x.astype(np.float64))
        self.shape = images.shape
        return images


class MaxPool2DWithIndices(Pooling):
    """The maximum of each window of images, and the flat index of each in its image plane.

    The indices are int64 and only computed on request: they cost more than the maxima. A window with no element inside
    has PyTorch's index, which points beside it; its gradient, which PyTorch adds there, goes nowhere.
    """

    samples = [
        sample("F.max_pool2d(x, 2)", (N, 2, 4, 6)),
        sample("F.max_pool2d(x, (3, 2), (2, 1), padding=(1, 0))", (N, 2, 6, 5)),
        sample("F.max_pool2d(x, 2, dilation=2, ceil_mode=True)", (N, 1, 6, 7)),
        sample("F.max_pool2d(x, 3, 2, return_indices=True)[0]", (N, 2, 5, 5)),
        sample("F.max_pool2d(x, 2)", (N, 4, 6)),
        sample("F.max_pool2d(x, 3, padding=1)", (N, 2, 6, 6)),
        sample("F.max_pool1d(x, 3, 2, padding=1)", (N, 2, 9)),
    ]

    def forward(
        self,
        x: Array,
        *,
        kernel_size: Pair,
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Array | tuple[Array, Array]:
        self.window = (kernel_size, Sliding(stride, padding, dilation))
        shape = pooled_shape(x, *self.window, ceil_mode)
        values, taps = self.backend.max_pool(self.prepared(x), shape, *self.window)
        self.save(taps)
        if x.dtype.kind == "b":
            raise NotImplementedError("\"max_pool2d\" not implemented for 'Bool'")
        if x.dtype.kind != "f":
            # No integer is minus infinity, which a window without elements gives: PyTorch takes the lowest one.
            values = self.xp.maximum(values, np.iinfo(x.dtype).min)
        values = self.as_given(values).astype(x.dtype, copy=False)
        return (values, self.as_given(self.indices(taps))) if return_indices else values

    def indices(self, taps: Array) -> Array:
        """Return the flat index in its plane (H, W) of each maximum, given its place in the window."""
        (_, kernel_width), (stride, padding, dilation) = self.window
        row, column = self.xp.divmod(taps.astype(np.int64), kernel_width)
        rows = self.xp.arange(taps.shape[2])[:, None] * stride[0] - padding[0] + row * dilation[0]
        columns = self.xp.arange(taps.shape[3]) * stride[1] - padding[1] + column * dilation[1]
        flat: Array = rows * self.shape[3] + columns
        return flat

    def backward(self, grad: Array, _indices: Array | None = None) -> Gradients:
        (taps,) = self.saved
        return self.as_given(self.backend.max_pool_gradient(widened(self.images(grad)), taps, self.shape, *self.window))


class AvgPool2D(Pooling):
    """The average of each window of images."""

    samples = [
        sample("F.avg_pool2d(x, 2)", (N, 2, 4, 7)),
        sample("F.avg_pool2d(x, (3, 2), (2, 1), padding=(1, 0))", (N, 2, 6, 5)),
        sample("F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False)", (N, 2, 6, 5)),
        sample("F.avg_pool2d(x, 3, 2, 1, ceil_mode=True)", (N, 2, 6, 4)),
        sample("F.avg_pool2d(x, 2, divisor_override=3)", (N, 4, 6)),
        sample("F.avg_pool1d(x, 3, 2, padding=1)", (N, 2, 9)),
    ]

    def forward(
        self,
        x: Array,
        *,
        kernel_size: Pair,
        stride: Pair,
        padding: Pair,
        ceil_mode: bool,
        count_include_pad: bool,
        divisor_override: int | None,
    ) -> Array:
        if divisor_override == 0:
            raise RuntimeError("divisor must be not zero")
        sliding = Sliding(stride, padding, (1, 1))
        shape = pooled_shape(x, kernel_size, sliding, ceil_mode)
        if x.dtype.kind != "f" and x.dtype != np.int64:
            raise NotImplementedError(f"\"avg_pool2d\" not implemented for '{of_array(x).label}'")
        self.window = AverageWindow(kernel_size, sliding, count_include_pad, divisor_override or 0)
        # Of integers, what comes behind the point is cut off.
        return self.as_given(self.backend.average_pool(self.prepared(x), shape, self.window)).astype(
            x.dtype, copy=False
        )

    def backward(self, grad: Array) -> Gradients:
        return self.as_given(self.backend.average_pool_gradient(widened(self.images(grad)), self.shape, self.window))


class AdaptiveAvgPool2D(Pooling):
    """The averages of as many windows as are wanted, which cover each image evenly; they may overlap by a row."""

    samples = [
        sample("F.adaptive_avg_pool2d(x, 2)", (N, 2, 4, 6)),
        sample("F.adaptive_avg_pool2d(x, (3, 5))", (N, 2, 4, 7)),
        sample("F.adaptive_avg_pool2d(x, (None, 8))", (N, 3, 5)),
        sample("F.adaptive_avg_pool1d(x, 3)", (N, 2, 7)),
    ]

    def forward(self, x: Array, *, output_size: Pair) -> Array:
        if x.ndim not in (3, 4):
            raise RuntimeError(f"adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got {list(x.shape)}")
        for dim in (-2, -1):
            if x.shape[dim] == 0:
                raise RuntimeError(
                    "adaptive_avg_pool2d(): Expected input to have non-zero size for non-batch dimensions, but input "
                    f"has sizes {list(x.shape)} with dimension {x.ndim + dim} being empty"
                )
        if x.dtype.kind != "f":
            raise NotImplementedError(f"\"adaptive_avg_pool2d\" not implemented for '{of_array(x).label}'")
        averages = self.backend.average_pool(self.prepared(x), output_size, None)
        return self.as_given(averages).astype(x.dtype, copy=False)

    def backward(self, grad: Array) -> Gradients:
        return self.as_given(self.backend.average_pool_gradient(widened(self.images(grad)), self.shape, None))


def pooled_shape(x: Array, kernel_size: Pair, sliding: Sliding, ceil_mode: bool) -> Pair:
    """Return how many windows there are, one below and one beside the other.

    Raises:
        RuntimeError: in PyTorch's words, where the options make no sense for images x.
    """
    height, width = (
        pooled_size(size, kernel_size[axis], sliding, axis, ceil_mode) for axis, size in enumerate(x.shape[-2:])
    )
    check_window(x, kernel_size, sliding)
    if min(height, width) < 1:
        given, calculated = x.shape[-3:], (x.shape[-3], height, width)
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, given))}). Calculated output size: "
            f"({'x'.join(map(str, calculated))}). Output size is too small"
        )
    return height, width


def pooled_size(size: int, kernel_size: int, sliding: Sliding, axis: int, ceil_mode: bool) -> int:
    """Return how many windows fit; with `ceil_mode` also a last one that sticks out, if it starts inside."""
    stride, padding, dilation = (option[axis] for option in sliding)
    if stride == 0:
        raise RuntimeError("stride should not be zero")
    if padding < 0:
        raise RuntimeError(f"pad must be non-negative, but got pad: {padding}")
    if padding > int(((kernel_size - 1) * dilation + 1) / 2):
        raise RuntimeError(
            f"pad should be at most half of effective kernel size, but got pad={padding}, kernel_size={kernel_size} "
            f"and dilation={dilation}"
        )
    if not ceil_mode:
        return output_size(size, kernel_size, sliding, axis)
    count = output_size(size + stride - 1, kernel_size, sliding, axis)
    return count - 1 if (count - 1) * stride >= size + padding else count


def check_window(x: Array, kernel_size: Pair, sliding: Sliding) -> None:
    """Raise PyTorch's RuntimeError unless a window that moves so makes sense for images x."""
    stride, padding, dilation = sliding
    if min(kernel_size) <= 0:
        raise RuntimeError("kernel size should be greater than zero, but got kH: {} kW: {}".format(*kernel_size))
    if min(stride) <= 0:
        raise RuntimeError("stride should be greater than zero, but got dH: {} dW: {}".format(*stride))
    if min(dilation) <= 0:
        raise RuntimeError(
            "dilation should be greater than zero, but got dilationH: {} dilationW: {}".format(*dilation)
        )
    if x.ndim not in (3, 4) or 0 in x.shape[x.ndim - 3 :]:
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(x.shape)}"
        )
    if any(pad > size // 2 for pad, size in zip(padding, kernel_size, strict=True)):
        raise RuntimeError(
            f"pad should be smaller than or equal to half of kernel size, but got padW = {padding[1]}, padH = "
            f"{padding[0]}, kW = {kernel_size[1]}, kH = {kernel_size[0]}"
        )
