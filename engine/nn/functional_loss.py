"""The losses over classes as functions; `nnkit.nn.functional` has them among its names.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from nnkit import ops
from nnkit.dtypes import int64, uint8
from nnkit.kernels.layout import Array
from nnkit.nn.reduction import check_reduction, reduction_of
from nnkit.recording import note_constant, note_obstacle, note_remade
from nnkit.tensors import Tensor, apply
from nnkit.tensors.naming import require_tensor, typename


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Return a 1 at the place of each class and 0 elsewhere.

    Args:
        tensor: classes, int64 of any shape (*).
        num_classes: how many classes there are; -1 takes the greatest for the last.

    Returns:
        int64 (*, num_classes).

    Raises:
        RuntimeError: something is not a class.

    Examples:
        >>> F.one_hot(torch.tensor([0, 2]), num_classes=3)
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    require_tensor("one_hot", "input", 1, tensor)
    classes = tensor.array
    if tensor.dtype is not int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if classes.size == 0 and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if classes.size and classes.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        note_obstacle("a number of classes that depends on the labels")
        num_classes = int(classes.max()) + 1
    if classes.size and classes.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    make = partial(_one_hot, classes, num_classes)
    result = Tensor.detached(make())
    note_remade(result, make)
    return result


def _one_hot(classes: Array, count: int) -> Array:
    return np.eye(count, dtype=np.int64)[classes]


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


def _require_index(function: str, value: object) -> None:
    if not hasattr(value, "__index__"):
        kind = typename(type(value))
        raise TypeError(f"{function}(): argument 'ignore_index' (position 5) must be int, not {kind}")


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
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-probability of the true classes.

    Args:
        input: log-probabilities, (N, C), (C,) or (N, C, ...).
        target: classes in [0, C), (N,), () or (N, ...).
        weight: a factor per class, (C,).
        size_average: deprecated, use `reduction`.
        ignore_index: a target that counts for nothing.
        reduce: deprecated, use `reduction`.
        reduction: "mean" (divided by the weights of the targets) or "sum", or "none".

    Raises:
        ValueError: the batch sizes differ, or the reduction is unknown.
        RuntimeError: other shapes or dtypes do not fit.
        IndexError: a target is not a class.

    Examples:
        >>> F.nll_loss(torch.tensor([[-0.1, -2.4], [-1.6, -0.2]]), torch.tensor([0, 1]))
        tensor(0.1500)
    """
    require_tensor("nll_loss_nd", "input", 1, input)
    require_tensor("nll_loss_nd", "target", 2, target)
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    _check_classes(input, target)
    _check_weight(input, weight, input.shape[min(input.dim() - 1, 1)])
    dims = input.dim()
    if dims in (3, 5):
        # PyTorch's operation knows images only, and the node of this view is in its graphs.
        input = input.reshape(*input.shape[:2], 1, math.prod(input.shape[2:]))
    operation = {1: ops.NllLossOfOne, 2: ops.NllLoss}.get(dims, ops.NllLoss2D)
    shape = target.shape
    if dims in (3, 5):
        target = target.reshape(shape[0], *input.shape[2:])
    try:
        losses = apply(operation, input, target, weight, reduction=reduction, ignore_index=ignore_index)
    except TypeError:
        _require_index("nll_loss_nd", ignore_index)
        raise
    return losses.view(shape) if dims in (3, 5) and reduction == "none" else losses


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the negative log-probability of the true classes, given logits.

    Args:
        input: logits, (N, C), (C,) or (N, C, ...).
        target: classes in [0, C), (N,), () or (N, ...); or probabilities of the input's shape.
        weight: a factor per class, (C,).
        size_average: deprecated, use `reduction`.
        ignore_index: a target that counts for nothing.
        reduce: deprecated, use `reduction`.
        reduction: "mean" (divided by the weights of the targets) or "sum", or "none".
        label_smoothing: this part of the target's probability is spread evenly over all classes.

    Raises:
        ValueError: the batch sizes differ, or the reduction is unknown.
        RuntimeError: other shapes or dtypes do not fit, or the smoothing is not between 0 and 1.
        IndexError: a target is not a class.

    Source: label smoothing is from Szegedy et al., "Rethinking the Inception architecture for computer vision", 2016,
    section 7.

    Examples:
        >>> logits = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
        >>> F.cross_entropy(logits, torch.tensor([0, 1]))
        tensor(0.2201)
        >>> F.cross_entropy(logits, torch.tensor([[0.9, 0.1], [0.5, 0.5]]))
        tensor(0.5701)
    """
    require_tensor("cross_entropy_loss", "input", 1, input)
    require_tensor("cross_entropy_loss", "target", 2, target)
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    try:
        return _cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    except TypeError:
        _require_index("cross_entropy_loss", ignore_index)
        if not isinstance(label_smoothing, float | int):
            kind = typename(type(label_smoothing))
            message = f"cross_entropy_loss(): argument 'label_smoothing' (position 6) must be float, not {kind}"
            raise TypeError(message) from None
        raise


def _cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, label_smoothing: float
) -> Tensor:
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.shape == target.shape:
        return _probability_loss(input, target, weight, ignore_index, reduction, label_smoothing)
    dim = 0 if input.dim() == 1 else 1
    log_probabilities = input.log_softmax(dim)
    loss = nll_loss(log_probabilities, target, weight, ignore_index=ignore_index, reduction=reduction)
    if label_smoothing == 0.0:
        return loss
    even = _even_loss(log_probabilities, target, weight, ignore_index, reduction)
    share = label_smoothing / input.shape[dim]
    return apply(ops.MulNumber, loss, number=1 - label_smoothing) + apply(ops.MulNumber, even, number=share)


def _per_class(weight: Tensor, like: Tensor) -> Tensor:
    """Return weights (C,) in a shape that multiplies the classes of (N, C, ...)."""
    return weight if like.dim() <= 2 else weight.view(-1, *[1] * (like.dim() - 2))


def _even_loss(
    log_probabilities: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str
) -> Tensor:
    """Return the loss when every class is a target, for the samples whose own target is not ignored."""
    terms = log_probabilities if weight is None else log_probabilities * _per_class(weight, log_probabilities)
    ignored = target == ignore_index
    if ignore_index < 0:
        # A plan sees labels that are classes, so that this is the same in each step.
        note_constant(ignored)
    losses = (-terms.sum(0 if terms.dim() == 1 else 1)).masked_fill(ignored, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if weight is None:
        return losses.sum() / int(np.sum(~ignored.array))
    note_obstacle("weights of classes together with label smoothing")
    return losses.sum() / float(np.sum(weight.array[target.array[~ignored.array]]))


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
    dim = 0 if input.dim() == 1 else 1
    classes = input.shape[dim]
    _check_weight(input, weight, classes, "cross_entropy: ")
    if label_smoothing > 0.0:
        target = apply(ops.MulNumber, target, number=1 - label_smoothing)
        target = apply(ops.AddNumber, target, number=label_smoothing / classes)
    terms = input.log_softmax(dim) * target
    if weight is not None:
        terms = terms * _per_class(weight, input)
    if reduction == "none":
        return -terms.sum(dim)
    if reduction == "mean" and input.numel() == 0:
        return -terms.sum().fill_(math.nan)
    total = -terms.sum()
    # One for each position of each example.
    return total if reduction == "sum" else apply(ops.DivNumber, total, number=input.numel() // classes)
