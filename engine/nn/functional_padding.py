"""Borders as a function; `nnkit.nn.functional` has it among its names.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nnkit import ops
from nnkit.tensors import Tensor, apply
from nnkit.tensors.naming import integers, require_tensor, typename

_EDGES: dict[str, tuple[type[ops.EdgePad], type[ops.EdgePad]]] = {
    "reflect": (ops.ReflectionPad1D, ops.ReflectionPad2D),
    "replicate": (ops.ReplicationPad1D, ops.ReplicationPad2D),
    "circular": (ops.CircularPad, ops.CircularPad),
}
_SUPPORTED = """
Supported combinations for non-constant padding:
  - 2D or 3D input: padding size = 2 (pads last dimension)
  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)
  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"""


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Put something before and behind the elements along the last dimensions.

    Args:
        input: any shape; for modes other than "constant" (N, C, L), (C, L), (N, C, H, W) or (C, H, W).
        pad: how many elements before and behind those of the last dimension, then of the one before it, and so on.
            Less than 0 cuts some off.
        mode: "constant", "reflect" (mirrored at the outermost element, which is not repeated), "replicate" (the
            outermost element) or "circular" (the elements from the other end).
        value: the constant, 0 when omitted.

    Returns:
        Another tensor of as many dimensions.

    Raises:
        RuntimeError: numbers that do not fit the shape.
        NotImplementedError: an unknown mode, or one that is not made for such a shape.

    Examples:
        >>> F.pad(torch.tensor([[1, 2, 3]]), (2, 1), "reflect")
        tensor([[3, 2, 1, 2, 3, 2]])
    """
    require_tensor("pad", "input", 1, input)
    numbers = _numbers(pad, value)
    if mode not in ("constant", *_EDGES):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if len(numbers) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(numbers) > 2 * input.dim():
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(numbers)} and input of dimension {input.dim()}"
        )
    borders = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    if mode == "constant":
        return _constant(input, borders, value)
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    dims = len(borders)
    if dims not in (1, 2) or input.dim() not in (dims + 1, dims + 2):
        # PyTorch's third combination is one of volumes, which there are no layers for.
        raise NotImplementedError(
            f"Padding size {len(numbers)} is not supported for {input.dim()}D input tensor.{_SUPPORTED}"
        )
    if mode == "circular":
        input, borders = _cut(input, borders)
    else:
        _check_edges(mode, input, borders)
    return apply(_EDGES[mode][dims - 1], input, borders=borders)


def _numbers(pad: object, value: object) -> list[int]:
    if not isinstance(pad, Sequence) or isinstance(pad, str):
        raise TypeError(f"pad(): argument 'pad' (position 2) must be tuple of ints, not {typename(pad)}")
    if value is not None and not isinstance(value, int | float):
        raise TypeError(f"pad(): argument 'value' (position 4) must be float, not {typename(value)}")
    return integers("pad(): argument 'pad' (position 2)", pad)


def _constant(input: Tensor, borders: tuple[tuple[int, int], ...], value: float | None) -> Tensor:
    for size, (before, behind) in zip(reversed(input.shape), borders, strict=False):
        if size + min(before, 0) + min(behind, 0) < 0 or size + before + behind < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
    constant = 0 if value is None else value
    if not input.dtype.is_floating_point and not math.isfinite(constant):
        raise RuntimeError(f"value cannot be converted to type {input.array.dtype}_t without overflow")
    return apply(ops.ConstantPadNd, input, borders=borders, value=constant)


def _cut(input: Tensor, borders: tuple[tuple[int, int], ...]) -> tuple[Tensor, tuple[tuple[int, int], ...]]:
    """Return the input without what numbers below 0 cut off, and the other borders, which go round what is left."""
    for size, border in zip(reversed(input.shape), borders, strict=False):
        if max(border) > size:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        kept = size + sum(min(number, 0) for number in border)
        if size + sum(border) < 0 or (kept < 1 and max(border) > 0):
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
    for dim, (before, behind) in enumerate(borders, start=1):
        if before < 0 or behind < 0:
            key = (..., slice(max(-before, 0), behind if behind < 0 else None), *(slice(None),) * (dim - 1))
            input = input[key]
    return input, tuple((max(before, 0), max(behind, 0)) for before, behind in borders)


def _check_edges(mode: str, input: Tensor, borders: tuple[tuple[int, int], ...]) -> None:
    dims, shape = len(borders), list(input.shape)
    if input.dtype.label == "Bool":
        name = "reflection" if mode == "reflect" else "replication"
        raise NotImplementedError(f"\"{name}_pad{dims}d\" not implemented for 'Bool'")
    if 0 in shape[input.dim() - dims - 1 :]:
        raise RuntimeError(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {shape}"
        )
    sizes = shape[-dims:]
    for number, border in enumerate(borders):
        dim = input.dim() - 1 - number
        if mode == "reflect" and max(border) >= shape[dim]:
            raise RuntimeError(
                f"Argument #{4 + 2 * number}: Padding size should be less than the corresponding input dimension, but "
                f"got: padding {border} at dimension {dim} of input {shape}"
            )
    padded = [size + sum(border) for size, border in zip(sizes, reversed(borders), strict=True)]
    if max(padded) < 1 or min(padded) < 0:
        names = "HW"[-dims:]
        given, calculated = (
            separator.join(f"{name}: {size}" for name, size in zip(names, each, strict=True))
            for separator, each in ((", ", sizes), (" ", padded))
        )
        raise RuntimeError(f"input ({given}) is too small. Calculated output {calculated}")
