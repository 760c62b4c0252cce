"""Training images that differ a little every time they are seen."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np

from nnkit.errors import ConfigError

# What an image may still be recognisable after, and far more than helps.
LARGEST: dict[str, float] = {"shift": 64, "rotation": 180, "scale": 0.9, "elastic": 16}


@dataclass(frozen=True)
class Augmentation:
    """How far each training image may be changed at random, anew in every epoch.

    Every range is used evenly. For digits of 28 x 28 pixels, shift=2, rotation=10, scale=0.1, elastic=1 leaves
    them looking like somebody's handwriting.

    Args:
        shift: up to so many pixels up or down, and left or right.
        rotation: up to so many degrees to either side.
        scale: height and width each become longer or shorter by up to this share.
        elastic: pixels are displaced smoothly, by so many pixels along each axis as a root mean square.

    Raises:
        ConfigError: a range is negative or too large.
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    elastic: float = 0.0

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if not 0 <= value <= LARGEST[name]:
                raise ConfigError(f"augmentation: {name} {value}: expected a number from 0 to {LARGEST[name]:g}")

    def __bool__(self) -> bool:
        return any(self.ranges)

    @property
    def ranges(self) -> tuple[float, float, float, float]:
        """The ranges in the order that kernels expect."""
        return self.shift, self.rotation, self.scale, self.elastic


@functools.lru_cache(maxsize=16)
def augmentation_key(seed: int, epoch: int) -> int:
    """Return a number of 64 bits that decides all changes of an epoch, together with the index of each image."""
    # Kept apart from what else is drawn with the same seed, as in `permutation`. Every batch asks for it anew.
    sequence = np.random.SeedSequence(seed, spawn_key=(*b"augmentation", epoch))
    return int(sequence.generate_state(1, np.uint64)[0])
