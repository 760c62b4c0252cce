"""Softmax and the losses."""

from __future__ import annotations

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, check_broadcast, sample, wrap_dim


class Softmax(Operation):
    """exp(a) divided by its sum along a dimension."""

    samples = [sample("x.softmax(1)", (N, 4))]
    label = "softmax_lastdim_kernel_impl"

    def check(self, a: Array, dim: int) -> None:
        """Remember the axis of a dimension, which is None for a number.

        Raises:
            NotImplementedError: the input is not floating-point.
            IndexError: there is no such dimension.
        """
        if a.dtype.kind != "f":
            raise NotImplementedError(f"\"{self.label}\" not implemented for '{of_array(a).label}'")
        dim = wrap_dim(dim, a.ndim)
        self.axis = dim if a.ndim else None

    def forward(self, a: Array, *, dim: int) -> Array:
        self.check(a, dim)
        # Minus its greatest element, so that exp cannot overflow.
        powers = self.xp.exp(a - self.xp.max(a, axis=self.axis, keepdims=True)) if a.size else a
        result = powers / self.xp.sum(powers, axis=self.axis, keepdims=True)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        (result,) = self.saved
        weighted = grad * result
        return weighted - result * self.xp.sum(weighted, axis=self.axis, keepdims=True)


class LogSoftmax(Softmax):
    """The logarithm of the softmax, without taking the logarithm of a small number."""

    samples = [
        sample("x.log_softmax(0)", (N, 4)),
        sample("x.log_softmax(1)", (N, 4)),
    ]
    label = "log_softmax_lastdim_kernel_impl"

    def forward(self, a: Array, *, dim: int) -> Array:
        self.check(a, dim)
        result = self.backend.log_softmax(a, self.axis)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return self.backend.log_softmax_gradient(grad, self.saved[0], self.axis)


class MseLoss(Operation):
    """The squared difference, averaged, summed or as it is."""

    samples = [
        sample("F.mse_loss(x, y)", (N, 4), (N, 4)),
        sample("F.mse_loss(x, y, reduction='sum')", (N, 4), (N, 4)),
        sample("F.mse_loss(x, y, reduction='none')", (N, 4), (N, 4)),
    ]

    def forward(self, a: Array, target: Array, *, reduction: str = "mean") -> Array:
        check_broadcast((a, target))
        left, right = self.together(a, target)
        difference = left - right
        self.save(difference)
        self.reduction = reduction
        if reduction == "none":
            return self.xp.square(difference)
        total = self.xp.sum(self.xp.square(difference))
        return total if reduction == "sum" else total / difference.dtype.type(difference.size)

    def backward(self, grad: Array) -> Gradients:
        (difference,) = self.saved
        factor = 2 / difference.size if self.reduction == "mean" and difference.size else 2
        slope = difference * (grad * difference.dtype.type(factor))
        return slope, -slope


class NllLoss(Operation):
    """The negative log probability of the target class, weighted by class.

    Shapes: log probabilities (N, C), target (N) of classes in [0, C), weight (C). Targets equal to
    `ignore_index` count for nothing; the mean is over the weights of the others.
    """

    samples = [
        sample("F.nll_loss(x, t.arange(len(x)) % 4)", (N, 4)),
        sample("F.cross_entropy(x, t.tensor([0, -100, 1]), reduction='sum')", (3, 4)),
        sample("F.nll_loss(x, t.arange(len(x)) % 4, t.tensor([1, 2, 3, 4], dtype=x.dtype))", (N, 4)),
    ]
    differentiable = slice(1)

    def forward(
        self,
        log_probabilities: Array,
        target: Array,
        weight: Array | None = None,
        *,
        reduction: str = "mean",
        ignore_index: int = -100,
    ) -> Array:
        self.shape, self.reduction, self.ignore_index = log_probabilities.shape, reduction, ignore_index
        losses, self.factors = self.backend.nll_loss(log_probabilities, target, weight, ignore_index)
        self.save(target)
        if reduction == "none":
            return losses
        total = self.xp.sum(losses)
        if reduction == "sum":
            return total
        self.total = len(target) if self.factors is None else self.xp.sum(self.factors)
        return total / losses.dtype.type(self.total)

    def backward(self, grad: Array) -> Gradients:
        (target,) = self.saved
        share = grad / grad.dtype.type(self.total) if self.reduction == "mean" else grad
        return self.backend.nll_loss_gradient(target, self.factors, share, self.shape, self.ignore_index)
