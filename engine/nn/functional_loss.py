"""The losses as functions; `nnkit.nn.functional` has them among its names.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import warnings

from nnkit import ops
from nnkit.dtypes import int64, uint8
from nnkit.nn.naming import require_tensor
from nnkit.ops.operation import broadcast_shapes
from nnkit.tensors import Tensor, apply


def _check_reduction(reduction: str) -> None:
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the squared difference.

    Args:
        input: any shape.
        target: the same shape; another one is broadcast, with a warning.
        reduction: "mean" or "sum" over all elements, or "none".

    Raises:
        RuntimeError: the shapes cannot be broadcast.
        NotImplementedError: neither is floating-point.
        ValueError: unknown reduction.
    """
    if target.size() != input.size():
        warnings.warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). "
            "This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=2,
        )
        shape = broadcast_shapes(input.shape, target.shape)
        input, target = input.expand(shape), target.expand(shape)
    _check_reduction(reduction)
    if not (input.dtype.is_floating_point or target.dtype.is_floating_point):
        raise NotImplementedError(f"\"mse_cpu\" not implemented for '{input.dtype.label}'")
    return apply(ops.MseLoss, input, target, reduction=reduction)


def _rows_of_classes(input: Tensor) -> Tensor:
    """Return (C,) or (N, C, ...) as a matrix of one row of C classes per sample and position."""
    if input.dim() == 1:
        return input.unsqueeze(0)
    if input.dim() == 2:
        return input
    return input.permute(0, *range(2, input.dim()), 1).reshape(-1, input.shape[1])


def _check_classes(input: Tensor, target: Tensor) -> None:
    """Raise PyTorch's errors unless `target` (N, ...) has a class for each position of (N, C, ...)."""
    if input.dim() == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    batch = target.shape[0] if target.dim() else 0
    if input.dim() != 1 and input.shape[0] != batch:
        raise ValueError(f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({batch}).")
    if input.dim() <= 2 and target.dim() > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input.dim() == 1 and target.dim() == 1 and target.shape[0] != 1:
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {target.shape[0]}")
    expected = [input.shape[0], *input.shape[2:]]
    if input.dim() > 2 and list(target.shape) != expected:
        raise RuntimeError(f"Expected target size {expected}, got {list(target.shape)}")
    if target.dtype not in (int64, uint8):
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {target.dtype.label}")


def _check_weight(input: Tensor, weight: Tensor | None, classes: int, prefix: str = "") -> None:
    if weight is None:
        return
    if tuple(weight.shape) != (classes,):
        raise RuntimeError(
            f"{prefix}weight tensor should be defined either for all {classes} classes or no classes "
            f"but got weight tensor of shape: {list(weight.shape)}"
        )
    if not prefix and weight.dtype != input.dtype:
        raise RuntimeError(f"expected scalar type {input.dtype.label} but found {weight.dtype.label}")


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-probability of the true classes.

    Args:
        input: log-probabilities, (N, C), (C,) or (N, C, ...).
        target: classes in [0, C), (N,), () or (N, ...).
        weight: a factor per class, (C,).
        ignore_index: a target that counts for nothing.
        reduction: "mean" (divided by the weights of the targets) or "sum", or "none".

    Raises:
        ValueError: the batch sizes differ, or the reduction is unknown.
        RuntimeError: other shapes or dtypes do not fit.
        IndexError: a target is not a class.
    """
    require_tensor("nll_loss_nd", "input", 1, input)
    require_tensor("nll_loss_nd", "target", 2, target)
    _check_reduction(reduction)
    _check_classes(input, target)
    rows = _rows_of_classes(input)
    _check_weight(input, weight, rows.shape[1])
    # As arrays: only the log-probabilities have a gradient, and PyTorch's node has no other edge either.
    losses = apply(
        ops.NllLoss,
        rows,
        target=target.array.reshape(-1),
        weight=None if weight is None else weight.array,
        reduction=reduction,
        ignore_index=ignore_index,
    )
    return losses if reduction != "none" or input.dim() == 2 else losses.reshape(*target.shape)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the negative log-probability of the true classes, given logits.

    Args:
        input: logits, (N, C), (C,) or (N, C, ...).
        target: classes in [0, C), (N,), () or (N, ...); or probabilities of the input's shape.
        weight: a factor per class, (C,).
        ignore_index: a target that counts for nothing.
        reduction: "mean" (divided by the weights of the targets) or "sum", or "none".
        label_smoothing: this part of the target's probability is spread evenly over all classes.

    Raises:
        ValueError: the batch sizes differ, or the reduction is unknown.
        RuntimeError: other shapes or dtypes do not fit, or the smoothing is not between 0 and 1.
        IndexError: a target is not a class.
    """
    require_tensor("cross_entropy_loss", "input", 1, input)
    require_tensor("cross_entropy_loss", "target", 2, target)
    _check_reduction(reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.shape == target.shape:
        return _probability_loss(input, target, weight, ignore_index, reduction, label_smoothing)
    log_probabilities = input.log_softmax(0 if input.dim() == 1 else 1)
    loss = nll_loss(log_probabilities, target, weight, ignore_index=ignore_index, reduction=reduction)
    if label_smoothing == 0.0:
        return loss
    rows = _rows_of_classes(log_probabilities)
    even = _even_loss(rows, target.reshape(-1), weight, ignore_index, reduction)
    if reduction == "none":
        even = even.reshape(*target.shape)
    return loss * (1 - label_smoothing) + even * (label_smoothing / rows.shape[1])


def _even_loss(rows: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str) -> Tensor:
    """Return the loss when every class is a target, for the samples whose own target is not ignored."""
    ignored = target == ignore_index
    losses = -(rows if weight is None else rows * weight).sum(1)
    losses = losses.masked_fill(ignored, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    counted = target[target != ignore_index]
    return losses.sum() / (counted.numel() if weight is None else weight[counted].sum())


def _probability_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    if not target.dtype.is_floating_point:
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {target.dtype.label}"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    if input.dim() == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    rows, probabilities = _rows_of_classes(input), _rows_of_classes(target)
    classes = rows.shape[1]
    _check_weight(input, weight, classes, "cross_entropy: ")
    if label_smoothing > 0.0:
        probabilities = probabilities * (1 - label_smoothing) + label_smoothing / classes
    terms = rows.log_softmax(1) * probabilities
    losses = -(terms if weight is None else terms * weight).sum(1)
    if reduction == "none":
        return losses.reshape(*input.shape[:1], *input.shape[2:]) if input.dim() > 1 else losses.squeeze(0)
    return losses.sum() / rows.shape[0] if reduction == "mean" else losses.sum()
