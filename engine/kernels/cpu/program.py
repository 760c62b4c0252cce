"""How kernels become instructions, for programs of one operation and for plans of a whole step."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from nnkit.kernels.backend import AverageWindow, Border, Pair, Sliding, padded_size
from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.instructions import Instruction
from nnkit.kernels.layout import LANES

Shape = Sequence[int]

# Shares of a batch whose gradients are summed apart. As many as the machine has cores, whatever number of threads runs:
# then no result depends on the threads, and each core has one set of sums in its cache and not several.
SLOTS = min(16, max(2, os.cpu_count() or 2))
# Multiply-adds that take longer than to start a second thread, which is awake where one operation follows another.
WORTH_STARTING = 1e6
# Multiply-adds that take about as long as to load an element, change it and store it again.
ELEMENT_WORK = 4


class Weights(NamedTuple):
    """The memory of weights, and how to walk through it: where to begin, and the distances between neighbours."""

    operand: int
    start: int
    output_channel: int
    input_channel: int
    row: int = 0
    column: int = 0


class Affine(NamedTuple):
    """Operands (C,) of a normalization: the statistics, the weight and the bias (0 is none), and what it adds."""

    mean: int
    variance: int
    weight: int
    bias: int
    eps: float


class Program:
    """Instructions for a block of images, and the memory that they work on.

    Shapes are those of one image: (C, H, W) or (C,). Operands are numbers that `memory` gives; number 0 is none.

    Args:
        distance: elements between the neighbouring elements of an image, in all operands with images.
    """

    def __init__(self, distance: int) -> None:
        self.distance = distance
        self.instructions: list[Instruction] = []

    def scratch(self, count: int) -> int:
        """Return an operand for `count` elements of each image that only the next instructions need."""
        raise NotImplementedError

    def slot(self, count: int) -> int:
        """Return an operand for `count` elements that each thread may write to for itself."""
        raise NotImplementedError

    def left_by_blocks(self, count: int) -> int:
        """Return an operand for `count` numbers of each block of images, which wait for those of all others."""
        raise NotImplementedError

    def add(self, opcode: int, **fields: Any) -> None:
        """Append an instruction; fields that are not given are 0."""
        self.instructions.append(Instruction(opcode, **{"distance": self.distance, **fields}))

    def convolution(
        self, x: int, weight: Weights, bias: int, result: int, shapes: tuple[Shape, Shape, Shape], sliding: Sliding
    ) -> None:
        """Correlate x with the weights; shapes are those of x, the weight (O, C / groups, kH, kW) and the result."""
        (channels, height, width), (_, group_channels, *kernel), result_shape = shapes
        padding = sliding.padding[1]
        x = self._placed(x, shapes[0], (1, 1), padding, width + 2 * padding)
        self.add(
            codes.CORRELATE,
            input=x,
            other=weight.operand,
            bias=bias,
            result=result,
            groups=channels // group_channels,
            **_images(channels, height, width + 2 * padding, result_shape),
            **_window(kernel, sliding, sliding.padding[0], padding, padding),
            **_walk(weight),
        )

    def transposed_convolution(
        self, x: int, weight: Weights, bias: int, result: int, shapes: tuple[Shape, Shape, Shape], sliding: Sliding
    ) -> None:
        """Write to the result what x adds to it through the weights; shapes are those of x, the weight and the result.

        It is a correlation of x, spread out by the stride, with the weights turned by 180 degrees and their channels
        exchanged; both are in how the weights are walked through.
        """
        shape, (out_channels, group_channels, *kernel), result_shape = shapes
        groups = result_shape[0] // group_channels
        height, width = kernel
        dilation = sliding.dilation
        top = (height - 1) * dilation[0] - sliding.padding[0]
        left = (width - 1) * dilation[1] - sliding.padding[1]
        spread_height = (shape[1] - 1) * sliding.stride[0] + 1
        spread_width = (shape[2] - 1) * sliding.stride[1] + 1
        # The right border is whatever makes the result as wide as it should be, also where the stride left a rest.
        placed_width = result_shape[2] + (width - 1) * dilation[1]
        x = self._placed(x, shape, sliding.stride, left, placed_width)
        start = weight.start + (height - 1) * weight.row + (width - 1) * weight.column
        turned = weight._replace(
            start=start,
            output_channel=weight.input_channel,
            input_channel=weight.output_channel,
            row=-weight.row,
            column=-weight.column,
        )
        step = Sliding((1, 1), (top, 0), dilation)
        per_group = out_channels // groups
        for group in range(groups):
            # Exchanged channels begin anew in each group, which one walk cannot express.
            self.add(
                codes.CORRELATE,
                input=x,
                other=weight.operand,
                bias=bias,
                result=result,
                first_channel=group * per_group,
                first_result=group * group_channels,
                **_images(per_group, spread_height, placed_width, (group_channels, *result_shape[1:])),
                **_window(kernel, step, top, max(left, 0), max(placed_width - spread_width - left, 0)),
                **_walk(turned._replace(start=start + group * per_group * weight.output_channel)),
            )

    def convolution_weight_gradient(
        self, grad: int, x: int, result: int, shapes: tuple[Shape, Shape, Shape], sliding: Sliding
    ) -> None:
        """Add the gradient of the weight; shapes are those of the gradient, x and the weight."""
        grad_shape, (channels, height, width), (_, group_channels, *kernel) = shapes
        padding = sliding.padding[1]
        x = self._placed(x, shapes[1], (1, 1), padding, width + 2 * padding)
        self.add(
            codes.CORRELATE_WEIGHTS,
            input=x,
            other=grad,
            result=result,
            groups=channels // group_channels,
            **_images(channels, height, width + 2 * padding, grad_shape),
            **_window(kernel, sliding, sliding.padding[0], padding, padding),
        )

    def _placed(self, x: int, shape: Shape, stride: Pair, left: int, width: int) -> int:
        """Return x with its rows and columns spread out by the stride and zeros to the left and right."""
        channels, height, old_width = shape
        if stride == (1, 1) and left == 0 and width == old_width:
            return x
        out_height = (height - 1) * stride[0] + 1
        result = self.scratch(channels * out_height * width)
        self.add(
            codes.PLACE,
            input=x,
            result=result,
            **_images(channels, height, old_width, (channels, out_height, width)),
            vertical_stride=stride[0],
            horizontal_stride=stride[1],
            left_padding=left,
        )
        return result

    def gather(
        self, pixels: int, places: int, result: int, shapes: tuple[Shape, Shape], mean: float, std: float
    ) -> None:
        """Normalise bytes; shapes are (H, W) of the bytes and of the result."""
        (height, width), (out_height, out_width) = shapes
        self.add(
            codes.GATHER,
            input=pixels,
            labels=places,
            result=result,
            **_images(1, height, width, (1, out_height, out_width)),
            scalar=mean,
            other_scalar=std,
        )

    def product(self, x: int, weight: Weights, bias: int, result: int, channels: int, rows: int) -> None:
        """Multiply x (channels,) by the weights, whose output channels are the rows of the result."""
        fields = _walk(weight)
        self.add(
            codes.MULTIPLY,
            input=x,
            other=weight.operand,
            bias=bias,
            result=result,
            channels=channels,
            out_channels=rows,
            **fields,
        )

    def product_weight_gradient(self, grad: int, x: int, result: int, channels: int, rows: int) -> None:
        """Add the gradient (rows, channels) of the weights of `product`, given x and the gradient of its result."""
        scratch = self.slot(-(-channels // LANES) * LANES * LANES)
        self.add(
            codes.MULTIPLY_WEIGHTS,
            input=x,
            other=grad,
            result=result,
            scratch=scratch,
            channels=channels,
            out_channels=rows,
        )

    def channel_sums(self, grad: int, result: int, shape: Shape) -> None:
        """Add the sum of each channel over images and positions; the shape is that of the gradient."""
        self.add(codes.ADD_SUMS, input=grad, result=result, channels=shape[0], length=math.prod(shape[1:]))

    def max_pool(
        self, x: int, result: int, taps: int, shapes: tuple[Shape, Shape], kernel_size: Pair, sliding: Sliding
    ) -> None:
        """Take the maximum under each window; shapes are those of x and the result."""
        self.add(codes.MAX_POOL, input=x, result=result, scratch=taps, **_pool(shapes, kernel_size, sliding))

    def max_pool_gradient(
        self, grad: int, taps: int, result: int, shapes: tuple[Shape, Shape], kernel_size: Pair, sliding: Sliding
    ) -> None:
        """Differentiate `max_pool` by x; shapes are those of x and of the gradient."""
        self.add(codes.MAX_POOL_GRADIENT, input=grad, other=taps, result=result, **_pool(shapes, kernel_size, sliding))

    def average_pool(self, x: int, result: int, shapes: tuple[Shape, Shape], window: AverageWindow | None) -> None:
        """Take the average of each window; shapes are those of x and the result."""
        self.add(codes.AVERAGE_POOL, input=x, result=result, **_averages(shapes, window))

    def average_pool_gradient(
        self, grad: int, result: int, shapes: tuple[Shape, Shape], window: AverageWindow | None
    ) -> None:
        """Differentiate `average_pool` by x; shapes are those of x and of the gradient."""
        self.add(codes.AVERAGE_POOL_GRADIENT, input=grad, result=result, **_averages(shapes, window))

    def pad(self, x: int, result: int, shape: Shape, border: Border) -> None:
        """Put a border around x of a shape (C, H, W)."""
        self.add(codes.PADS[border.mode], input=x, result=result, scalar=border.value, **_framed(shape, border))

    def pad_gradient(self, grad: int, result: int, shape: Shape, border: Border) -> None:
        """Differentiate `pad` by x of a shape (C, H, W)."""
        self.add(codes.PAD_GRADIENTS[border.mode], input=grad, result=result, **_framed(shape, border))

    def channel_moments(self, x: int, result: int, channels: int, length: int) -> None:
        """Write the mean and the variance (2, C) of each channel over the batch; x has `length` elements an image."""
        partial = self.left_by_blocks(2 * channels)
        self.add(codes.BLOCK_MOMENTS, input=x, result=partial, channels=channels, length=length)
        self.add(codes.MERGE_MOMENTS, input=partial, result=result, channels=channels, length=length)

    def normalization(self, x: int, result: int, affine: Affine, channels: int, length: int) -> None:
        """Subtract the mean, divide by the standard deviation, and apply weight and bias; x (C, ...) has `length`."""
        scales = self._scales(affine, channels)
        self.add(codes.NORMALIZE, input=x, other=scales, result=result, channels=channels, length=length)

    def normalization_sums(self, grad: int, x: int, affine: Affine, channels: int, length: int) -> int:
        """Return an operand (2, C) of each block: the sums of `grad` times the normalized x, and of `grad`."""
        partial = self.left_by_blocks(2 * channels)
        scales = self._scales(affine._replace(weight=0, bias=0), channels)
        fields = {"channels": channels, "length": length}
        self.add(codes.NORMALIZE_SUMS, input=grad, other=x, bias=scales, result=partial, **fields)
        return partial

    def normalization_input_gradient(
        self, grad: int, x: int, result: int, affine: Affine, totals: int, channels: int, length: int, batch: int
    ) -> None:
        """Differentiate `normalization` by x; `totals` (2, C) are the sums of `normalization_sums`, or 0.

        Without them the statistics are constants.
        """
        fields = {"channels": channels, "length": length}
        if not totals:
            scales = self._scales(affine._replace(mean=0, bias=0), channels)
            self.add(codes.NORMALIZE, input=grad, other=scales, result=result, **fields)
            return
        slopes = self.slot(4 * channels)
        self.add(
            codes.SLOPES,
            input=totals,
            other=affine.mean,
            bias=affine.variance,
            scratch=affine.weight,
            result=slopes,
            channels=channels,
            scalar=affine.eps,
            other_scalar=batch * (length // channels),
        )
        self.add(codes.NORMALIZE_GRADIENT, input=grad, other=x, bias=slopes, result=result, **fields)

    def _scales(self, affine: Affine, channels: int) -> int:
        scales = self.slot(3 * channels)
        self.add(
            codes.SCALES,
            input=affine.mean,
            other=affine.variance,
            bias=affine.bias,
            scratch=affine.weight,
            result=scales,
            channels=channels,
            scalar=affine.eps,
        )
        return scales


def _pool(shapes: tuple[Shape, Shape], kernel_size: Pair, sliding: Sliding) -> dict[str, int]:
    padding = sliding.padding
    channels, height, width = shapes[0]
    return {
        **_images(channels, height, width, shapes[1]),
        **_window(kernel_size, sliding, padding[0], padding[1], padding[1]),
    }


def _averages(shapes: tuple[Shape, Shape], window: AverageWindow | None) -> dict[str, Any]:
    if window is None:
        channels, height, width = shapes[0]
        return _images(channels, height, width, shapes[1])
    return {
        **_pool(shapes, window.size, window.sliding),
        "scalar": float(window.divisor),
        "other_scalar": float(window.counts_border),
    }


def _framed(shape: Shape, border: Border) -> dict[str, int]:
    channels, height, width = shape
    size = padded_size(shape, border)
    return {
        **_images(channels, height, width, (1, *size)),
        "length": channels * max(math.prod(size), height * width),
        "top_padding": border.rows[0],
        "left_padding": border.columns[0],
    }


def _images(channels: int, height: int, width: int, result: Shape) -> dict[str, int]:
    return {
        "channels": channels,
        "height": height,
        "width": width,
        "out_channels": result[0],
        "out_height": result[1],
        "out_width": result[2],
    }


def _window(kernel_size: Sequence[int], sliding: Sliding, top: int, left: int, right: int) -> dict[str, int]:
    return {
        "kernel_height": kernel_size[0],
        "kernel_width": kernel_size[1],
        "vertical_stride": sliding.stride[0],
        "horizontal_stride": sliding.stride[1],
        "vertical_dilation": sliding.dilation[0],
        "horizontal_dilation": sliding.dilation[1],
        "top_padding": top,
        "left_padding": left,
        "right_padding": right,
    }


def _walk(weight: Weights) -> dict[str, int]:
    return {
        "weight_start": weight.start,
        "weight_output_channel": weight.output_channel,
        "weight_input_channel": weight.input_channel,
        "weight_row": weight.row,
        "weight_column": weight.column,
    }


def work(instructions: Sequence[Instruction]) -> float:
    """Return about how many multiply-adds instructions take for a block of images."""
    total = 0.0
    for step in instructions:
        positions = step.out_height * step.out_width if step.kernel_height else 1
        taps = max(step.kernel_height * step.kernel_width, 1)
        total += LANES * (positions * taps * max(step.channels // step.groups, 1) * max(step.out_channels, 1))
        total += LANES * ELEMENT_WORK * step.length
    return total
