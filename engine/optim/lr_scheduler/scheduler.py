"""LRScheduler, the base of all learning rate schedules."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from nnkit.optim.optimizer import Optimizer
from nnkit.registry import Registry

SCHEDULERS: Registry[type[LRScheduler]] = Registry("scheduler")


class LRScheduler:
    """What all schedules share: `step` counts, asks `get_lr` and writes into the optimizer's groups.

    Schedules compute the next learning rate from the present one, so several of them can act on one optimizer.

    Args:
        optimizer: whose learning rates change.
        last_epoch: the number of the last step already taken; -1 starts anew.

    Attributes:
        base_lrs: the learning rate of each group at first.
        last_epoch: the number of the present step, 0 at first.

    Raises:
        TypeError: `optimizer` is not an Optimizer.
        KeyError: steps have been taken, but the optimizer does not know its initial learning rate.

    Examples:
        >>> class Halving(optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [base / 2**self.last_epoch for base in self.base_lrs]
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
        >>> scheduler = Halving(optimizer)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.05]
    """

    __module__ = "nnkit.optim.lr_scheduler"
    _get_lr_called_within_step = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        if optimizer._stepped is None:
            optimizer._stepped = False
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{number}] when resuming scheduler "
                    "with last_epoch >= 0.\nThis typically happens when:\n1. You're trying to resume training "
                    "from a checkpoint but haven't properly loaded the optimizer state\n2. You're using "
                    "last_epoch >= 0 for a fresh training run (not recommended)"
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        """Take the step to the first learning rate, the one before all steps of the optimizer."""
        self._step_count = 0
        self._is_initial = True
        self.step()
        self._is_initial = False

    def __init_subclass__(cls) -> None:
        # Where PyTorch has it, whatever file here it is in: that is what its type shows. What `type` makes has none.
        if getattr(cls, "__module__", "").startswith(f"{__package__}."):
            cls.__module__ = __package__

    def get_lr(self) -> list[float]:
        """Return the next learning rate of each group, without setting it."""
        raise NotImplementedError

    def get_last_lr(self) -> list[float]:
        """Return the learning rate of each group that the last step set."""
        return self._last_lr

    def _get_closed_form_lr(self) -> list[float]:
        """Return the learning rates at `last_epoch`, whatever they are now."""
        return self.get_lr()

    def step(self, epoch: int | None = None) -> None:
        """Set the next learning rate of each group; call it after the optimizer's step.

        Args:
            epoch: the number of the step to go to, instead of the next one; PyTorch has deprecated it.
        """
        if self._step_count == 1 and not self.optimizer._stepped:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. "
                "In PyTorch 1.1.0 and later, you should call them in the opposite order: "
                "`optimizer.step()` before `lr_scheduler.step()`.  Failure to do this "
                "will result in PyTorch skipping the first value of the learning rate schedule. "
                "See more details at "
                "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warn_of_epoch()
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Go to the next step, or to the one with this number."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._get_lr_called_within_step = True
        try:
            values = self.get_lr() if epoch is None else self._get_closed_form_lr()
        finally:
            self._get_lr_called_within_step = False
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            group["lr"] = value
        self._last_lr: list[float] = [group["lr"] for group in self.optimizer.param_groups]

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                stacklevel=3,
            )

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` of a scheduler of the same kind returned.

        Raises:
            ValueError: it is of another kind of scheduler; nothing is changed.
        """
        expected = self.state_dict()
        if set(state_dict) != set(expected):
            raise ValueError(
                f"loaded state dict is of another scheduler: it has {sorted(state_dict)}, "
                f"where {type(self).__name__} has {sorted(expected)}"
            )
        self.__dict__.update(state_dict)


def check_optimizer(optimizer: object) -> None:
    """Raise PyTorch's TypeError unless something is an optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def warn_of_epoch() -> None:
    """Warn that `step`, which calls this, was told the number of a step."""
    warnings.warn(
        "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. "
        "Please use `scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from "
        "None, the closed form is used instead of the new chainable form, where available. Please open an issue "
        "if you are unable to replicate your use case: https://github.com/pytorch/pytorch/issues/new/choose.",
        stacklevel=3,
    )


class _LRScheduler(LRScheduler):
    """The older name of `LRScheduler`, for schedules that were written with it."""

    __module__ = "nnkit.optim.lr_scheduler"
