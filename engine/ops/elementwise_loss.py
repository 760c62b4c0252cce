"""Losses of each element of a prediction and its target, averaged, summed or as they are."""

from __future__ import annotations

from typing import Any, ClassVar

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.ops.activation import log_sigmoid
from nnkit.ops.operation import Gradients, N, Operation, check_broadcast, sample


class ElementwiseLoss(Operation):
    """A loss of pairs of elements."""

    kernel = ""
    saved_names: ClassVar[tuple[str, ...]] = ("self", "target")
    differentiable = slice(2)

    def pair(self, a: Array, target: Array) -> tuple[Array, Array]:
        """Return prediction and target in the type that they are combined in.

        Raises:
            RuntimeError: they cannot be broadcast.
            NotImplementedError: neither is floating-point.
        """
        check_broadcast((a, target))
        left, right = self.together(a, target)
        self.check_floating(left)
        return left, right

    def check_floating(self, array: Array) -> None:
        """Raise PyTorch's error unless the elements are floating-point.

        Raises:
            NotImplementedError: they are not.
        """
        if array.dtype.kind != "f":
            raise NotImplementedError(f"\"{self.kernel}\" not implemented for '{of_array(array).label}'")

    def reduced(self, losses: Array, reduction: str) -> Array:
        """Return losses, their sum or their mean, and remember which."""
        self.count = losses.size if reduction == "mean" else 1
        if reduction == "none":
            return losses
        total: Array = self.xp.sum(losses)
        return total / losses.dtype.type(losses.size) if reduction == "mean" else total

    def share(self, grad: Array) -> Array:
        """Return the gradient of each loss."""
        return grad / grad.dtype.type(self.count) if self.count else grad


class MseLoss(ElementwiseLoss):
    """The squared difference."""

    samples = [
        sample("F.mse_loss(x, y)", (N, 4), (N, 4)),
        sample("F.mse_loss(x, y, reduction='sum')", (N, 4), (N, 4)),
        sample("F.mse_loss(x, y, reduction='none')", (N, 4), (N, 4)),
    ]
    kernel = "mse_cpu"

    def forward(self, a: Array, target: Array, *, reduction: str = "mean") -> Array:
        left, right = self.pair(a, target)
        self.save(left, right)
        difference = left - right
        return self.reduced(self.xp.square(difference), reduction)

    def backward(self, grad: Array) -> Gradients:
        left, right = self.saved
        difference = left - right
        slope = difference * (self.share(grad) * 2)
        return slope, -slope


class SmoothL1Loss(ElementwiseLoss):
    """The absolute difference, less half of beta, and below beta a parabola.

    Source: Girshick, "Fast R-CNN", 2015, equation 3.
    """

    samples = [
        sample("F.smooth_l1_loss(x, y)", (N, 4), (N, 4)),
        sample("F.smooth_l1_loss(x, y, reduction='none', beta=0.5)", (N, 4), (N, 4)),
    ]
    kernel = "smooth_l1_cpu"

    def forward(self, a: Array, target: Array, *, beta: float, reduction: str = "mean") -> Array:
        left, right = self.pair(a, target)
        self.beta = left.dtype.type(beta)
        self.save(left, right)
        difference = left - right
        size = self.xp.abs(difference)
        parabola = size * size * left.dtype.type(0.5) / self.beta
        return self.reduced(self.xp.where(size < self.beta, parabola, size - beta / 2), reduction)

    def backward(self, grad: Array) -> Gradients:
        left, right = self.saved
        difference = left - right
        slope = self.xp.minimum(self.xp.maximum(difference / self.beta, -1), 1) * self.share(grad)
        return slope, -slope


class HuberLoss(ElementwiseLoss):
    """Half the squared difference, and from delta on a straight line.

    Source: Huber, "Robust estimation of a location parameter", 1964, equation 3.5.
    """

    samples = [
        sample("F.huber_loss(x, y)", (N, 4), (N, 4)),
        sample("F.huber_loss(x, y, reduction='none', delta=0.5)", (N, 4), (N, 4)),
    ]
    kernel = "huber_cpu"

    def forward(self, a: Array, target: Array, *, delta: float, reduction: str = "mean") -> Array:
        left, right = self.pair(a, target)
        self.delta = left.dtype.type(delta)
        self.save(left, right)
        difference = left - right
        size = self.xp.abs(difference)
        half = left.dtype.type(0.5)
        line = (size - half * self.delta) * self.delta
        return self.reduced(self.xp.where(size <= self.delta, size * size * half, line), reduction)

    def backward(self, grad: Array) -> Gradients:
        left, right = self.saved
        difference = left - right
        slope = self.xp.minimum(self.xp.maximum(difference, -self.delta), self.delta) * self.share(grad)
        return slope, -slope


class BinaryCrossEntropy(ElementwiseLoss):
    """The negative log probability of what is true with probability `target`, given its probability a.

    Logarithms are held at -100, so that the loss of what was thought impossible is finite.
    """

    samples = [
        sample("F.binary_cross_entropy(x, y)", (N, 4), (N, 4), low=0.1, high=0.9),
        sample("F.binary_cross_entropy(x, y, t.ones(4, dtype=x.dtype) / 3)", (N, 4), (N, 4), low=0.1, high=0.9),
        sample("F.binary_cross_entropy(x, y, reduction='sum')", (N, 4), (N, 4), low=0.1, high=0.9),
    ]
    kernel = "binary_cross_entropy"
    saved_names = ("self", "target", "weight")

    def forward(self, a: Array, target: Array, weight: Array | None = None, *, reduction: str = "mean") -> Array:
        if a.dtype != target.dtype:
            raise RuntimeError(f"Found dtype {of_array(target).label} but expected {of_array(a).label}")
        self.check_floating(a)
        for name, values in (("input", a), ("target", target)):
            if not ((values >= 0) & (values <= 1)).all():
                raise RuntimeError(f"all elements of {name} should be between 0 and 1")
        self.save(a, target, weight)
        yes, no = self.logarithms(a)
        losses = (target - 1) * no - target * yes
        return self.reduced(losses if weight is None else losses * weight, reduction)

    def logarithms(self, a: Array) -> tuple[Array, Array]:
        """Return the logarithms of a and of 1 - a."""
        yes: Array = self.xp.maximum(self.xp.log(a), -100)
        no: Array = self.xp.maximum(self.xp.log1p(-a), -100)
        return yes, no

    def backward(self, grad: Array) -> Gradients:
        a, target, weight = self.saved
        grad = self.share(grad) if weight is None else self.share(grad) * weight
        by_a = grad * (a - target) / self.xp.maximum((1 - a) * a, a.dtype.type(1e-12))
        yes, no = self.logarithms(a)
        return by_a, grad * (no - yes) if self.needs_input_grad[1] else None


class BinaryCrossEntropyWithLogits(ElementwiseLoss):
    """`BinaryCrossEntropy` of the sigmoid of a, computed without overflow; `pos_weight` counts for what is true."""

    samples = [
        sample("F.binary_cross_entropy_with_logits(x, y)", (N, 4), (N, 4)),
        sample("F.binary_cross_entropy_with_logits(x, y, reduction='none')", (N, 4), (N, 4)),
        sample("F.binary_cross_entropy_with_logits(x, y, t.ones(4, dtype=x.dtype) / 3)", (N, 4), (N, 4)),
        sample("F.binary_cross_entropy_with_logits(x, y, pos_weight=t.ones(1, dtype=x.dtype) * 5)", (N, 4), (N, 4)),
    ]
    kernel = "log_sigmoid_cpu"

    def forward(
        self,
        a: Array,
        target: Array,
        weight: Array | None = None,
        pos_weight: Array | None = None,
        *,
        reduction: str = "mean",
    ) -> Array:
        self.check_floating(a)
        if target.dtype.kind != "f":
            kinds = f"{of_array(a).label} can't be cast to the desired output type {of_array(target).label}"
            raise RuntimeError(f"result type {kinds}")
        if pos_weight is not None:
            check_broadcast((pos_weight, target))
        if weight is not None:
            check_broadcast((a, weight))
        self.save(a, target, weight, pos_weight)
        losses = (1 - target) * a - self.factor(target, pos_weight) * log_sigmoid(self.xp, a)
        return self.reduced(losses if weight is None else losses * weight, reduction)

    def factor(self, target: Array, pos_weight: Array | None) -> Any:
        """Return what the logarithm of the sigmoid counts."""
        return 1 if pos_weight is None else target * (pos_weight - 1) + 1

    def backward(self, grad: Array) -> Gradients:
        a, target, weight, pos_weight = self.saved
        grad = self.share(grad) if weight is None else self.share(grad) * weight
        by_a = grad * ((1 - target) - self.factor(target, pos_weight) * self.backend.sigmoid(-a))
        if not self.needs_input_grad[1]:
            return by_a, None
        extra = 0 if pos_weight is None else (1 - pos_weight) * log_sigmoid(self.xp, a)
        return by_a, grad * (extra - a)


class Xlogy(Operation):
    """a times the logarithm of b, and 0 where a is 0."""

    samples = [sample("F.kl_div(x, y, reduction='sum')", (N, 4), (N, 4), low=0.1)]

    def forward(self, a: Array, b: Array) -> Array:
        left, right = self.together(a, b)
        self.save(left, right)
        return self.xp.where((left == 0) & ~self.xp.isnan(right), 0, left * self.xp.log(right))

    def backward(self, grad: Array) -> Gradients:
        left, right = self.saved
        return self.xp.where((left == 0) & (right <= 0), 0, grad * self.xp.log(right)), grad * left / right
