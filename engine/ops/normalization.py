"""Normalization over the batch and over features."""

from __future__ import annotations

import math

from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample


class NativeBatchNorm(Operation):
    """Each channel of x (N, C, ...) with its mean taken away and divided by its standard deviation, then w x + b.

    In training mean and variance are those of the batch, and where there are running ones these move towards them, in
    place: by the share `momentum`, or, where that is None, by 1 / steps, which makes them the mean over all steps.
    `steps`, an int64 number, counts them. Else the running statistics take the place of the batch's.

    Source: Ioffe and Szegedy, "Batch normalization", 2015, algorithms 1 and 2 and section 3.
    """

    differentiable = slice(0, 3)
    saved_names = ("input", "weight", "bias", "running_mean", "running_var")
    samples = [
        sample("F.batch_norm(x, None, None, y, z, True)", (N, 3), (3,), (3,)),
        sample("F.batch_norm(x, None, None, y, z, True)", (N, 2, 5), (2,), (2,)),
        sample("F.batch_norm(x, None, None, y, None, True, eps=0.1)", (N, 3, 4, 2), (3,)),
        sample("F.batch_norm(x, t.full((3,), 0.5, dtype=x.dtype), t.ones(3, dtype=x.dtype), y, z)", (N, 3), (3,), (3,)),
        sample("F.batch_norm(x, None, None, None, y, True)", (N, 2, 3, 2), (2,)),
    ]

    def forward(
        self,
        x: Array,
        weight: Array | None,
        bias: Array | None,
        running_mean: Array | None,
        running_var: Array | None,
        steps: Array | None,
        *,
        training: bool,
        momentum: float | None,
        eps: float,
    ) -> Array:
        if training or running_mean is None or running_var is None:
            self.of_batch = True
            mean, variance = self.backend.channel_moments(x)
            if running_mean is not None and running_var is not None:
                if steps is not None:
                    self.backend.count(steps)
                elements = math.prod((x.shape[0], *x.shape[2:]))
                share, counted = momentum or 0.0, steps if momentum is None else None
                self.backend.follow(running_mean, mean, share, counted, 1.0)
                self.backend.follow(running_var, variance, share, counted, elements / (elements - 1))
        else:
            self.of_batch = False
            mean, variance = running_mean, running_var
        self.eps = eps
        # The gradients of a batch need no running statistics; PyTorch's tape watches over them all the same.
        self.save(x, weight, mean, variance, running_mean, running_var)
        return self.backend.normalization(x, mean, variance, weight, bias, eps)

    def backward(self, grad: Array) -> Gradients:
        x, weight, mean, variance, *_ = self.saved
        by_x, by_weight, by_bias = self.needs_input_grad[:3]
        return self.backend.normalization_gradients(
            grad, x, (mean, variance), weight, self.eps, (by_x, by_weight, by_bias), of_batch=self.of_batch
        )


class NativeLayerNorm(Operation):
    """The last dimensions of x with their mean taken away and divided by their standard deviation, then w x + b.

    Source: Ba, Kiros and Hinton, "Layer normalization", 2016, equation 4.
    """

    samples = [
        sample("F.layer_norm(x, (5,))", (N, 5)),
        sample("F.layer_norm(x, (3, 4), y, z)", (N, 3, 4), (3, 4), (3, 4)),
        sample("F.layer_norm(x, (4,), y, eps=0.1)", (N, 3, 4), (4,)),
        sample("F.layer_norm(x, (4,), None, y)", (N, 4), (4,)),
    ]
    saved_names = ("input", "weight", "bias")

    def forward(self, x: Array, weight: Array | None, bias: Array | None, *, dims: int, eps: float) -> Array:
        self.axes, self.eps = tuple(range(x.ndim - dims, x.ndim)), x.dtype.type(eps)
        self.count = x.dtype.type(max(math.prod(x.shape[x.ndim - dims :]), 1))
        self.save(x, weight)
        normalized, _ = self._normalized(x)
        scaled = normalized if weight is None else normalized * weight
        return scaled if bias is None else scaled + bias

    def _mean(self, a: Array) -> Array:
        mean: Array = self.xp.sum(a, axis=self.axes, keepdims=True) / self.count
        return mean

    def _normalized(self, x: Array) -> tuple[Array, Array]:
        """Return x without mean and deviation, and 1 / deviation."""
        centred = x - self._mean(x)
        factor = 1 / self.xp.sqrt(self._mean(centred * centred) + self.eps)
        return centred * factor, factor

    def backward(self, grad: Array) -> Gradients:
        x, weight = self.saved
        normalized, factor = self._normalized(x)
        scaled = grad if weight is None else grad * weight
        by_x = factor * (scaled - self._mean(scaled) - normalized * self._mean(scaled * normalized))
        return by_x, grad * normalized, grad
