"""The heavy operations of convolutional networks."""

from __future__ import annotations

import numpy as np

from nnkit.dtypes import C_NAMES, of_array
from nnkit.kernels.backend import Pair, Sliding, output_size
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample


class Convolution(Operation):
    """The correlation of images (N, C, H, W) with kernels (O, C / groups, kH, kW), plus a bias (O)."""

    samples = [
        sample("F.conv2d(x, y, z)", (N, 3, 6, 7), (4, 3, 3, 2), (4,)),
        sample("F.conv2d(x, y, padding=(2, 1), stride=(1, 2))", (N, 2, 5, 6), (3, 2, 3, 3)),
        sample("F.conv2d(x, y, stride=2, dilation=(2, 1))", (N, 1, 8, 8), (2, 1, 3, 3)),
        sample("F.conv2d(x, y, z, groups=2, padding=1)", (N, 4, 4, 4), (6, 2, 3, 3), (6,)),
    ]

    def forward(
        self, x: Array, weight: Array, bias: Array | None, *, stride: Pair, padding: Pair, dilation: Pair, groups: int
    ) -> Array:
        check_convolution(x, weight, bias, stride, padding, dilation, groups)
        self.window = (Sliding(stride, padding, dilation), groups)
        self.shape, self.kernel_size = x.shape, weight.shape[2:]
        self.save(x if self.needs_input_grad[1] else None, weight if self.needs_input_grad[0] else None)
        return self.backend.convolution(x, weight, bias, *self.window)

    def backward(self, grad: Array) -> Gradients:
        x, weight = self.saved
        by_x = by_weight = by_bias = None
        if weight is not None:
            by_x = self.backend.convolution_input_gradient(grad, weight, self.shape, *self.window)
        if x is not None:
            height, width = self.kernel_size
            by_weight = self.backend.convolution_weight_gradient(grad, x, (height, width), *self.window)
        if self.needs_input_grad[2]:
            by_bias = self.backend.channel_sums(grad)
        return by_x, by_weight, by_bias


def check_convolution(
    x: Array, weight: Array, bias: Array | None, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> None:
    """Raise PyTorch's RuntimeError unless the shapes and options of a convolution fit together."""
    kind, kinds = C_NAMES[of_array(x)], C_NAMES[of_array(weight if bias is None else bias)]
    if kind != kinds:
        other = "weight" if bias is None else "bias"
        raise RuntimeError(f"Input type ({kind}) and {other} type ({kinds}) should be the same")
    if x.dtype.kind != "f":
        raise NotImplementedError(f"\"convolution\" not implemented for '{of_array(x).label}'")
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) <= 0:
        raise RuntimeError(f"dilation should be greater than zero, but got {list(dilation)}")
    if x.shape[1] != weight.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(x.shape)} to have "
            f"{weight.shape[1] * groups} channels, but got {x.shape[1]} channels instead"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise RuntimeError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {weight.shape[0]} "
            f"elements, but got bias of size {list(bias.shape)} instead"
        )
    sizes = [size + 2 * pad for size, pad in zip(x.shape[2:], padding, strict=True)]
    kernel = [reach * (size - 1) + 1 for size, reach in zip(weight.shape[2:], dilation, strict=True)]
    if any(size < reach for size, reach in zip(sizes, kernel, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({sizes[0]} x {sizes[1]}). Kernel size: ({kernel[0]} x "
            f"{kernel[1]}). Kernel size can't be greater than actual input size"
        )


class MaxPool2DWithIndices(Operation):
    """The maximum of each window of images (N, C, H, W), and the flat index of each in its image plane.

    The indices are int64 and only computed on request: they cost more than the maxima. A window with no element inside
    has PyTorch's index, which points beside it; its gradient, which PyTorch adds there, goes nowhere.
    """

    samples = [
        sample("F.max_pool2d(x, 2)", (N, 2, 4, 6)),
        sample("F.max_pool2d(x, (3, 2), (2, 1), padding=(1, 0))", (N, 2, 6, 5)),
        sample("F.max_pool2d(x, 2, dilation=2, ceil_mode=True)", (N, 1, 6, 7)),
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
        check_pool(x, kernel_size, stride, padding, dilation)
        sliding = Sliding(stride, padding, dilation)
        self.window = (kernel_size, sliding)
        self.shape = x.shape
        height, width = (pooled_size(x.shape[2 + i], kernel_size[i], sliding, i, ceil_mode) for i in (0, 1))
        if min(height, width) < 1:
            given, calculated = x.shape[1:], (x.shape[1], max(height, 0), max(width, 0))
            raise RuntimeError(
                f"Given input size: ({'x'.join(map(str, given))}). Calculated output size: "
                f"({'x'.join(map(str, calculated))}). Output size is too small"
            )
        source = x if x.dtype.kind == "f" else x.astype(np.float64)
        values, taps = self.backend.max_pool(source, (height, width), *self.window)
        self.save(taps)
        if x.dtype.kind != "f":
            # No integer is minus infinity, which a window without elements gives: PyTorch takes the lowest one.
            values = self.xp.maximum(values, np.iinfo(x.dtype).min).astype(x.dtype)
        return (values, self.indices(taps)) if return_indices else values

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
        return self.backend.max_pool_gradient(grad, taps, self.shape, *self.window)


def pooled_size(size: int, kernel_size: int, sliding: Sliding, axis: int, ceil_mode: bool) -> int:
    """Return how many windows fit; with `ceil_mode` also a last one that sticks out, if it starts inside."""
    if not ceil_mode:
        return output_size(size, kernel_size, sliding, axis)
    stride = sliding.stride[axis]
    count = output_size(size + stride - 1, kernel_size, sliding, axis)
    return count - 1 if (count - 1) * stride >= size + sliding.padding[axis] else count


def check_pool(x: Array, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> None:
    """Raise PyTorch's RuntimeError unless the options of a pooling make sense for the images x."""
    if min(stride) == 0:
        raise RuntimeError("stride should not be zero")
    if min(kernel_size) <= 0:
        raise RuntimeError("kernel size should be greater than zero, but got kH: {} kW: {}".format(*kernel_size))
    if min(dilation) <= 0:
        raise RuntimeError(
            "dilation should be greater than zero, but got dilationH: {} dilationW: {}".format(*dilation)
        )
    if 0 in x.shape[1:]:
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(x.shape)}"
        )
    for pad, size, reach in zip(padding, kernel_size, dilation, strict=True):
        if pad < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {pad}")
        if pad > ((size - 1) * reach + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={pad}, kernel_size={size} and "
                f"dilation={reach}"
            )
    if any(pad > size // 2 for pad, size in zip(padding, kernel_size, strict=True)):
        raise RuntimeError(
            f"pad should be smaller than or equal to half of kernel size, but got padW = {padding[1]}, padH = "
            f"{padding[0]}, kW = {kernel_size[1]}, kH = {kernel_size[0]}"
        )
