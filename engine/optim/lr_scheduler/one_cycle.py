"""OneCycleLR."""

from __future__ import annotations

import math
from typing import Any, Literal

from nnkit.optim.lr_scheduler.scheduler import SCHEDULERS, LRScheduler, check_optimizer
from nnkit.optim.optimizer import Group, Optimizer


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
        last_epoch: the number of the last step already taken; -1 starts anew.

    Raises:
        TypeError: `optimizer` is not an Optimizer.
        ValueError: a length that is not a positive integer, another option out of its range, an optimizer
            without momentum, or one step more than the cycle has.

    Source: Smith and Topin, "Super-convergence: very fast training of neural networks using large learning
    rates", 2019, section 4; the shape of the way is that of PyTorch, which follows fastai.

    Example:
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], momentum=0.9)
        >>> scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=5, anneal_strategy="linear")
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     print(f"{scheduler.get_last_lr()[0]:.3f} {optimizer.param_groups[0]['momentum']:.3f}")
        0.857 0.864
        0.571 0.893
        0.286 0.921
        0.000 0.950
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
        check_optimizer(optimizer)
        self.total_steps = _cycle_length(total_steps, epochs, steps_per_epoch)
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
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
        if total_steps <= 0 or not isinstance(total_steps, int):
            raise ValueError(f"Expected positive integer total_steps, but got {total_steps}")
        return total_steps
    if epochs is None or steps_per_epoch is None:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    for name, value in (("epochs", epochs), ("steps_per_epoch", steps_per_epoch)):
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value}")
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
