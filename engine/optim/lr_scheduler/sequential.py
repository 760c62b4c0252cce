"""SequentialLR."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from typing import Any

from nnkit.optim.lr_scheduler.plateau import ReduceLROnPlateau
from nnkit.optim.lr_scheduler.scheduler import LRScheduler
from nnkit.optim.optimizer import Optimizer


class SequentialLR(LRScheduler):
    """One schedule after the other: a warm-up, say, and then a decay.

    A config cannot hold several schedules, so this one has no name there.

    Args:
        optimizer: whose learning rates change.
        schedulers: the schedules of this optimizer.
        milestones: the steps at which each but the first begins, as if from its own beginning.
        last_epoch: the number of the last step already taken; -1 starts anew.

    Raises:
        TypeError: something is not a schedule.
        ValueError: there are no schedules, or one belongs to another optimizer or needs metrics; or the milestones are
            not one fewer.

    Source: the surface is that of `torch.optim.lr_scheduler.SequentialLR`.

    Examples:
        >>> optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> warmup = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> decay = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> scheduler = optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[2])
        >>> for _ in range(4):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.5]
        [0.75]
        [1.0]
        [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        name = type(self).__name__
        if len(schedulers) < 1:
            raise ValueError(f"{name} expects at least one scheduler, but got no scheduler.")
        for position, scheduler in enumerate(schedulers):
            _check(name, optimizer, position, scheduler)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                f"milestone points, but got number of schedulers {len(schedulers)} and the number of milestones to be "
                f"equal to {len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Each schedule has taken its first step when it was made.
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self._undo()
        first = self._present()
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def _undo(self) -> None:
        for scheduler in self._schedulers:
            if isinstance(scheduler, SequentialLR):
                scheduler._undo()
            else:
                scheduler.last_epoch -= 1

    def _present(self) -> LRScheduler:
        return self._schedulers[bisect.bisect_right(self._milestones, self.last_epoch)]

    def step(self) -> None:  # type: ignore[override]  # no epoch but the next one
        """Set the next learning rate of each group; call it after the optimizer's step."""
        self.last_epoch += 1
        scheduler = self._present()
        if self.last_epoch in self._milestones:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer, with the states of the schedules."""
        state = super().state_dict()
        del state["_schedulers"]
        return {**state, "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """See `LRScheduler.load_state_dict`."""
        schedulers = self._schedulers
        super().load_state_dict(state_dict)
        self._schedulers = schedulers
        for scheduler, state in zip(schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(state)


def _check(name: str, optimizer: Optimizer, position: int, scheduler: LRScheduler) -> None:
    if not hasattr(scheduler, "optimizer"):
        raise TypeError(f"{name} at index {position} should have `optimizer` as its attribute.")
    if isinstance(scheduler, ReduceLROnPlateau):
        raise ValueError(
            f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be specified "
            f"when calling `step`, but got one at index {position} in the given schedulers sequence."
        )
    if optimizer != scheduler.optimizer:
        raise ValueError(
            f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
            f"{type(scheduler).__name__} at index {position} has {scheduler.optimizer}, which is different from "
            f"{type(optimizer).__name__}."
        )
