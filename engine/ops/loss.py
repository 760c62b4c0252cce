"""Softmax and the losses."""

from __future__ import annotations

from typing import Any

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample, wrap_dim


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
    saved_names = ("self", "target", "weight")
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
        self.shape, self.ignore_index, mean = log_probabilities.shape, ignore_index, reduction == "mean"
        losses, self.factors = self.backend.nll_loss(log_probabilities, target, weight, ignore_index, mean)
        self.save(target)
        if reduction == "none":
            self.count = 1
            return losses
        total = self.xp.sum(losses)
        # Factors for a mean have been divided by their sum.
        self.count = len(target) if mean and (self.factors is None or not len(target)) else 1
        return total / losses.dtype.type(self.count)

    def backward(self, grad: Array) -> Gradients:
        (target,) = self.saved
        share = grad / grad.dtype.type(self.count)
        return self.backend.nll_loss_gradient(target, self.factors, share, self.shape, self.ignore_index)


class NllLossOfOne(NllLoss):
    """`NllLoss` of a single example: log probabilities (C,) and a target () or (1,)."""

    samples = [sample("F.nll_loss(x, t.tensor(1))", (4,)), sample("F.cross_entropy(x, t.tensor(2))", (4,))]
    node_name = "NllLossBackward0"

    def forward(self, log_probabilities: Array, target: Array, weight: Array | None = None, **options: Any) -> Array:
        losses = super().forward(log_probabilities.reshape(1, -1), target.reshape(1), weight, **options)
        return losses.reshape(())

    def backward(self, grad: Array) -> Gradients:
        slope = super().backward(grad)
        return slope.reshape(-1)  # type: ignore[union-attr]


class NllLoss2D(NllLoss):
    """`NllLoss` at each position of images: log probabilities (N, C, H, W) and targets (N, H, W)."""

    samples = [
        sample("F.nll_loss(x.contiguous(), t.arange(len(x) * 6).view(-1, 2, 3) % 4)", (N, 4, 2, 3)),
        sample("F.nll_loss(x, t.arange(len(x) * 3).view(-1, 3) % 4, reduction='none')", (N, 4, 3)),
    ]

    def forward(self, log_probabilities: Array, target: Array, weight: Array | None = None, **options: Any) -> Array:
        rows = self.xp.moveaxis(log_probabilities, 1, -1)
        self.places = rows.shape
        losses = super().forward(rows.reshape(-1, rows.shape[-1]), target.reshape(-1), weight, **options)
        return losses.reshape(target.shape) if options["reduction"] == "none" else losses

    def backward(self, grad: Array) -> Gradients:
        rows = super().backward(grad.reshape(-1) if grad.ndim else grad)
        return self.xp.moveaxis(rows.reshape(self.places), -1, 1)  # type: ignore[union-attr]
