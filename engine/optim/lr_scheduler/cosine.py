"""CosineAnnealingLR."""

from __future__ import annotations

import math

from nnkit.optim.lr_scheduler.scheduler import SCHEDULERS, LRScheduler
from nnkit.optim.optimizer import Optimizer


@SCHEDULERS.register("CosineAnnealingLR")
class CosineAnnealingLR(LRScheduler):
    """The learning rate follows half a cosine from its start down to `eta_min`, and back if steps go on.

    Args:
        optimizer: whose learning rates change.
        T_max: steps on the way down.
        eta_min: the lowest learning rate.
        last_epoch: the number of the last step already taken; -1 starts anew.

    Raises:
        TypeError: `optimizer` is not an Optimizer.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, equation 5,
    without the restarts.

    Examples:
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     print(f"{scheduler.get_last_lr()[0]:.3f}")
        0.854
        0.500
        0.146
        0.000
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,  # noqa: N803 (PyTorch's name)
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """See `LRScheduler.get_lr`."""
        self._warn_outside_step()
        groups = self.optimizer.param_groups
        if self._is_initial:
            return [group["lr"] for group in groups]
        return [self._next(group["lr"], base) for group, base in zip(groups, self.base_lrs, strict=True)]

    def _get_closed_form_lr(self) -> list[float]:
        share = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return [self.eta_min + (base - self.eta_min) * share / 2 for base in self.base_lrs]

    def _next(self, lr: float, base: float) -> float:
        period, lowest, step = self.T_max, self.eta_min, self.last_epoch
        if (step - 1 - period) % (2 * period) == 0:
            # At the bottom of the curve the quotient below would be 0 / 0.
            return lr + (base - lowest) * (1 - math.cos(math.pi / period)) / 2
        now = 1 + math.cos(math.pi * step / period)
        before = 1 + math.cos(math.pi * (step - 1) / period)
        return now / before * (lr - lowest) + lowest
