"""Convolutions of sequences (N, C, L) and of images (N, C, H, W): a sequence is an image of height 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnkit.dtypes import C_NAMES, of_array
from nnkit.kernels.backend import Pair, Sliding, ThreeGradients
from nnkit.kernels.layout import Array
from nnkit.ops.half import widened
from nnkit.ops.operation import Gradients, N, Operation, sample
from nnkit.ops.shape import inferred_shape

Sizes = Sequence[int]


class Correlation(Operation):
    """What a convolution and a transposed one share: each is the gradient of the other."""

    saved_names = ("input", "weight")

    def prepared(
        self, x: Array, weight: Array, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
    ) -> tuple[Array, Array]:
        """Keep what `backward` needs, and return x and the weight as images."""
        self.save(x if self.needs_input_grad[1] else None, weight if self.needs_input_grad[0] else None)
        self.is_flat = x.ndim == 3
        images, kernels = self.images(x), self.images(weight)
        self.shape, self.kernel_size = images.shape, kernels.shape[2:]
        self.window = (Sliding(_pair(stride, 1), _pair(padding, 0), _pair(dilation, 1)), groups)
        return images, kernels

    def images(self, a: Array) -> Array:
        """Return an array with its height, which sequences do not have."""
        return self.xp.expand_dims(a, 2) if a.ndim == 3 else a

    def sequences(self, a: Array) -> Array:
        """Return an array without its height if that of the input has none."""
        return a.squeeze(2) if self.is_flat else a

    def backward(self, grad: Array) -> Gradients:
        x, weight = (None if each is None else widened(self.images(each)) for each in self.saved)
        by_x, by_weight, by_bias = self.gradients(widened(self.images(grad)), x, weight)
        by_x, by_weight = (None if each is None else self.sequences(each) for each in (by_x, by_weight))
        return by_x, by_weight, by_bias

    def gradients(self, grad: Array, x: Array | None, weight: Array | None) -> ThreeGradients:
        """Return the gradients of x, weight and bias, all of them images; a factor that was not kept is None."""
        raise NotImplementedError


class Convolution(Correlation):
    """The correlation of x (N, C, ...) with kernels (O, C / groups, ...), plus a bias (O)."""

    samples = [
        sample("F.conv2d(x, y, z)", (N, 3, 6, 7), (4, 3, 3, 2), (4,)),
        sample("F.conv2d(x, y, padding=(2, 1), stride=(1, 2))", (N, 2, 5, 6), (3, 2, 3, 3)),
        sample("F.conv2d(x, y, stride=2, dilation=(2, 1))", (N, 1, 8, 8), (2, 1, 3, 3)),
        sample("F.conv2d(x, y, z, groups=2, padding=1)", (N, 4, 4, 4), (6, 2, 3, 3), (6,)),
        sample("F.conv2d(x, y, z, padding='same', dilation=(1, 2))", (N, 2, 5, 4), (3, 2, 3, 2), (3,)),
        sample("F.conv1d(x, y, z)", (N, 3, 7), (4, 3, 3), (4,)),
        sample("F.conv1d(x, y, stride=2, padding=1, dilation=2, groups=2)", (N, 4, 9), (4, 2, 3)),
    ]

    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        *,
        stride: Sizes,
        padding: Sizes,
        dilation: Sizes,
        groups: int,
    ) -> Array:
        check_options(stride, padding)
        if min(dilation) <= 0:
            raise RuntimeError(f"dilation should be greater than zero, but got {list(_pair(dilation, 1))}")
        check_channels(x, weight, bias, groups)
        check_kernel_fits(x, weight, padding, dilation)
        check_types(x, weight, bias)
        images, kernels = self.prepared(x, weight, stride, padding, dilation, groups)
        result = self.backend.convolution(*_floating(images, kernels, bias), *self.window)
        return self.sequences(result).astype(x.dtype, copy=False)

    def gradients(self, grad: Array, x: Array | None, weight: Array | None) -> ThreeGradients:
        needs = self.needs_input_grad
        return self.backend.convolution_gradients(
            grad, x, weight, self.shape, self.kernel_size, *self.window, (needs[0], needs[1], needs[2])
        )


class TransposedConvolution(Correlation):
    """The sum of a kernel (C, O / groups, ...) at each place of x (N, C, ...), times what is there, plus a bias (O)."""

    samples = [
        sample("F.conv_transpose2d(x, y, z)", (N, 3, 4, 5), (3, 2, 3, 2), (2,)),
        sample("F.conv_transpose2d(x, y, stride=(1, 2), padding=(2, 1))", (N, 2, 5, 3), (2, 3, 3, 3)),
        sample("F.conv_transpose2d(x, y, z, 2, 1, 1, groups=2)", (N, 4, 3, 3), (4, 2, 3, 3), (4,)),
        sample("F.conv_transpose2d(x, y, output_padding=1, dilation=(3, 2))", (N, 2, 3, 4), (2, 1, 2, 2)),
        sample("F.conv_transpose1d(x, y, z)", (N, 3, 5), (3, 2, 3), (2,)),
        sample("F.conv_transpose1d(x, y, stride=3, output_padding=2)", (N, 2, 4), (2, 2, 4)),
    ]
    node_name = "ConvolutionBackward0"

    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        *,
        stride: Sizes,
        padding: Sizes,
        output_padding: Sizes,
        dilation: Sizes,
        groups: int,
    ) -> Array:
        check_options(stride, padding, output_padding)
        check_channels(x, weight, bias, groups, transposed=True)
        # Unlike there, the weight is looked at first.
        check_types(x, weight, None)
        check_types(x, weight, bias)
        images, kernels = self.prepared(x, weight, stride, padding, dilation, groups)
        further = _pair(output_padding, 0)
        shape = (x.shape[0], kernels.shape[1] * groups, *(self.extent(axis, further[axis]) for axis in (0, 1)))
        check_transposed(images, kernels, shape, self.window[0], further)
        images, kernels, bias = _floating(images, kernels, bias)
        result = self.backend.transposed_convolution(images, kernels, bias, shape, *self.window)
        return self.sequences(result).astype(x.dtype, copy=False)

    def extent(self, axis: int, further: int) -> int:
        """Return the height (axis 0) or width (1) of the result."""
        stride, padding, dilation = (option[axis] for option in self.window[0])
        return (self.shape[2 + axis] - 1) * stride - 2 * padding + dilation * (self.kernel_size[axis] - 1) + further + 1

    def gradients(self, grad: Array, x: Array | None, weight: Array | None) -> ThreeGradients:
        by_x = by_weight = None
        if weight is not None:
            height, width = self.shape[2:]
            # What was added at the ends can be large enough for another window.
            by_x = self.backend.convolution(grad, weight, None, *self.window)[:, :, :height, :width]
        if x is not None:
            by_weight = self.backend.convolution_weight_gradient(x, grad, self.kernel_size, *self.window)
        return by_x, by_weight, self.backend.channel_sums(grad) if self.needs_input_grad[2] else None


def _pair(option: Sizes, of_height: int) -> Pair:
    """Return an option for images, given that for images or for sequences."""
    return (option[0], option[1]) if len(option) == 2 else (of_height, option[0])


def _floating(x: Array, weight: Array, bias: Array | None) -> tuple[Array, Array, Array | None]:
    """Return arrays of a type that kernels calculate in, which integers and halves are converted to."""
    if x.dtype.char in "fd":
        return x, weight, bias
    kind = np.float32 if x.dtype.kind == "f" else np.float64
    return x.astype(kind), weight.astype(kind), None if bias is None else bias.astype(kind)


def check_options(stride: Sizes, padding: Sizes, output_padding: Sizes = (0,)) -> None:
    """Raise PyTorch's RuntimeError unless the options of a convolution make sense."""
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(output_padding) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")


def check_channels(x: Array, weight: Array, bias: Array | None, groups: int, *, transposed: bool = False) -> None:
    """Raise PyTorch's RuntimeError unless the shapes of a convolution's inputs fit together."""
    filters, given = weight.shape[0], list(weight.shape)
    if x.ndim != weight.ndim:
        raise RuntimeError(
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight {given}, but got "
            f"{x.ndim}-dimensional input of size {list(x.shape)} instead"
        )
    if filters < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, "
            f"but got weight of size {given} instead"
        )
    if filters % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size [{given}] instead"
        )
    inner = weight.shape[1] * groups
    channels, results = (filters, inner) if transposed else (inner, filters)
    if x.shape[1] != channels:
        raise RuntimeError(
            f"Given {'transposed=1' if transposed else f'groups={groups}'}, weight of size {given}, expected "
            f"input{list(x.shape)} to have {channels} channels, but got {x.shape[1]} channels instead"
        )
    if bias is not None and bias.shape != (results,):
        raise RuntimeError(
            f"Given {'transposed=1, ' if transposed else ''}weight of size {given}, expected bias to be 1-dimensional "
            f"with {results} elements, but got bias of size {list(bias.shape)} instead"
        )


def check_kernel_fits(x: Array, weight: Array, padding: Sizes, dilation: Sizes) -> None:
    """Raise PyTorch's RuntimeError unless there is a place for the kernel in x with its padding."""
    sizes = [size + 2 * pad for size, pad in zip(x.shape[2:], padding, strict=True)]
    kernel = [reach * (size - 1) + 1 for size, reach in zip(weight.shape[2:], dilation, strict=True)]
    if any(size < reach for size, reach in zip(sizes, kernel, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({_joined(sizes)}). Kernel size: ({_joined(kernel)}). Kernel "
            "size can't be greater than actual input size"
        )
    check_not_empty(weight)


def check_transposed(x: Array, weight: Array, shape: Sizes, sliding: Sliding, output_padding: Pair) -> None:
    """Raise PyTorch's RuntimeError unless a transposed convolution of images has a result of a possible shape."""
    if x.size == 0 and 0 not in x.shape[:2]:
        raise RuntimeError(
            f"Only zero batch or zero channel inputs are supported, but got input shape: {list(x.shape)}"
        )
    check_not_empty(weight)
    if x.size == 0:
        # There is nothing to calculate: PyTorch gives it the shape, if that is one.
        inferred_shape(shape, 0)
        return
    check_transposed_options(sliding, output_padding)
    if min(shape[2:]) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({_joined(x.shape[2:])}). Calculated output size per channel: "
            f"({_joined(shape[2:])}). Output size is too small"
        )


def check_transposed_options(sliding: Sliding, output_padding: Pair) -> None:
    """Raise PyTorch's RuntimeError unless the options of a transposed convolution make sense."""
    stride, _, dilation = sliding
    if min(dilation) <= 0:
        raise RuntimeError(
            "dilation should be greater than zero, but got dilation_height: {}, dilation_width: {}".format(*dilation)
        )
    if any(output_padding[axis] >= max(stride[axis], dilation[axis]) for axis in (0, 1)):
        options = {"output_padding": output_padding, "stride": stride, "dilation": dilation}
        told = " ".join(f"{name}_height: {height} {name}_width: {width}" for name, (height, width) in options.items())
        raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got {told}")


def check_not_empty(weight: Array) -> None:
    """Raise PyTorch's RuntimeError if a kernel has no elements."""
    if weight.shape[1] == 0:
        raise RuntimeError(f"non-empty 2D or 4D weight tensor expected, but got: {list(weight.shape)}")
    if min(weight.shape[2:]) < 1:
        height, width = _pair(weight.shape[2:], 1)
        raise RuntimeError(
            f"kernel size should be greater than zero, but got kernel_height: {height} kernel_width: {width}"
        )


def check_types(x: Array, weight: Array, bias: Array | None) -> None:
    """Raise PyTorch's errors unless a convolution's inputs have one type, and one that it is made for."""
    if bias is not None and bias.dtype != x.dtype:
        kinds = (C_NAMES[of_array(each)] for each in (x, bias))
        raise RuntimeError("Input type ({}) and bias type ({}) should be the same".format(*kinds))
    if weight.dtype != x.dtype:
        raise RuntimeError(f"expected scalar type {of_array(x).label} but found {of_array(weight).label}")
    if x.dtype.kind == "b":
        raise NotImplementedError("\"slow_conv2d_cpu\" not implemented for 'Bool'")


def _joined(sizes: Sizes) -> str:
    return " x ".join(map(str, sizes))
