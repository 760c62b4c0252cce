"""Layers as functions: everything that a module computes, given its parameters.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import math
import warnings

from nnkit import ops
from nnkit.dtypes import dtype as DType
from nnkit.nn.functional_convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from nnkit.nn.functional_dropout import dropout, dropout1d, dropout2d
from nnkit.nn.functional_loss import cross_entropy, mse_loss, nll_loss
from nnkit.nn.functional_normalization import batch_norm
from nnkit.nn.functional_padding import pad
from nnkit.nn.functional_pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    avg_pool1d,
    avg_pool2d,
    max_pool1d,
    max_pool2d,
)
from nnkit.nn.naming import require_tensor
from nnkit.tensors import Tensor, apply

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cross_entropy",
    "dropout",
    "dropout1d",
    "dropout2d",
    "linear",
    "log_softmax",
    "max_pool1d",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "pad",
    "relu",
    "relu_",
    "sigmoid",
    "softmax",
    "tanh",
]


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return the greater of each element and 0; NaN stays NaN."""
    require_tensor("relu", "input", 1, input)
    return input.relu_() if inplace else input.relu()


def relu_(input: Tensor) -> Tensor:
    """Write the greater of each element and 0 over `input`."""
    require_tensor("relu_", "input", 1, input)
    return input.relu_()


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent of each element."""
    require_tensor("tanh", "input", 1, input)
    return input.tanh()


def sigmoid(input: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x)) of each element."""
    require_tensor("sigmoid", "input", 1, input)
    return input.sigmoid()


def _along(name: str, input: Tensor, dim: int | None, dtype: DType | None) -> tuple[Tensor, int]:
    """Return the input and the dimension of a softmax, as PyTorch makes them out of what was given and what was not."""
    require_tensor(name, "input", 1, input)
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an "
            "argument.",
            stacklevel=3,
        )
        dim = 0 if input.dim() in (0, 1, 3) else 1
    return (input if dtype is None else input.to(dtype)), dim


def softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """Return exp(x) divided by its sum along `dim`.

    Args:
        input: any shape.
        dim: the dimension; omitting it is deprecated.
        dtype: convert `input` to this type first.

    Raises:
        IndexError: there is no such dimension.
        NotImplementedError: the input is not floating-point.
    """
    input, dim = _along("softmax", input, dim, dtype)
    return input.softmax(dim)


def log_softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """Return the logarithm of the softmax along `dim`, computed without overflow.

    Args:
        input: any shape.
        dim: the dimension; omitting it is deprecated.
        dtype: convert `input` to this type first.

    Raises:
        IndexError: there is no such dimension.
        NotImplementedError: the input is not floating-point.
    """
    input, dim = _along("log_softmax", input, dim, dtype)
    return input.log_softmax(dim)


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
