"""ReduceLROnPlateau."""

from __future__ import annotations

import math
from typing import Literal, SupportsFloat

from nnkit.optim.lr_scheduler.scheduler import SCHEDULERS, LRScheduler, check_optimizer, warn_of_epoch
from nnkit.optim.optimizer import Optimizer


@SCHEDULERS.register("ReduceLROnPlateau")
class ReduceLROnPlateau(LRScheduler):
    """The learning rate is multiplied by `factor` where a metric has not become better for a while.

    In a run from a config the metric is what an epoch came to on the validation images, or on the test images where
    none are held back: the loss with `mode` "min", the accuracy with "max".

    Args:
        optimizer: whose learning rates change.
        mode: whether the metric is better when it is smaller, "min", or when it is greater, "max".
        factor: the factor, below 1.
        patience: steps in a row without a better metric that change nothing yet.
        threshold: how much better it has to be.
        threshold_mode: whether `threshold` is a share of the best metric, "rel", or a difference to it, "abs".
        cooldown: steps after a change in which no metric counts as worse.
        min_lr: the lowest learning rate, or one per group.
        eps: where the learning rate would change by no more, it stays.

    Raises:
        TypeError: `optimizer` is not an Optimizer.
        ValueError: `factor` is not below 1, a mode does not exist, or `min_lr` has not one value per group.

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012, section 5.

    Examples:
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
        >>> for loss in (0.9, 0.8, 0.8, 0.8, 0.7):
        ...     scheduler.step(loss)
        ...     print(loss, scheduler.get_last_lr())
        0.9 [1.0]
        0.8 [1.0]
        0.8 [1.0]
        0.8 [0.5]
        0.7 [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: list[float] | float = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        self.factor = factor
        check_optimizer(optimizer)
        self.optimizer = optimizer
        count = len(optimizer.param_groups)
        if isinstance(min_lr, (list, tuple)):
            if len(min_lr) != count:
                raise ValueError(f"expected {count} min_lrs, got {len(min_lr)}")
            self.default_min_lr, self.min_lrs = None, list(min_lr)
        else:
            self.default_min_lr, self.min_lrs = min_lr, [min_lr] * count
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = [group["lr"] for group in optimizer.param_groups]
        if mode not in {"min", "max"}:
            raise ValueError("mode " + mode + " is unknown!")
        if threshold_mode not in {"rel", "abs"}:
            raise ValueError("threshold mode " + threshold_mode + " is unknown!")
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    @property
    def in_cooldown(self) -> bool:
        """Whether no metric counts as worse at present."""
        return self.cooldown_counter > 0

    def step(  # type: ignore[override]  # no other schedule needs a metric
        self, metrics: SupportsFloat, epoch: int | None = None
    ) -> None:
        """Take a metric into account, and set the learning rates that follow from it.

        Args:
            metrics: the metric.
            epoch: the number of this step; PyTorch has deprecated it.
        """
        current = float(metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            warn_of_epoch()
        self.last_epoch = epoch
        if self._is_better(current):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def _is_better(self, metric: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            bound = self.best * (1.0 + sign * self.threshold)
        else:
            bound = self.best + sign * self.threshold
        return metric > bound if self.mode == "max" else metric < bound

    def _reduce_lr(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from when "
                    f"`ReduceLROnPlateau` was initialized ({len(self.min_lrs)}), usually due to a new param group "
                    "being added to the optimizer. Please modify the `min_lrs` field to match the length of the "
                    "`optimizer` param groups."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            lr = float(group["lr"])
            reduced = max(lr * self.factor, lowest)
            if lr - reduced > self.eps:
                group["lr"] = reduced
