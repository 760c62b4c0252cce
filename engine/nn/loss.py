"""Losses: what training makes small."""

from __future__ import annotations

from nnkit.nn import functional as F
from nnkit.nn.module import Module
from nnkit.registry import Registry
from nnkit.tensors import Tensor

LOSSES: Registry[type[Module]] = Registry("loss")


@LOSSES.register("MSELoss")
class MSELoss(Module):
    """The squared difference between input and target.

    Args:
        reduction: "mean" or "sum" over all elements, or "none".
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return a 0-d tensor, or with "none" one of the input's shape."""
        return F.mse_loss(input, target, reduction=self.reduction)


class _ClassLoss(Module):
    """What the losses over classes share: a weight per class and a class to leave out."""

    weight: Tensor | None

    def __init__(self, weight: Tensor | None, ignore_index: int, reduction: str) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction


@LOSSES.register("NLLLoss")
class NLLLoss(_ClassLoss):
    """The negative log-probability of the true class.

    Args:
        weight: a factor per class, (C,).
        ignore_index: a target that counts for nothing.
        reduction: "mean" (divided by the weights of the targets) or "sum" over the samples, or "none".
    """

    def __init__(self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight, ignore_index, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of log-probabilities (N, C) for classes (N,)."""
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


@LOSSES.register("CrossEntropyLoss")
class CrossEntropyLoss(_ClassLoss):
    """The negative log-probability of the true class, where the network gives logits.

    Args:
        weight: a factor per class, (C,).
        ignore_index: a target that counts for nothing.
        reduction: "mean" (divided by the weights of the targets) or "sum" over the samples, or "none".
        label_smoothing: this part of the target's probability is spread evenly over all classes.

    Source: label smoothing is from Szegedy et al., "Rethinking the Inception architecture for computer
    vision", 2016, section 7.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index, reduction)
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of logits (N, C) for classes (N,), or for class probabilities (N, C)."""
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )
