"""Fill matrices, and the weights of convolutions, with patterns; `nnkit.nn.init` has these functions too."""

from __future__ import annotations

import math

import numpy as np

from nnkit.random import Generator
from nnkit.tensors import Tensor, empty, eye, no_grad, randperm


def _require_matrix(tensor: Tensor) -> None:
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with 1 on its diagonal and 0 elsewhere: a linear layer then returns its input.

    Raises:
        ValueError: the tensor is not a matrix.

    Examples:
        >>> nn.init.eye_(torch.empty(2, 3))
        tensor([[1., 0., 0.],
                [0., 1., 0.]])
    """
    _require_matrix(tensor)
    with no_grad():
        return tensor.copy_(eye(*tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the weight of a convolution so that it returns its input channels, as many as there are.

    Args:
        tensor: a weight (out_channels, in_channels / groups, *kernel_size).
        groups: those of the convolution; in each the first outputs are its inputs.

    Raises:
        ValueError: the tensor has not 3, 4 or 5 dimensions, or the groups do not divide its first size.

    Examples:
        >>> nn.init.dirac_(torch.empty(1, 1, 3))
        tensor([[[0., 1., 0.]]])
    """
    if tensor.dim() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    outputs, inputs, *kernel = tensor.shape
    if outputs % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    centre = [size // 2 for size in kernel]
    in_group = outputs // groups
    with no_grad():
        tensor.zero_()
        for first in range(0, outputs, in_group):
            for channel in range(min(in_group, inputs)):
                place = (first + channel, channel, *centre)
                tensor[place] = 1
    return tensor


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a matrix whose rows, or columns if there are fewer of them, are orthogonal and of length `gain`.

    Of a tensor with more than two dimensions all but the first are taken as one.

    Raises:
        ValueError: the tensor has fewer than two dimensions.

    Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2013;
    the signs after Mezzadri, "How to generate random matrices from the classical compact groups", 2006.

    Examples:
        >>> weight = nn.init.orthogonal_(torch.empty(2, 4))
        >>> torch.allclose(weight @ weight.t(), torch.eye(2), atol=1e-6)
        True
    """
    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    drawn = empty(rows, columns, dtype=tensor.dtype).normal_(generator=generator).numpy()
    basis, triangle = np.linalg.qr(drawn.T if rows < columns else drawn)
    # Without this the matrix would not be as likely as any other.
    basis = basis * np.sign(np.diagonal(triangle))
    chosen = np.ascontiguousarray(basis.T if rows < columns else basis)
    with no_grad():
        return tensor.copy_(Tensor.detached(chosen).view(tensor.shape)).mul_(gain)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix with normally distributed numbers, and each column with a share of zeros.

    Args:
        tensor: a matrix.
        sparsity: the share, rounded up to whole elements.
        std: standard deviation of the numbers.
        generator: source of the numbers, but as in PyTorch not of the places of the zeros.

    Raises:
        ValueError: the tensor is not a matrix.

    Source: Martens, "Deep learning via Hessian-free optimization", 2010.

    Examples:
        >>> (nn.init.sparse_(torch.empty(4, 3), sparsity=0.5) == 0).sum(0)
        tensor([2, 2, 2])
    """
    _require_matrix(tensor)
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        tensor.normal_(0, std, generator=generator)
        for column in range(columns):
            tensor[randperm(rows)[:zeros], column] = 0
    return tensor
