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
_SIZE = Range(at_least=1, at_most=65_536)
# A layer has at most as many numbers as the square of this: a quarter of a gigabyte.
_WIDTH = Range(at_least=1, at_most=8192)
# The height or width of images that a network takes: they have no more pixels than a layer may have outputs.
LARGEST_IMAGE = 512
_DIMENSION = Range(at_least=-64, at_most=64)

# Ranges belong to names, so that a new optimizer or layer has them without a word here; where a class means something
# else by one, it stands before the name.
RANGES = {
    "alpha": _FRACTION,
    "base_momentum": _FRACTION,
    "batch_size": _SIZE,
    "beta": _NOT_NEGATIVE,
    "betas": _FRACTION,
    "clip_grad_norm": _POSITIVE,
    "dampening": Range(at_least=0, at_most=1),
    "data_size": _WIDTH,
    "delta": _POSITIVE,
    "dilation": Range(at_least=1, at_most=1024),
    "dim": _DIMENSION,
    "div_factor": _POSITIVE,
    "end_dim": _DIMENSION,
    "epochs": Range(at_least=1, at_most=1_000_000),
    "every_seconds": _POSITIVE,
    "every_steps": Range(at_least=1, at_most=2**31),
    "ELU.alpha": _POSITIVE,
    "ema_decay": _FRACTION,
    "eps": _NOT_NEGATIVE,
    "eta_min": _NOT_NEGATIVE,
    "final_div_factor": _POSITIVE,
    "gamma": _POSITIVE,
    "groups": _WIDTH,
    "hidden_size": _WIDTH,
    "in_channels": _WIDTH,
    "in_features": Range(at_least=1, at_most=2**22),
    "input_size": Range(at_least=1, at_most=LARGEST_IMAGE),
    "keep_last": Range(at_least=1, at_most=1000),
    "kernel_size": Range(at_least=1, at_most=1024),
    "label_smoothing": Range(at_least=0, at_most=1),
    "lr": _POSITIVE,
    "max_lr": _POSITIVE,
    "max_momentum": _FRACTION,
    "momentum": _FRACTION,
    "negative_slope": _NOT_NEGATIVE,
    "num_classes": _WIDTH,
    "out_channels": _WIDTH,
    "out_features": _WIDTH,
    "output_size": _WIDTH,
    "p": Range(at_least=0, at_most=1),
    "padding": Range(at_least=0, at_most=1024),
    "patience": Range(at_least=1, at_most=1_000_000),
    "pct_start": Range(at_least=0, at_most=1),
    "seed": Range(at_least=0, at_most=2**63 - 1),
    # The first dimension is the batch, which stays.
    "Softplus.beta": _POSITIVE,
    "start_dim": Range(at_least=1, at_most=64),
    "step_size": Range(at_least=1, at_most=2**31),
    "stride": Range(at_least=1, at_most=1024),
    "T_max": Range(at_least=1, at_most=2**31),
    "threads": Range(at_least=1, at_most=1024),
    "total_steps": Range(at_least=1, at_most=2**31),
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
