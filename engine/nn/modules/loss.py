"""Losses: what training makes small, over classes where the answer is one of several, or of each element."""

from __future__ import annotations

from nnkit.nn import functional as F
from nnkit.nn.modules.module import Module
from nnkit.nn.reduction import reduction_of
from nnkit.registry import Registry
from nnkit.tensors import Tensor

LOSSES: Registry[type[Module]] = Registry("loss")


class _Loss(Module):
    """What all losses share: how those of many elements become one number."""

    def __init__(self, size_average: bool | None, reduce: bool | None, reduction: str) -> None:
        super().__init__()
        self.reduction = reduction_of(size_average, reduce, reduction)


class _ClassLoss(_Loss):
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

    Shapes:
        Input (N, C), (C,) or (N, C, ...), target (N,), () or (N, ...);
        output (), or with "none" the target's shape.

    Raises:
        ValueError: the batch sizes differ, or the reduction is unknown.
        RuntimeError: other shapes or the element types do not fit.
        IndexError: a target is no class.

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

    Shapes:
        Input (N, C), (C,) or (N, C, ...), target (N,), () or (N, ...), or probabilities of the input's shape;
        output (), or with "none" the shape of the classes.

    Raises:
        ValueError: the batch sizes differ, or the reduction is unknown.
        RuntimeError: other shapes or the element types do not fit, or the smoothing is not between 0 and 1.
        IndexError: a target is no class.

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


@LOSSES.register("MSELoss")
class MSELoss(_Loss):
    """The squared difference between input and target.

    Args:
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".

    Shapes:
        Input and target (*), or broadcast to each other with a warning; output (), or with "none" (*).

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes cannot be broadcast.
        NotImplementedError: the elements are no floating-point numbers.

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
class L1Loss(_Loss):
    """The absolute difference between input and target.

    Args:
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".

    Shapes:
        Input and target (*), or broadcast to each other with a warning; output (), or with "none" (*).

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes cannot be broadcast, or a mean is of integers.

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
class SmoothL1Loss(_Loss):
    """The absolute difference less half of beta, and for differences below beta a parabola.

    Args:
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".
        beta: where the parabola ends.

    Shapes:
        Input and target (*), or broadcast to each other with a warning; output (), or with "none" (*).

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes cannot be broadcast, or beta is negative.
        NotImplementedError: the elements are no floating-point numbers.

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
class HuberLoss(_Loss):
    """Half the squared difference between input and target, and from delta on a straight line.

    Args:
        reduction: "mean" or "sum" over all elements, or "none".
        delta: where the line begins.

    Shapes:
        Input and target (*), or broadcast to each other with a warning; output (), or with "none" (*).

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes cannot be broadcast, or delta is not positive.
        NotImplementedError: the elements are no floating-point numbers.

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


class KLDivLoss(_Loss):
    """The information that is lost if a distribution is taken for the target.

    Args:
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "batchmean" (the sum divided by the batch size), "mean" or "sum" over all elements, or "none".
        log_target: whether the target has log-probabilities, too.

    Shapes:
        Input (log-probabilities) and target (N, ...), or broadcast to each other; output (), or with "none" (N, ...).

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes cannot be broadcast, or the elements are integers.

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


class BCELoss(_Loss):
    """The negative log-probability of what is true with probability `target`, where the network gives probabilities.

    Args:
        weight: a factor per element, broadcast to the input's shape.
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".

    Shapes:
        Input and target (*); output (), or with "none" (*).

    Raises:
        ValueError: the shapes differ, or the reduction is unknown.
        RuntimeError: a probability is not between 0 and 1, or the element types differ.

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
class BCEWithLogitsLoss(_Loss):
    """`BCELoss` where the network gives logits, computed without overflow.

    Args:
        weight: a factor per element, broadcast to the input's shape.
        size_average: deprecated, use `reduction`.
        reduce: deprecated, use `reduction`.
        reduction: "mean" or "sum" over all elements, or "none".
        pos_weight: a factor for what is true, broadcast to the input's shape.

    Shapes:
        Input and target (*); output (), or with "none" (*).

    Raises:
        ValueError: the shapes differ, or the reduction is unknown.
        RuntimeError: a weight cannot be broadcast, or the target's elements are no floating-point numbers.
        NotImplementedError: the input's are none.

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
