"""Layers as functions: everything that a module computes, given its parameters.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Literal, overload

from nnkit import ops
from nnkit.nn.functional_activation import (
    elu,
    gelu,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    relu6,
    relu_,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from nnkit.nn.functional_dropout import dropout, dropout1d, dropout2d
from nnkit.nn.functional_elementwise_loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from nnkit.nn.functional_loss import cross_entropy, nll_loss, one_hot
from nnkit.nn.functional_normalization import batch_norm
from nnkit.nn.naming import require_tensor, typename
from nnkit.tensors import Tensor, apply, apply_all

__all__ = [
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "conv2d",
    "cross_entropy",
    "dropout",
    "dropout1d",
    "dropout2d",
    "elu",
    "gelu",
    "hardtanh",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "relu",
    "relu6",
    "relu_",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softplus",
    "tanh",
]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x A^T + b over the last dimension.

    Args:
        input: x, (..., in_features).
        weight: A, (out_features, in_features).
        bias: b, (out_features,).

    Raises:
        RuntimeError: shapes or dtypes do not fit.
    """
    require_tensor("linear", "input", 1, input)
    require_tensor("linear", "weight", 2, weight)
    if bias is not None:
        require_tensor("linear", "bias", 3, bias)
    if input.dim() == 0 or weight.dim() == 0:
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are {input.dim()}D and {weight.dim()}D"
        )
    if input.dim() == 2:
        return _matrix_linear(input, weight, bias)
    rows = input.reshape(math.prod(input.shape[:-1]), input.shape[-1])
    result = _matrix_linear(rows, weight, bias)
    shape = (*input.shape[:-1], *result.shape[1:])
    # PyTorch's node has this other name where there is no bias.
    return result.view(shape) if bias is not None else apply(ops.UnsafeView, result, shape=shape)


def _matrix_linear(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    if bias is None:
        return apply(ops.Mm, input, weight.t())
    rows, columns = input.shape[0], weight.shape[0]
    if bias.dim() > 1 or bias.numel() not in (1, columns):
        raise RuntimeError(
            f"The expanded size of the tensor ({columns}) must match the existing size ({bias.shape[-1]}) at "
            f"non-singleton dimension 1.  Target sizes: {[rows, columns]}.  Tensor sizes: {list(bias.shape)}"
        )
    return apply(ops.Addmm, bias, input, weight.t())


def _pair(argument: str, value: int | Sequence[int], expected: str) -> tuple[int, int]:
    """Return the two numbers that an option stands for; `argument` and `expected` are of PyTorch's messages."""
    numbers = list(value) if isinstance(value, Sequence) else [value]
    # Also NumPy's integers, which are not instances of int.
    if not all(hasattr(each, "__index__") for each in numbers):
        raise TypeError(f"{argument} must be tuple of ints, not {typename(value)}")
    if len(numbers) not in (1, 2):
        raise RuntimeError(expected.format(numbers))
    return operator.index(numbers[0]), operator.index(numbers[-1])


def _conv_pair(name: str, value: int | Sequence[int]) -> tuple[int, int]:
    expected = (
        f"expected {name} to be a single integer value or a list of 2 values to match the convolution dimensions, "
        f"but got {name}={{}}"
    )
    return _pair(f"conv2d(): argument '{name}'", value, expected)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """Slide filters over images.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: (filters, C / groups, kernel height, kernel width).
        bias: (filters,).
        stride: step between positions.
        padding: rows and columns of zeros on every side, "valid" or "same".
        dilation: distance between the taps of a filter.
        groups: parts of the channels that do not see each other.

    Returns:
        (N, filters, H', W') or (filters, H', W').

    Raises:
        RuntimeError: shapes, dtypes or options do not fit.
    """
    require_tensor("conv2d", "input", 1, input)
    require_tensor("conv2d", "weight", 2, weight)
    if weight.dim() != 4:
        raise RuntimeError(
            "expected weight of conv2d to have 4 dimensions (filters, channels / groups, height, width), "
            f"but got weight of size: {list(weight.shape)}"
        )
    if input.dim() not in (3, 4):
        raise RuntimeError(
            f"Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: {list(input.shape)}"
        )
    _check_groups(weight, groups)
    if input.dim() == 3:
        return conv2d(input.unsqueeze(0), weight, bias, stride, padding, dilation, groups).squeeze(0)
    steps, spacing = _conv_pair("stride", stride), _conv_pair("dilation", dilation)
    if isinstance(padding, str):
        return _named_padding(input, weight, bias, steps, padding, spacing, groups)
    return apply(
        ops.Convolution,
        input,
        weight,
        bias,
        stride=steps,
        padding=_conv_pair("padding", padding),
        dilation=spacing,
        groups=groups,
    )


def _check_groups(weight: Tensor, groups: int) -> None:
    filters, given = weight.shape[0], list(weight.shape)
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
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


def _named_padding(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: str,
    dilation: tuple[int, int],
    groups: int,
) -> Tensor:
    if padding == "valid":
        return conv2d(input, weight, bias, stride, 0, dilation, groups)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if stride != (1, 1):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [reach * (size - 1) for reach, size in zip(dilation, weight.shape[2:], strict=True)]
    wide = conv2d(input, weight, bias, 1, [(total + 1) // 2 for total in totals], dilation, groups)
    # An odd total has one row more below than above. Padded as much above, the first row is one too many.
    return wide[:, :, totals[0] % 2 :, totals[1] % 2 :] if any(total % 2 for total in totals) else wide


def _pool_pair(name: str, position: int, value: int | Sequence[int], verb: str) -> tuple[int, int]:
    expected = f"max_pool2d: {name} must {verb} a single int, or a tuple of two ints"
    return _pair(f"max_pool2d(): argument '{name}' (position {position})", value, expected)


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = ...,
    padding: int | Sequence[int] = ...,
    dilation: int | Sequence[int] = ...,
    ceil_mode: bool = ...,
    return_indices: Literal[False] = ...,
) -> Tensor: ...


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = ...,
    padding: int | Sequence[int] = ...,
    dilation: int | Sequence[int] = ...,
    ceil_mode: bool = ...,
    return_indices: bool = ...,
) -> Tensor | tuple[Tensor, Tensor]: ...


def max_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return the greatest value of each window.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: height and width of the window.
        stride: step between windows, `kernel_size` when omitted.
        padding: rows and columns of minus infinity on every side.
        dilation: distance between the elements of a window.
        ceil_mode: keep a last window that reaches beyond the image.
        return_indices: return also where each value was, counted within its channel.

    Returns:
        (N, C, H', W') or (C, H', W').

    Raises:
        RuntimeError: shapes or options do not fit.
    """
    require_tensor("max_pool2d", "input", 1, input)
    window = _pool_pair("kernel_size", 2, kernel_size, "either be")
    steps = window if stride is None else _pool_pair("stride", 3, stride, "either be omitted,")
    borders = _pool_pair("padding", 4, padding, "either be")
    spacing = _pool_pair("dilation", 5, dilation, "be either")
    if input.dim() not in (3, 4):
        raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
    images = input if input.dim() == 4 else input.unsqueeze(0)
    results = apply_all(
        ops.MaxPool2DWithIndices,
        images,
        kernel_size=window,
        stride=steps,
        padding=borders,
        dilation=spacing,
        ceil_mode=ceil_mode,
        return_indices=return_indices,
    )
    if input.dim() == 3:
        results = tuple(result.squeeze(0) for result in results)
    return (results[0], results[1]) if return_indices else results[0]
