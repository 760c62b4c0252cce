"""Losses of each element of a prediction and its target."""

from __future__ import annotations

from nnkit.nn import functional as F
from nnkit.nn.loss import LOSSES, Loss
from nnkit.tensors import Tensor


@LOSSES.register("MSELoss")
class MSELoss(Loss):
    """The squared difference between input and target.

    Args:
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".

    Examples:
        >>> nn.MSELoss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 5.0]))
        tensor(4.5000)
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return a 0-d tensor, or with "none" one of the input's shape."""
        return F.mse_loss(input, target, reduction=self.reduction)


@LOSSES.register("L1Loss")
class L1Loss(Loss):
    """The absolute difference between input and target.

    Args:
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".

    Examples:
        >>> nn.L1Loss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 5.0]))
        tensor(1.5000)
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return a 0-d tensor, or with "none" one of the input's shape."""
        return F.l1_loss(input, target, reduction=self.reduction)


@LOSSES.register("SmoothL1Loss")
class SmoothL1Loss(Loss):
    """The absolute difference less half of beta, and for differences below beta a parabola.

    Args:
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".
        beta: where the parabola ends.

    Source: Girshick, "Fast R-CNN", 2015, equation 3.

    Examples:
        >>> nn.SmoothL1Loss(reduction="none")(torch.tensor([1.0, 2.0]), torch.tensor([1.5, 5.0]))
        tensor([0.1250, 2.5000])
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return a 0-d tensor, or with "none" one of the input's shape."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


@LOSSES.register("HuberLoss")
class HuberLoss(Loss):
    """Half the squared difference between input and target, and from delta on a straight line.

    Args:
        reduction: "mean" or "sum" over all elements, or "none".
        delta: where the line begins.

    Source: Huber, "Robust estimation of a location parameter", 1964, equation 3.5.

    Examples:
        >>> nn.HuberLoss(reduction="none")(torch.tensor([1.0, 2.0]), torch.tensor([1.5, 5.0]))
        tensor([0.1250, 2.5000])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(None, None, reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return a 0-d tensor, or with "none" one of the input's shape."""
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class KLDivLoss(Loss):
    """The information that is lost if a distribution is taken for the target.

    Args:
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "batchmean" (the sum divided by the batch size), "mean" or "sum" over all elements, or "none".
        log_target: whether the target has log-probabilities, too.

    Source: Kullback and Leibler, "On information and sufficiency", 1951, equation 2.4.

    Examples:
        >>> nn.KLDivLoss(reduction="batchmean")(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[1.0, 0.0]]))
        tensor(0.6931)
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return a 0-d tensor, or with "none" one of the input's shape."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class BCELoss(Loss):
    """The negative log-probability of what is true with probability `target`, where the network gives probabilities.

    Args:
        weight: a factor per element, broadcast to the input's shape.
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".

    Examples:
        >>> nn.BCELoss()(torch.tensor([0.9, 0.5]), torch.tensor([1.0, 0.0]))
        tensor(0.3993)
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return a 0-d tensor, or with "none" one of the input's shape."""
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


@LOSSES.register("BCEWithLogitsLoss")
class BCEWithLogitsLoss(Loss):
    """`BCELoss` where the network gives logits, computed without overflow.

    Args:
        weight: a factor per element, broadcast to the input's shape.
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".
        pos_weight: a factor for what is true, broadcast to the input's shape.

    Examples:
        >>> nn.BCEWithLogitsLoss()(torch.tensor([2.0, -100.0]), torch.tensor([1.0, 0.0]))
        tensor(0.0635)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return a 0-d tensor, or with "none" one of the input's shape."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )
