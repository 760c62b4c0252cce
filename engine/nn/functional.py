"""Layers as functions: everything that a module computes, given its parameters.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import math

from nnkit import ops
from nnkit.nn.functional_activation import (
    elu,
    gelu,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    prelu,
    relu,
    relu6,
    relu_,
    selu,
    sigmoid,
    silu,
    softmax,
    softmin,
    softplus,
    softsign,
    tanh,
)
from nnkit.nn.functional_convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d
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
from nnkit.nn.functional_embedding import embedding
from nnkit.nn.functional_loss import cross_entropy, nll_loss, one_hot
from nnkit.nn.functional_normalization import batch_norm, layer_norm
from nnkit.nn.functional_padding import pad
from nnkit.nn.functional_pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    avg_pool1d,
    avg_pool2d,
    max_pool1d,
    max_pool2d,
)
from nnkit.tensors import Tensor, apply
from nnkit.tensors.naming import require_tensor

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cross_entropy",
    "dropout",
    "dropout1d",
    "dropout2d",
    "elu",
    "embedding",
    "gelu",
    "hardtanh",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "max_pool1d",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "pad",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softmin",
    "softplus",
    "softsign",
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

    Examples:
        >>> F.linear(torch.ones(1, 3), torch.ones(2, 3), torch.tensor([0.0, 1.0]))
        tensor([[3., 4.]])
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
