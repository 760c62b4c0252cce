"""What ONNX has in the place of operations on sequences and images: convolutions, poolings and borders."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnkit.errors import ExportError
from nnkit.export.step import Converter, Step, fixed
from nnkit.kernels.layout import Array

# NumPy's names for what PyTorch's paddings put at the borders.
_EDGES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def convolution(operator: str) -> Converter:
    """Return what converts a convolution, or a transposed one, to an operator."""

    def convert(step: Step) -> str:
        names = [step.name(number) for number, given in enumerate(step.inputs) if given is not None]
        options = step.options
        further: dict[str, Any] = {}
        if "output_padding" in options:
            further["output_padding"] = list(options["output_padding"])
        return step.graph.add(
            operator,
            *names,
            dilations=list(options["dilation"]),
            group=options["groups"],
            kernel_shape=fixed(step.shape(1)[2:]),
            pads=list(options["padding"]) * 2,
            strides=list(options["stride"]),
            **further,
        )

    return convert


def max_pool(step: Step) -> str:
    """Convert a pooling whose indices nobody wants."""
    if len(step.results) > 1:
        raise ExportError("returns indices")
    kernel, stride, padding, dilation = (
        step.options[name] for name in ("kernel_size", "stride", "padding", "dilation")
    )
    ends = _ends(step, dilation)
    images = _images(step)
    if any(end >= side for end, side in zip(ends, kernel, strict=True)):
        # Dilated windows can stick out further than run-times want a pool to pad.
        images = _framed(step, images, padding, ends, -math.inf)
        padding, ends = (0, 0), [0, 0]
    pooled = step.graph.add(
        "MaxPool",
        images,
        dilations=list(dilation),
        kernel_shape=list(kernel),
        pads=[*padding, *ends],
        strides=list(stride),
    )
    return _as_given(step, pooled)


def average_pool(step: Step) -> str:
    """Convert a pooling to one over images with a border of zeros, and to a factor for each window if it needs one."""
    kernel, stride, padding = (step.options[name] for name in ("kernel_size", "stride", "padding"))
    ends = _ends(step, (1, 1))
    images = _images(step)
    if any((*padding, *ends)):
        images = _framed(step, images, padding, ends, 0.0)
    pooled = step.graph.add("AveragePool", images, kernel_shape=list(kernel), strides=list(stride))
    factors = math.prod(kernel) / _divisors(step)
    if (factors != 1).any():
        pooled = step.graph.add("Mul", pooled, step.number(factors))
    return _as_given(step, pooled)


def _divisors(step: Step) -> Array:
    """Return what the sum of each window (H', W') is divided by."""
    options = step.options
    shape = fixed(step.dimensions[-2:])
    if options["divisor_override"] is not None:
        return np.full(shape, float(options["divisor_override"]))
    lengths = []
    for axis, size in enumerate(fixed(step.shape(0)[-2:])):
        pad = options["padding"][axis]
        starts = np.arange(shape[axis]) * options["stride"][axis] - pad
        ends = np.minimum(starts + options["kernel_size"][axis], size + pad)
        if not options["count_include_pad"]:
            starts, ends = np.maximum(starts, 0), np.minimum(ends, size)
        lengths.append(ends - starts)
    # A window that sees nothing but its border has the sum 0.
    return np.maximum(np.multiply.outer(*lengths), 1).astype(np.float64)


def adaptive_average_pool(step: Step) -> str:
    """Convert a pooling to equal windows, or to products with what each row and column has in each window."""
    sizes, counts = fixed(step.shape(0)[-2:]), fixed(step.dimensions[-2:])
    images = _images(step)
    if not any(size % count for size, count in zip(sizes, counts, strict=True)):
        window = [size // count for size, count in zip(sizes, counts, strict=True)]
        return _as_given(step, step.graph.add("AveragePool", images, kernel_shape=window, strides=window))
    rows, columns = (_shares(size, count) for size, count in zip(sizes, counts, strict=True))
    averaged = step.graph.add("MatMul", step.graph.add("MatMul", step.number(rows), images), step.number(columns.T))
    return _as_given(step, averaged)


def _shares(size: int, count: int) -> Array:
    shares = np.zeros((count, size))
    for window in range(count):
        first, end = window * size // count, -(-(window + 1) * size // count)
        shares[window, first:end] = 1 / (end - first)
    return shares


def constant_border(step: Step) -> str:
    """Convert a border of one number."""
    pairs = [(0, 0)] * (step.ndim - len(step.options["borders"])) + list(reversed(step.options["borders"]))
    before, behind = zip(*pairs, strict=True)
    return step.graph.add(
        "Pad", step.name(0), step.graph.integers(*before, *behind), step.number(step.options["value"])
    )


def edge_border(mode: str) -> Converter:
    """Return what converts a border of elements that are there already: it picks them."""

    def convert(step: Step) -> str:
        result = step.name(0)
        for number, (before, behind) in enumerate(step.options["borders"], start=1):
            axis = step.ndim - number
            (size,) = fixed(step.shape(0)[axis : axis + 1])
            positions = np.pad(np.arange(size), (max(before, 0), max(behind, 0)), mode=_EDGES[mode])
            kept = positions[max(-before, 0) : len(positions) - max(-behind, 0)]
            result = step.graph.add("Gather", result, step.graph.integers(*map(int, kept)), axis=axis)
        return result

    return convert


def _images(step: Step) -> str:
    """Return the input of a pooling as images with channels, which it may not have."""
    return step.graph.add("Unsqueeze", step.name(0), step.graph.integers(1)) if step.ndim == 3 else step.name(0)


def _as_given(step: Step, name: str) -> str:
    return step.graph.add("Squeeze", name, step.graph.integers(1)) if step.ndim == 3 else name


def _ends(step: Step, dilation: tuple[int, int]) -> list[int]:
    """Return how far the last windows stick out: run-times disagree about `ceil_mode`, which would say the same."""
    kernel, stride, padding = (step.options[name] for name in ("kernel_size", "stride", "padding"))
    sizes = zip(fixed(step.shape(0)[-2:]), fixed(step.dimensions[-2:]), strict=True)
    return [
        max(0, (windows - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1 - size - padding[axis])
        for axis, (size, windows) in enumerate(sizes)
    ]


def _framed(step: Step, images: str, padding: tuple[int, int], ends: list[int], value: float) -> str:
    frame = step.graph.integers(0, 0, *padding, 0, 0, *ends)
    return step.graph.add("Pad", images, frame, step.number(value))
