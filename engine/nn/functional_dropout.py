"""Dropout as functions.

Source: Hinton et al., "Improving neural networks by preventing co-adaptation of feature detectors", 2012; of whole
channels: Tompson et al., "Efficient object localization using convolutional networks", 2015, section 3.2. The arguments
and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import functools
import warnings

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.kernels.memory import aligned, aligned_like
from nnkit.recording import note_remade
from nnkit.streams import default_stream
from nnkit.tensors import Tensor
from nnkit.tensors.naming import require_tensor


def check_probability(p: float) -> None:
    """Raise PyTorch's ValueError unless `p` is between 0 and 1."""
    if p < 0 or p > 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability `p` and divide the others by 1 - p; without `training`, nothing.

    Args:
        input: of any shape.
        p: the probability of zero.
        training: False returns the input.
        inplace: write the result over the input.

    Raises:
        ValueError: `p` is not between 0 and 1.

    Examples:
        >>> F.dropout(torch.ones(3), p=1.0)
        tensor([0., 0., 0.])
        >>> F.dropout(torch.ones(3), training=False)
        tensor([1., 1., 1.])
    """
    require_tensor("dropout", "input", 1, input)
    check_probability(p)
    # PyTorch draws in the order of the elements in memory.
    order = sorted(range(input.dim()), key=lambda dim: -input.stride(dim))
    return _dropped(input, input.array.shape, tuple(order), p, training, inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each channel of each example with probability `p`, and divide the others by 1 - p.

    Args:
        input: (N, C, L) or (C, L).
        p: the probability of zero.
        training: False returns the input.
        inplace: write the result over the input.

    Raises:
        ValueError: `p` is not between 0 and 1.
        RuntimeError: the input has another number of dimensions.

    Examples:
        >>> F.dropout1d(torch.ones(1, 2, 3), training=False).shape
        torch.Size([1, 2, 3])
    """
    check_probability(p)
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.dim()}D input. Note that dropout1d exists to "
            "provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional "
            "batch dimension (i.e. 2D or 3D inputs)."
        )
    if input.dim() == 3:
        return _channels_dropped(input, p, training, inplace)
    result = _channels_dropped(input.unsqueeze(0), p, training, inplace)
    return input if inplace else result.squeeze(0)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each channel of each image with probability `p`, and divide the others by 1 - p.

    Neighbouring pixels say much the same: what one of them lost, the next layer would still learn from the others.

    Args:
        input: (N, C, H, W). With three dimensions they are taken for (N, C, L), with others for (N, C, ...); both with
            PyTorch's warning.
        p: the probability of zero.
        training: False returns the input.
        inplace: write the result over the input.

    Raises:
        ValueError: `p` is not between 0 and 1.
        RuntimeError: the input has fewer than two dimensions.

    Examples:
        >>> F.dropout2d(torch.ones(4, 2, 5, 5), p=0.3).shape
        torch.Size([4, 2, 5, 5])
    """
    check_probability(p)
    if input.dim() not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.dim()}-D input to dropout2d, which is deprecated and will result in an "
            "error in a future release. To retain the behavior and silence this warning, please use dropout instead. "
            "Note that dropout2d exists to provide channel-wise dropout on inputs with 2 spatial dimensions, a channel "
            "dimension, and an optional batch dimension (i.e. 3D or 4D inputs).",
            stacklevel=2,
        )
    if input.dim() == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a "
            "future release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain "
            "the 1D channel-wise dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return _channels_dropped(input, p, training, inplace)


def _channels_dropped(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    if input.dim() < 2 and training and 0 < p < 1 and input.numel():
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    shape = (*input.array.shape[:2], *[1] * (input.dim() - 2))
    return _dropped(input, shape, tuple(range(input.dim())), p, training, inplace)


def _dropped(
    input: Tensor, shape: tuple[int, ...], order: tuple[int, ...], p: float, training: bool, inplace: bool
) -> Tensor:
    """Return the input times factors that are drawn in `shape`, which can be broadcast to that of the input.

    `order` names the dimensions from the one that changes last to the one that changes first as numbers are drawn.
    """
    if not training or p == 0 or not input.numel():
        return input
    if p < 1 and not input.is_floating_point():
        raise RuntimeError(f"result type Float can't be cast to the desired output type {input.dtype.label}")
    make = functools.partial(_factors, input.array, shape, order, p)
    factors = Tensor.detached(make())
    note_remade(factors, make)
    return input.mul_(factors) if inplace else input.mul(factors)


def _factors(like: Array, shape: tuple[int, ...], order: tuple[int, ...], p: float) -> Array:
    """Return 0 with probability p and 1 / (1 - p) elsewhere, drawn in `shape`, in the shape and type of `like`."""
    factors = aligned_like(like) if shape == like.shape else aligned(shape, like.dtype)
    if p == 1:
        factors.fill(0)
    else:
        ordered, kind = factors.transpose(order), like.dtype.type
        kept = default_stream.bernoulli(factors.size, 1 - p).reshape(ordered.shape)
        np.multiply(kept, kind(1) / kind(1 - p), out=ordered)
    return np.broadcast_to(factors, like.shape)
