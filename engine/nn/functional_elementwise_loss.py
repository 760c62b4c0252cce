"""The losses of each element as functions; `nnkit.nn.functional` has them among its names.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import warnings

from nnkit import ops
from nnkit.nn.reduction import check_reduction, reduced, reduction_of
from nnkit.ops.operation import broadcast_shapes
from nnkit.tensors import Tensor, apply
from nnkit.tensors.naming import require_tensor


def _broadcast(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return two tensors of one shape, with a warning if they are not of one."""
    if target.size() == input.size():
        return input, target
    warnings.warn(
        f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). "
        "This will likely lead to incorrect results due to broadcasting. "
        "Please ensure they have the same size.",
        stacklevel=3,
    )
    shape = broadcast_shapes(input.shape, target.shape)
    return input.expand(shape), target.expand(shape)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the squared difference.

    Args:
        input: any shape.
        target: the same shape; another one is broadcast, with a warning.
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".

    Raises:
        RuntimeError: the shapes cannot be broadcast.
        NotImplementedError: neither is floating-point.
        ValueError: unknown reduction.

    Examples:
        >>> F.mse_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 5.0]))
        tensor(4.5000)
    """
    input, target = _broadcast(input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    return apply(ops.MseLoss, input, target, reduction=reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the absolute difference.

    Args:
        input: any shape.
        target: the same shape; another one is broadcast, with a warning.
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".

    Raises:
        RuntimeError: the shapes cannot be broadcast, or neither is floating-point.
        ValueError: unknown reduction.

    Examples:
        >>> F.l1_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 5.0]))
        tensor(1.5000)
    """
    input, target = _broadcast(input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    return reduced((input - target).abs(), reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Return the absolute difference less half of beta, and for differences below beta a parabola.

    Args:
        input: any shape.
        target: the same shape; another one is broadcast, with a warning.
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".
        beta: where the parabola ends.

    Raises:
        RuntimeError: the shapes cannot be broadcast, or beta is negative.
        NotImplementedError: neither is floating-point.
        ValueError: unknown reduction.

    Source: Girshick, "Fast R-CNN", 2015, equation 3.

    Examples:
        >>> F.smooth_l1_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.5, 5.0]), reduction="none")
        tensor([0.1250, 2.5000])
    """
    input, target = _broadcast(input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    if beta == 0.0:
        return l1_loss(input, target, reduction=reduction)
    check_reduction(reduction)
    if beta < 0.0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return apply(ops.SmoothL1Loss, input, target, reduction=reduction, beta=beta)


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """Return half the squared difference, and from delta on a straight line.

    Args:
        input: any shape.
        target: the same shape; another one is broadcast, with a warning.
        reduction: "mean" or "sum" over all elements, or "none".
        delta: where the line begins.

    Raises:
        RuntimeError: the shapes cannot be broadcast, or delta is not positive.
        NotImplementedError: neither is floating-point.
        ValueError: unknown reduction.

    Source: Huber, "Robust estimation of a location parameter", 1964, equation 3.5.

    Examples:
        >>> F.huber_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.5, 5.0]), reduction="none")
        tensor([0.1250, 2.5000])
    """
    input, target = _broadcast(input, target)
    check_reduction(reduction)
    if delta <= 0.0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    return apply(ops.HuberLoss, input, target, reduction=reduction, delta=delta)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-probability of what is true with probability `target`.

    Args:
        input: probabilities, any shape; their logarithms are held at -100.
        target: probabilities of the same shape.
        weight: a factor per element, broadcast to that shape.
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".

    Raises:
        ValueError: the shapes differ, or the reduction is unknown.
        RuntimeError: something is not between 0 and 1, or the dtypes differ.

    Examples:
        >>> F.binary_cross_entropy(torch.tensor([0.9, 0.5]), torch.tensor([1.0, 0.0]))
        tensor(0.3993)
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    if target.size() != input.size():
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) is "
            "deprecated. Please ensure they have the same size."
        )
    if weight is not None:
        weight = _expanded_weight(weight, input)
    return apply(ops.BinaryCrossEntropy, input, target, weight, reduction=reduction)


def _expanded_weight(weight: Tensor, like: Tensor) -> Tensor:
    shape = tuple(like.shape)
    for place in range(1, weight.dim() + 1):
        if place > len(shape) or weight.shape[-place] not in (1, shape[-place]):
            raise RuntimeError(
                f"Attempting to broadcast a dimension of length {weight.shape[-place]} at -{place}! Mismatching "
                f"argument at index 1 had {weight.shape}; but expected shape should be broadcastable to {list(shape)}"
            )
    return weight.expand(shape)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return `binary_cross_entropy` of the sigmoid of the input, computed without overflow.

    Args:
        input: logits, any shape.
        target: probabilities of the same shape.
        weight: a factor per element, broadcast to that shape.
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".
        pos_weight: a factor for what is true, broadcast to that shape.

    Raises:
        ValueError: the shapes differ, or the reduction is unknown.
        RuntimeError: a weight cannot be broadcast, or the dtypes differ.

    Examples:
        >>> F.binary_cross_entropy_with_logits(torch.tensor([2.0, -100.0]), torch.tensor([1.0, 0.0]))
        tensor(0.0635)
    """
    require_tensor("binary_cross_entropy_with_logits", "input", 1, input)
    require_tensor("binary_cross_entropy_with_logits", "target", 2, target)
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    if target.size() != input.size():
        raise ValueError(f"Target size ({target.size()}) must be the same as input size ({input.size()})")
    return apply(ops.BinaryCrossEntropyWithLogits, input, target, weight, pos_weight, reduction=reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Return the information that is lost if a distribution is taken for the target.

    Args:
        input: log-probabilities of the distribution, any shape.
        target: probabilities, broadcast with the input.
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "batchmean" (the sum divided by the batch size), "mean" or "sum" over all elements, or "none".
        log_target: whether the target has log-probabilities, too.

    Raises:
        RuntimeError: the shapes cannot be broadcast, or something is not floating-point.
        ValueError: unknown reduction.

    Source: Kullback and Leibler, "On information and sufficiency", 1951, equation 2.4.

    Examples:
        >>> F.kl_div(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[1.0, 0.0]]), reduction="batchmean")
        tensor(0.6931)
    """
    reduction = reduction_of(size_average, reduce, reduction)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    if reduction != "batchmean":
        check_reduction(reduction)
    if not (input.is_floating_point() and target.is_floating_point()):
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        losses = target.exp() * (target - input)
    else:
        losses = apply(ops.Xlogy, target, target) - target * input
    return losses.sum() / input.shape[0] if reduction == "batchmean" else reduced(losses, reduction)
