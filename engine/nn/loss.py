"""Losses over classes: what training makes small where the answer is one of several."""

from __future__ import annotations

from nnkit.nn import functional as F
from nnkit.nn.module import Module
from nnkit.nn.reduction import reduction_of
from nnkit.registry import Registry
from nnkit.tensors import Tensor

LOSSES: Registry[type[Module]] = Registry("loss")


class Loss(Module):
    """What all losses share: how those of many elements become one number."""

    def __init__(self, size_average: bool | None, reduce: bool | None, reduction: str) -> None:
        super().__init__()
        self.reduction = reduction_of(size_average, reduce, reduction)


class _ClassLoss(Loss):
    """What the losses over classes share: a weight per class and a class to leave out."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None,
        size_average: bool | None,
        ignore_index: int,
        reduce: bool | None,
        reduction: str,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index


@LOSSES.register("NLLLoss")
class NLLLoss(_ClassLoss):
    """The negative log-probability of the true class.

    Args:
        weight: a factor per class, (C,).
        size_average: deprecated, use `reduction`.
        ignore_index: a target that counts for nothing.
        reduce: deprecated, use `reduction`.
        reduction: "mean" (divided by the weights of the targets) or "sum" over the samples, or "none".

    Examples:
        >>> nn.NLLLoss()(torch.tensor([[-0.1, -2.4], [-1.6, -0.2]]), torch.tensor([0, 1]))
        tensor(0.1500)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, ignore_index, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of log-probabilities (N, C) or (N, C, ...) for classes (N,) or (N, ...)."""
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


@LOSSES.register("CrossEntropyLoss")
class CrossEntropyLoss(_ClassLoss):
    """The negative log-probability of the true class, where the network gives logits.

    Args:
        weight: a factor per class, (C,).
        size_average: deprecated, use `reduction`.
        ignore_index: a target that counts for nothing.
        reduce: deprecated, use `reduction`.
        reduction: "mean" (divided by the weights of the targets) or "sum" over the samples, or "none".
        label_smoothing: this part of the target's probability is spread evenly over all classes.

    Source: label smoothing is from Szegedy et al., "Rethinking the Inception architecture for computer
    vision", 2016, section 7.

    Examples:
        >>> nn.CrossEntropyLoss()(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 1]))
        tensor(0.2201)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, ignore_index, reduce, reduction)
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of logits (N, C) or (N, C, ...) for classes (N,) or (N, ...), or for probabilities."""
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )
