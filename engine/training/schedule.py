"""When the learning rate moves in the course of a run, and how its schedule is saved."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nnkit.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from nnkit.training.components import RUN_LENGTHS
from nnkit.training.position import check_alike

_MOST_STEPS = 1_000_000


@dataclass
class Schedule:
    """A learning rate schedule, and whether it moves after each step or after each epoch."""

    scheduler: LRScheduler
    each_step: bool

    def after_step(self) -> None:
        """Move if a step of the optimizer is what it moves after."""
        if self.each_step:
            self.scheduler.step()

    def after_epoch(self, loss: float, accuracy: float) -> None:
        """Move if an epoch is what it moves after.

        Args:
            loss: what the epoch came to on the images that decide which one is the best.
            accuracy: the same.
        """
        if self.each_step:
            return
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(loss if self.scheduler.mode == "min" else accuracy)
        else:
            self.scheduler.step()

    def state(self) -> dict[str, Any]:
        """Return what `load_state` needs: all that is finite, as a checkpoint holds nothing else."""
        infinite = self._infinite()
        return {name: value for name, value in self.scheduler.state_dict().items() if name not in infinite}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state of such a schedule.

        Raises:
            ValueError: it is of another one.
        """
        complete = {**self._infinite(), **state}
        check_alike("the schedule", complete, self.scheduler.state_dict())
        self.scheduler.load_state_dict(complete)

    def _infinite(self) -> dict[str, float]:
        """Return what is better or worse than all metrics, such as the best one before the first."""
        return {
            name: value
            for name, value in self.scheduler.state_dict().items()
            if isinstance(value, float) and math.isinf(value)
        }

    def catch_up(self, steps: int) -> None:
        """Take a fresh schedule so many steps further, which also sets the optimizer's learning rates and momenta.

        One that needs metrics begins anew instead: those of the run before are not known.

        Raises:
            ValueError: there are more steps than can be taken in some seconds.
        """
        if isinstance(self.scheduler, ReduceLROnPlateau):
            return
        if steps > _MOST_STEPS:
            raise ValueError(f"a schedule cannot be taken {steps} steps further, at most {_MOST_STEPS}")
        with warnings.catch_warnings():
            # The steps of the optimizer that belong to these were taken by the run before.
            warnings.simplefilter("ignore")
            for _ in range(steps):
                self.scheduler.step()

    def is_stretched(self, state: Mapping[str, Any]) -> bool:
        """Return whether a state is that of a schedule of another length."""
        mine = self.scheduler.state_dict()
        return any(mine[name] != state[name] for name in RUN_LENGTHS & mine.keys())
