"""The loss of classes on arrays of any layout, where no plan runs."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.layout import Array


def nll_loss(
    log_probabilities: Array, target: Array, weight: Array | None, ignore_index: int, mean: bool
) -> tuple[Array, Array | None]:
    """See `Backend.nll_loss`."""
    classes = log_probabilities.shape[1]
    if weight is None and ignore_index < 0 and target.dtype == np.int64 and (target.view(np.uint64) < classes).all():
        return -log_probabilities[np.arange(len(target)), target], None
    ignored = target == ignore_index
    outside = (target.astype(np.int64).view(np.uint64) >= classes) & ~ignored
    if outside.any():
        raise IndexError(f"Target {int(target[outside][0])} is out of bounds.")
    picked = np.where(ignored, 0, target)
    factors = None
    if weight is not None or ignored.any():
        ones = np.ones(len(target), log_probabilities.dtype)
        factors = np.where(ignored, 0, ones if weight is None else weight[picked])
        factors = factors / np.sum(factors) if mean else factors
    chosen = log_probabilities[np.arange(len(picked)), picked]
    # What is ignored counts 0, or NaN where a mean is over nothing.
    return -chosen if factors is None else np.where(ignored, factors, -factors * chosen), factors


def nll_loss_gradient(
    target: Array, factors: Array | None, share: Array, shape: tuple[int, ...], ignore_index: int
) -> Array:
    """See `Backend.nll_loss_gradient`."""
    out = np.zeros(shape[::-1], share.dtype).T
    if factors is None:
        out[np.arange(len(target)), target] = -share
        return out
    # Where nothing counts the mean divides by 0, and the gradient of what is ignored is 0 all the same.
    ignored = target == ignore_index
    slope = np.where(ignored, 0, -factors * share)
    out[np.arange(len(target)), np.where(ignored, 0, target)] = slope
    return out
