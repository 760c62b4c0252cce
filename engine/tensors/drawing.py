"""Random numbers of given distributions, as PyTorch's generator draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnkit.recording import note_obstacle
from nnkit.streams import HasStream, stream_of
from nnkit.tensors.creation import empty
from nnkit.tensors.explaining import explained
from nnkit.tensors.nesting import warn_once
from nnkit.tensors.tensor import Tensor


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: HasStream | None = None) -> Tensor:
    """Return normally distributed numbers.

    Args:
        mean: a number, or a tensor with one for each element.
        std: the standard deviation, in the same way.
        size: the shape, where both are numbers.
        generator: what draws; the default one where it is omitted.

    Raises:
        RuntimeError: a standard deviation is negative.

    Source: Box and Muller, "A note on the generation of random normal deviates", 1958.

    Examples:
        >>> torch.normal(0.0, 1.0, (2, 3)).shape
        torch.Size([2, 3])
    """
    given = [each.array for each in (mean, std) if isinstance(each, Tensor)]
    if not given:
        return empty(size).normal_(mean, std, generator=generator)
    shape = np.broadcast_shapes(*(each.shape for each in given))
    return empty(shape).normal_(generator=generator).mul(std).add(mean)


@explained
def bernoulli(input: Tensor, *, generator: HasStream | None = None) -> Tensor:
    """Return 1 with the probability that each element is, and 0 else.

    Raises:
        RuntimeError: something is not between 0 and 1.

    Examples:
        >>> torch.bernoulli(torch.tensor([0.0, 1.0]))
        tensor([0., 1.])
    """
    note_obstacle("random numbers in the network")
    chances = input.array
    if not ((chances >= 0) & (chances <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  "
            "If so, please report an enhancement request to PyTorch.)"
        )
    drawn = stream_of(generator).uniform(chances.size, 0, 1, np.dtype(np.float32))
    return Tensor.detached((drawn.reshape(chances.shape) < chances).astype(chances.dtype))


@explained
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: HasStream | None = None
) -> Tensor:
    """Return positions that are drawn with the probabilities of a vector, or of each row of a matrix.

    Args:
        input: weights (C,) or (N, C) that need not sum to 1.
        num_samples: how many are drawn.
        replacement: whether one can be drawn again.
        generator: what draws; the default one where it is omitted.

    Returns:
        int64 (num_samples,) or (N, num_samples).

    Raises:
        RuntimeError: there are not so many to draw, or a weight is negative, infinite or NaN.

    Examples:
        >>> torch.multinomial(torch.tensor([0.0, 3.0]), 2, replacement=True)
        tensor([1, 1])
    """
    note_obstacle("random numbers in the network")
    weights = input.array
    if weights.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    rows = weights.reshape(-1, weights.shape[-1]).astype(np.float64)
    if (rows.sum(1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    draws = stream_of(generator)
    double = np.dtype(np.float64)
    if replacement:
        ends = np.cumsum(rows, 1) / rows.sum(1, keepdims=True)
        drawn = draws.uniform(len(rows) * num_samples, 0, 1, double).reshape(len(rows), num_samples)
        found = np.stack([np.searchsorted(end, numbers, side="left") for end, numbers in zip(ends, drawn, strict=True)])
    else:
        # The least of exponentially distributed times, each divided by its weight, is first with its probability.
        times = -np.log1p(-draws.uniform(rows.size, 0, 1, double)).reshape(rows.shape)
        found = np.argsort(-rows / times, axis=1, kind="stable")[:, :num_samples]
    return Tensor.detached(found.astype(np.int64).reshape(*weights.shape[:-1], num_samples))


def meshgrid(*tensors: Tensor, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Return the coordinates of the points of a grid, one tensor for each axis.

    Args:
        tensors: the coordinates along each axis, (n,).
        indexing: "ij" for axes in their order, "xy" for the first two exchanged; "ij" with a warning if it is omitted.

    Raises:
        RuntimeError: there is no such indexing.

    Examples:
        >>> torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4]), indexing="ij")
        (tensor([[1, 1],
                [2, 2]]), tensor([[3, 4],
                [3, 4]]))
    """
    axes = tuple(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
    if indexing is None:
        warn_once("torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.")
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swapped = indexing == "xy" and len(axes) > 1
    ordered = (axes[1], axes[0], *axes[2:]) if swapped else axes
    shape = [axis.numel() for axis in ordered]
    views = [
        axis.view([1] * place + [-1] + [1] * (len(ordered) - place - 1)).expand(shape)
        for place, axis in enumerate(ordered)
    ]
    if swapped:
        views = [views[1], views[0], *views[2:]]
    return tuple(views)
