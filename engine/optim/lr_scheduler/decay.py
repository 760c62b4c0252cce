"""Schedules that multiply the learning rate by a factor at certain steps."""

from __future__ import annotations

import bisect
import types
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nnkit.optim.lr_scheduler.scheduler import SCHEDULERS, LRScheduler
from nnkit.optim.optimizer import Optimizer

Lambda = Callable[[int], float]


class _Decay(LRScheduler):
    """A schedule that multiplies all learning rates by one factor at each step, which most often is 1."""

    def _factor(self) -> float:
        raise NotImplementedError

    def get_lr(self) -> list[float]:
        """See `LRScheduler.get_lr`."""
        self._warn_outside_step()
        factor = self._factor()
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _product(self) -> float:
        """Return the product of all factors up to now."""
        raise NotImplementedError

    def _get_closed_form_lr(self) -> list[float]:
        return [base * self._product() for base in self.base_lrs]


@SCHEDULERS.register("StepLR")
class StepLR(_Decay):
    """Every `step_size` steps the learning rate is multiplied by `gamma`.

    Args:
        optimizer: whose learning rates change.
        step_size: steps between changes.
        gamma: the factor.
        last_epoch: the number of the last step already taken; -1 starts anew.

    Raises:
        TypeError: `optimizer` is not an Optimizer.

    Source: Szegedy et al., "Going deeper with convolutions", 2015, section 6.

    Examples:
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     print(scheduler.get_last_lr())
        [1.0]
        [0.5]
        [0.5]
        [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return 1 if self.last_epoch == 0 or self.last_epoch % self.step_size != 0 else self.gamma

    def _product(self) -> float:
        return self.gamma ** (self.last_epoch // self.step_size)


@SCHEDULERS.register("MultiStepLR")
class MultiStepLR(_Decay):
    """At each of the `milestones` the learning rate is multiplied by `gamma`.

    Args:
        optimizer: whose learning rates change.
        milestones: the steps after which it changes; where one is given several times, as often.
        gamma: the factor.
        last_epoch: the number of the last step already taken; -1 starts anew.

    Raises:
        TypeError: `optimizer` is not an Optimizer.

    Source: He et al., "Deep residual learning for image recognition", 2016, section 4.2.

    Examples:
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     print(scheduler.get_last_lr())
        [0.5]
        [0.5]
        [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones: Mapping[int, int] = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        times = self.milestones.get(self.last_epoch, 0)
        return self.gamma**times if times else 1

    def _product(self) -> float:
        return self.gamma ** bisect.bisect_right(sorted(Counter(self.milestones).elements()), self.last_epoch)


@SCHEDULERS.register("ExponentialLR")
class ExponentialLR(_Decay):
    """At every step the learning rate is multiplied by `gamma`.

    Args:
        optimizer: whose learning rates change.
        gamma: the factor.
        last_epoch: the number of the last step already taken; -1 starts anew.

    Raises:
        TypeError: `optimizer` is not an Optimizer.

    Source: Senior et al., "An empirical study of learning rates in deep neural networks for speech recognition",
    2013, section 3.

    Examples:
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> scheduler = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     print(scheduler.get_last_lr())
        [0.5]
        [0.25]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return 1 if self._is_initial else self.gamma

    def _product(self) -> float:
        return self.gamma**self.last_epoch


@SCHEDULERS.register("ConstantLR")
class ConstantLR(_Decay):
    """For `total_iters` steps the learning rate is multiplied by `factor`: a warm-up in one leap.

    Args:
        optimizer: whose learning rates change.
        factor: the factor, at most 1.
        total_iters: steps until the learning rate is what it was.
        last_epoch: the number of the last step already taken; -1 starts anew.

    Raises:
        TypeError: `optimizer` is not an Optimizer.
        ValueError: `factor` is not between 0 and 1.

    Source: He et al., "Deep residual learning for image recognition", 2016, section 4.2, on 110 layers.

    Examples:
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> scheduler = optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> for _ in range(3):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.5]
        [0.5]
        [1.0]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if factor > 1.0 or factor < 0:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self.last_epoch == 0:
            return self.factor
        return 1 if self.last_epoch != self.total_iters else 1.0 / self.factor

    def _product(self) -> float:
        return self.factor + (self.last_epoch >= self.total_iters) * (1 - self.factor)


@SCHEDULERS.register("LinearLR")
class LinearLR(_Decay):
    """Within `total_iters` steps the learning rate goes in a line from one share of it to another: a warm-up.

    Args:
        optimizer: whose learning rates change.
        start_factor: the share at first.
        end_factor: the share after `total_iters` steps, and from then on.
        total_iters: the number of steps.
        last_epoch: the number of the last step already taken; -1 starts anew.

    Raises:
        TypeError: `optimizer` is not an Optimizer.
        ValueError: a share is not between 0 and 1, or begins with 0.

    Source: Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017, section 2.2.

    Examples:
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> scheduler = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=3)
        >>> for _ in range(4):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.25]
        [0.5]
        [0.75]
        [1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if start_factor > 1.0 or start_factor <= 0:
            raise ValueError("Starting multiplicative factor expected to be greater than 0 and less or equal to 1.")
        if end_factor > 1.0 or end_factor < 0:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self.last_epoch == 0:
            return self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)

    def _product(self) -> float:
        rise = self.end_factor - self.start_factor
        return self.start_factor + rise * min(self.total_iters, self.last_epoch) / self.total_iters


class LambdaLR(LRScheduler):
    """The learning rate is what it was at first, times what a function says of the number of the step.

    A config cannot hold a function, so this schedule has no name there.

    Args:
        optimizer: whose learning rates change.
        lr_lambda: the function of the number of the step, 0 at first; or a list with one for each group.
        last_epoch: the number of the last step already taken; -1 starts anew.

    Raises:
        TypeError: `optimizer` is not an Optimizer.
        ValueError: there are not as many functions as groups.

    Source: the surface is that of `torch.optim.lr_scheduler.LambdaLR`.

    Examples:
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> scheduler = optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Lambda | list[Lambda], last_epoch: int = -1) -> None:
        count = len(optimizer.param_groups)
        if not isinstance(lr_lambda, (list, tuple)):
            self.lr_lambdas: list[Lambda] = [lr_lambda] * count
        elif len(lr_lambda) != count:
            raise ValueError(f"Expected {count} lr_lambdas, but got {len(lr_lambda)}")
        else:
            self.lr_lambdas = list(lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """See `LRScheduler.get_lr`."""
        self._warn_outside_step()
        return [base * factor(self.last_epoch) for factor, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer and the functions; of callable objects their attributes."""
        state = super().state_dict()
        state["lr_lambdas"] = [
            None if isinstance(factor, types.FunctionType) else factor.__dict__.copy()
            for factor in state.pop("lr_lambdas")
        ]
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """See `LRScheduler.load_state_dict`; the functions stay."""
        lr_lambdas = self.lr_lambdas
        super().load_state_dict(state_dict)
        self.lr_lambdas = lr_lambdas
        for factor, attributes in zip(lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if attributes is not None:
                factor.__dict__.update(attributes)
