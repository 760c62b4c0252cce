"""The values that numbers in a config may have, by the names of what they are given to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from nnkit.data.augmentation import LARGEST


@dataclass(frozen=True)
class Range:
    """The values that a number may have; `None` is no limit on that side."""

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None

    def constraints(self) -> dict[str, Any]:
        """Return the range as pydantic's field constraints."""
        limits = {"ge": self.at_least, "gt": self.above, "le": self.at_most, "lt": self.below}
        return {name: limit for name, limit in limits.items() if limit is not None}

    def __str__(self) -> str:
        words = {">=": self.at_least, ">": self.above, "<=": self.at_most, "<": self.below}
        return " and ".join(f"{sign} {limit}" for sign, limit in words.items() if limit is not None)


_POSITIVE = Range(above=0)
_NOT_NEGATIVE = Range(at_least=0)
_FRACTION = Range(at_least=0, below=1)
_COUNT = Range(at_least=0, at_most=1_000_000)
_SIZE = Range(at_least=1, at_most=65_536)
# A layer has at most as many numbers as the square of this: a quarter of a gigabyte.
_WIDTH = Range(at_least=1, at_most=8192)
# The height or width of images that a network takes: they have no more pixels than a layer may have outputs.
LARGEST_IMAGE = 512
_DIMENSION = Range(at_least=-64, at_most=64)

# Ranges belong to names, so that a new optimizer or layer has them without a word here. A name with its section comes
# before the name alone.
RANGES = {
    "alpha": _FRACTION,
    "base_momentum": _FRACTION,
    "batch_size": _SIZE,
    "beta": _NOT_NEGATIVE,
    "betas": _FRACTION,
    "clip_grad_norm": _POSITIVE,
    "cooldown": _COUNT,
    "dampening": Range(at_least=0, at_most=1),
    "data_size": _WIDTH,
    "delta": _POSITIVE,
    "dilation": Range(at_least=1, at_most=1024),
    "dim": _DIMENSION,
    "div_factor": _POSITIVE,
    "divisor_override": Range(at_least=1, at_most=2**31),
    "end_dim": _DIMENSION,
    "end_factor": Range(at_least=0, at_most=1),
    "epochs": Range(at_least=1, at_most=1_000_000),
    "every_seconds": _POSITIVE,
    "every_steps": Range(at_least=1, at_most=2**31),
    "ELU.alpha": _POSITIVE,
    "ema_decay": _FRACTION,
    "eps": _NOT_NEGATIVE,
    "eta_min": _NOT_NEGATIVE,
    "factor": Range(above=0, below=1),
    "final_div_factor": _POSITIVE,
    "gamma": _POSITIVE,
    "groups": _WIDTH,
    "hidden_size": _WIDTH,
    "in_channels": _WIDTH,
    "in_features": Range(at_least=1, at_most=2**22),
    "initial_accumulator_value": _NOT_NEGATIVE,
    "input_size": Range(at_least=1, at_most=LARGEST_IMAGE),
    "keep_last": Range(at_least=1, at_most=1000),
    "kernel_size": Range(at_least=1, at_most=1024),
    "label_smoothing": Range(at_least=0, at_most=1),
    "lr": _POSITIVE,
    "lr_decay": _NOT_NEGATIVE,
    "max_lr": _POSITIVE,
    "max_momentum": _FRACTION,
    "milestones": Range(at_least=1, at_most=2**31),
    "min_lr": _NOT_NEGATIVE,
    "momentum": _FRACTION,
    "negative_slope": _NOT_NEGATIVE,
    "normalized_shape": Range(at_least=1, at_most=2**22),
    "num_classes": _WIDTH,
    "num_features": _WIDTH,
    "num_parameters": _WIDTH,
    "out_channels": _WIDTH,
    "out_features": _WIDTH,
    "output_padding": Range(at_least=0, at_most=1024),
    "output_size": _WIDTH,
    "p": Range(at_least=0, at_most=1),
    "padding": Range(at_least=0, at_most=1024),
    "patience": _COUNT,
    "pct_start": Range(at_least=0, at_most=1),
    "rho": Range(at_least=0, at_most=1),
    "seed": Range(at_least=0, at_most=2**63 - 1),
    # The first dimension is the batch, which stays.
    "Softplus.beta": _POSITIVE,
    "start_dim": Range(at_least=1, at_most=64),
    "start_factor": Range(above=0, at_most=1),
    "step_size": Range(at_least=1, at_most=2**31),
    "stride": Range(at_least=1, at_most=1024),
    "T_max": Range(at_least=1, at_most=2**31),
    "threads": Range(at_least=1, at_most=1024),
    "threshold": _NOT_NEGATIVE,
    "total_iters": Range(at_least=1, at_most=2**31),
    "total_steps": Range(at_least=1, at_most=2**31),
    # Without any patience a run would end before it begins.
    "training.patience": Range(at_least=1, at_most=1_000_000),
    # -1 stands for what is left.
    "unflattened_size": Range(at_least=-1, at_most=8192),
    "validation_fraction": _FRACTION,
    "weight_decay": _NOT_NEGATIVE,
    **{name: Range(at_least=0, at_most=largest) for name, largest in LARGEST.items()},
}


def bounds(name: str) -> Any:
    """Return the constraint of an argument's numbers, for an annotation.

    Args:
        name: of the argument, or with its class before it: `ELU.alpha`.
    """
    found = RANGES.get(name) or RANGES.get(name.rpartition(".")[2], Range())
    return Field(**found.constraints())
