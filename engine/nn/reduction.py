"""How losses of many elements become one number; older arguments for it are understood, with a warning."""

from __future__ import annotations

import warnings

from nnkit.tensors import Tensor


def reduction_of(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """Return the reduction that `size_average` and `reduce` mean, or `reduction` where they are not given."""
    if size_average is None and reduce is None:
        return reduction
    # Their truth is asked for: whoever makes a loss with its input and target instead of calling it, hears of it.
    averaged, one = size_average is None or bool(size_average), reduce is None or bool(reduce)
    meant = "none" if not one else "mean" if averaged else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{meant}' instead.", stacklevel=3
    )
    return meant


def check_reduction(reduction: str) -> None:
    """Raise PyTorch's ValueError unless losses can be reduced in this way."""
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """Return losses, their sum or their mean."""
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()
