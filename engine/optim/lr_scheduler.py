"""Learning rates that change in the course of training.

Source: the surface, the recursive formulas and the messages are those of `torch.optim.lr_scheduler`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any, Literal

from nnkit.optim.optimizer import Group, Optimizer
from nnkit.registry import Registry

SCHEDULERS: Registry[type[LRScheduler]] = Registry("scheduler")


class LRScheduler:
    """What all schedules share: `step` counts, asks `get_lr` and writes into the optimizer's groups.

    Schedules compute the next learning rate from the present one, so several of them can act on one optimizer.

    Args:
        optimizer: whose learning rates change.
        last_epoch: the number of steps already taken; -1 starts anew.

    Raises:
        TypeError: `optimizer` is not an Optimizer.
        KeyError: steps have been taken, but the optimizer does not know its initial learning rate.
    """

    _get_lr_called_within_step = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        _check_optimizer(optimizer)
        self.optimizer = optimizer
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
        self._step_count = 0
        self._is_initial = True
        self.step()
        self._is_initial = False

    def get_lr(self) -> list[float]:
        """Return the next learning rate of each group, without setting it."""
        raise NotImplementedError

    def get_last_lr(self) -> list[float]:
        """Return the learning rate of each group that the last step set."""
        return self._last_lr

    def step(self) -> None:
        """Set the next learning rate of each group; call it after the optimizer's step."""
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
        self.last_epoch += 1
        self._get_lr_called_within_step = True
        try:
            values = self.get_lr()
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


def _check_optimizer(optimizer: object) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def _check_positive_integer(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"Expected positive integer {name}, but got {value}")


@SCHEDULERS.register("StepLR")
class StepLR(LRScheduler):
    """Every `step_size` steps the learning rate is multiplied by `gamma`.

    Args:
        optimizer: whose learning rates change.
        step_size: steps between changes.
        gamma: the factor.
        last_epoch: the number of steps already taken; -1 starts anew.

    Raises:
        ValueError: `step_size` is not a positive integer.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        _check_positive_integer("step_size", step_size)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """See `LRScheduler.get_lr`."""
        self._warn_outside_step()
        groups = self.optimizer.param_groups
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return [group["lr"] for group in groups]
        return [group["lr"] * self.gamma for group in groups]


@SCHEDULERS.register("CosineAnnealingLR")
class CosineAnnealingLR(LRScheduler):
    """The learning rate follows half a cosine from its start down to `eta_min`, and back if steps go on.

    Args:
        optimizer: whose learning rates change.
        T_max: steps on the way down.
        eta_min: the lowest learning rate.
        last_epoch: the number of steps already taken; -1 starts anew.

    Raises:
        ValueError: `T_max` is not a positive integer.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, equation 5,
    without the restarts.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,  # noqa: N803 (PyTorch's name)
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        _check_positive_integer("T_max", T_max)
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

    def _next(self, lr: float, base: float) -> float:
        period, lowest, step = self.T_max, self.eta_min, self.last_epoch
        if (step - 1 - period) % (2 * period) == 0:
            # At the bottom of the curve the quotient below would be 0 / 0.
            return lr + (base - lowest) * (1 - math.cos(math.pi / period)) / 2
        now = 1 + math.cos(math.pi * step / period)
        before = 1 + math.cos(math.pi * (step - 1) / period)
        return now / before * (lr - lowest) + lowest


@SCHEDULERS.register("OneCycleLR")
class OneCycleLR(LRScheduler):
    """The learning rate rises to `max_lr` and falls to almost nothing; momentum does the opposite.

    One step of the schedule belongs to one step of the optimizer.

    Args:
        optimizer: whose learning rates, and momentum or first beta, change.
        max_lr: the highest learning rate, or one per group.
        total_steps: length of the cycle; or give the next two.
        epochs: number of epochs.
        steps_per_epoch: optimizer steps of an epoch.
        pct_start: the part of the cycle in which the learning rate rises.
        anneal_strategy: the shape of the way, "cos" or "linear".
        cycle_momentum: whether momentum changes, from `max_momentum` down to `base_momentum` and back.
        base_momentum: the lowest momentum, or one per group.
        max_momentum: the highest momentum, or one per group.
        div_factor: the cycle starts at max_lr / div_factor.
        final_div_factor: and ends at that divided by this.
        three_phase: fall back as long as the rise took, and to the end only then.
        last_epoch: the number of steps already taken; -1 starts anew.

    Raises:
        TypeError: `optimizer` is not an Optimizer.
        ValueError: a length that is not a positive integer, another option out of its range, an optimizer
            without momentum, or one step more than the cycle has.

    Source: Smith and Topin, "Super-convergence: very fast training of neural networks using large learning
    rates", 2019.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        _check_optimizer(optimizer)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self.total_steps = _cycle_length(total_steps, epochs, steps_per_epoch)
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        peaks = _per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                start = peak / div_factor
                group.update(initial_lr=start, max_lr=peak, min_lr=start / final_div_factor)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = "betas" in optimizer.defaults
            if not self.use_beta1 and "momentum" not in optimizer.defaults:
                raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
            highest = _per_group("max_momentum", optimizer, max_momentum)
            lowest = _per_group("base_momentum", optimizer, base_momentum)
            if last_epoch == -1:
                for group, high, low in zip(optimizer.param_groups, highest, lowest, strict=True):
                    self._set_momentum(group, high)
                    group.update(max_momentum=high, base_momentum=low)
        super().__init__(optimizer, last_epoch)

    def _set_momentum(self, group: Group, momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum

    def _between(self, start: float, end: float, part: float) -> float:
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)

    def get_lr(self) -> list[float]:
        """Return the next learning rate of each group, and set its momentum."""
        self._warn_outside_step()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        first, phase = 0.0, self._schedule_phases[0]
        for following in self._schedule_phases[1:]:
            if step <= phase["end_step"]:
                break
            first, phase = phase["end_step"], following
        length = phase["end_step"] - first
        # A phase may be so short that no step lies in it: then its end counts.
        part = (step - first) / length if length else 1.0
        values = []
        for group in self.optimizer.param_groups:
            values.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                start, end = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._between(start, end, part))
        return values


def _cycle_length(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        _check_positive_integer("total_steps", total_steps)
        return total_steps
    if epochs is None or steps_per_epoch is None:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    _check_positive_integer("epochs", epochs)
    _check_positive_integer("steps_per_epoch", steps_per_epoch)
    return epochs * steps_per_epoch


def _phase(end_step: float, lrs: tuple[str, str], momenta: tuple[str, str]) -> dict[str, Any]:
    return {
        "end_step": end_step,
        "start_lr": lrs[0],
        "end_lr": lrs[1],
        "start_momentum": momenta[0],
        "end_momentum": momenta[1],
    }


def _phases(total_steps: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """Return the parts of the cycle: where each ends, and between which of a group's values it goes."""
    rise, last = float(pct_start * total_steps) - 1, total_steps - 1
    up = _phase(rise, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
    if not three_phase:
        return [up, _phase(last, ("max_lr", "min_lr"), ("base_momentum", "max_momentum"))]
    fall = float(2 * pct_start * total_steps) - 2
    return [
        up,
        _phase(fall, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum")),
        _phase(last, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum")),
    ]


def _per_group(name: str, optimizer: Optimizer, value: float | list[float]) -> list[float]:
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. "
            f"{name} has {len(value)} values, param_groups has {count}."
        )
    return list(value)
