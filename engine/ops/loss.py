"""Softmax and the losses."""

from __future__ import annotations

import numpy as np

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, Operation, check_broadcast, wrap_dim


class Softmax(Operation):
    """exp(a) divided by its sum along a dimension."""

    label = "softmax_lastdim_kernel_impl"

    def shifted(self, a: Array, dim: int) -> Array:
        """Return a minus its greatest element along the dimension, so that exp cannot overflow."""
        if a.dtype.kind != "f":
            raise NotImplementedError(f"\"{self.label}\" not implemented for '{of_array(a).label}'")
        self.dim = wrap_dim(dim, a.ndim)
        if a.size == 0:
            return a
        axis = self.dim if a.ndim else None
        difference: Array = a - self.xp.max(a, axis=axis, keepdims=True)
        return difference

    def summed(self, a: Array) -> Array:
        """Return the sum along the dimension, which keeps size 1."""
        total: Array = self.xp.sum(a, axis=self.dim if a.ndim else None, keepdims=True)
        return total

    def forward(self, a: Array, *, dim: int) -> Array:
        powers = self.xp.exp(self.shifted(a, dim))
        result = powers / self.summed(powers)
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        (result,) = self.saved
        weighted = grad * result
        return weighted - result * self.summed(weighted)


class LogSoftmax(Softmax):
    """The logarithm of the softmax, without taking the logarithm of a small number."""

    label = "log_softmax_lastdim_kernel_impl"

    def forward(self, a: Array, *, dim: int) -> Array:
        shifted = self.shifted(a, dim)
        result = shifted - self.xp.log(self.summed(self.xp.exp(shifted)))
        self.save(result)
        return result

    def backward(self, grad: Array) -> Gradients:
        return grad - self.xp.exp(self.saved[0]) * self.summed(grad)


class MseLoss(Operation):
    """The squared difference, averaged, summed or as it is."""

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
        classes = log_probabilities.shape[1]
        counted = target != ignore_index
        outside = counted & ((target < 0) | (target >= classes))
        if outside.any():
            raise IndexError(f"Target {int(target[outside][0])} is out of bounds.")
        self.shape, self.reduction = log_probabilities.shape, reduction
        picked = self.xp.where(counted, target, 0).astype(np.int64)
        ones = self.xp.ones(len(picked), log_probabilities.dtype)
        factors = self.xp.where(counted, ones if weight is None else weight[picked], 0)
        chosen = self.xp.take_along_axis(log_probabilities, picked[:, None], 1)[:, 0]
        losses = self.xp.where(counted, -factors * chosen, 0)
        self.total = self.xp.sum(factors)
        self.save(picked, factors, counted)
        if reduction == "none":
            return losses
        return self.xp.sum(losses) / self.total if reduction == "mean" else self.xp.sum(losses)

    def backward(self, grad: Array) -> Gradients:
        picked, factors, counted = self.saved
        share = grad / self.total if self.reduction == "mean" else grad
        # Where nothing counts the mean divides by 0, and the gradient of what is ignored is 0 all the same.
        slope = self.xp.where(counted, -factors * share, 0)
        out = self.xp.zeros_like(self.xp.empty(self.shape[::-1], grad.dtype).T)
        self.xp.put_along_axis(out, picked[:, None], slope[:, None], 1)
        return out
