"""Streams of random numbers: those of PyTorch's CPU generator, number for number.

It is the Mersenne Twister (Matsumoto and Nishimura, 1998) with the ways that PyTorch turns its 32-bit draws into
numbers, so that a seed gives the same weights here and there.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from nnkit.kernels.layout import Array

DEFAULT_SEED = 67280421310721


class Stream:
    """A stream of random numbers that can be seeded, saved and restored."""

    def __init__(self) -> None:
        self.manual_seed(DEFAULT_SEED)

    def manual_seed(self, seed: int) -> None:
        """Start the stream that belongs to a seed below 2^64."""
        self._seed = seed
        # RandomState seeds the twister as its authors do; PyTorch uses the low 32 bits of the seed.
        self._twister = np.random.RandomState(seed & 0xFFFFFFFF)
        self._spare: float | None = None

    def initial_seed(self) -> int:
        """Return the seed that the stream was started with."""
        return self._seed

    def twister(self) -> tuple[Array, int, float | None]:
        """Return the words of the twister (uint32), how many of them are drawn, and a normal number in reserve."""
        _, words, drawn, _, _ = self._twister.get_state(legacy=True)
        return np.asarray(words, np.uint32), int(drawn), self._spare

    def go_to(self, seed: int, words: Array, drawn: int, spare: float | None) -> None:
        """Go to a position that `twister` returned."""
        self._twister.set_state(("MT19937", words, drawn, 0, 0.0))
        self._spare = spare
        self._seed = seed

    def get_state(self) -> Array:
        """Return the position in the stream as uint8; `set_state` goes back there."""
        words, drawn, spare = self.twister()
        rest = np.array([spare is not None, spare or 0.0, float(self._seed)], np.float64)
        return np.concatenate([words, np.array([drawn], np.uint32), rest.view(np.uint32)]).view(np.uint8)

    def set_state(self, state: Array) -> None:
        """Go to a position that `get_state` returned.

        Raises:
            ValueError: it is not such a position.
        """
        state = np.ascontiguousarray(state, np.uint8)
        if state.nbytes != 4 * (624 + 1 + 6):
            raise ValueError(f"the state of a stream has {4 * 631} bytes, but got {state.nbytes}")
        numbers = state.view(np.uint32)
        has_spare, spare, seed = numbers[625:].copy().view(np.float64)
        self.go_to(int(seed), numbers[:624].copy(), int(numbers[624]), float(spare) if has_spare else None)

    def words(self, count: int) -> Array:
        """Return the next 32-bit draws, as uint64."""
        return self._twister.randint(0, 2**32, count, dtype=np.uint32).astype(np.uint64)

    def _long_words(self, count: int) -> Array:
        pairs = self.words(2 * count).reshape(count, 2)
        return (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]

    def uniform(self, count: int, low: float, high: float, kind: np.dtype[np.floating]) -> Array:
        """Return numbers evenly spread over [low, high).

        Raises:
            RuntimeError: low is greater than high.
        """
        if low > high:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
        if kind == np.float32:
            unit = (self.words(count) & np.uint64(2**24 - 1)).astype(np.float32) * np.float32(2.0**-24)
        else:
            unit = (self._long_words(count) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53
        # PyTorch multiplies and adds in one instruction, which rounds once: so does float64, rounded at the end.
        span, start = float(kind.type(high - low)), float(kind.type(low))
        return (unit.astype(np.float64) * span + start).astype(kind)

    def normal(self, count: int, mean: float, std: float, kind: np.dtype[np.floating]) -> Array:
        """Return normally distributed numbers (Box and Muller, 1958).

        Raises:
            RuntimeError: the standard deviation is negative.
        """
        if std < 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
        if count < 16:
            values = [self._one_normal() * std + mean for _ in range(count)]
            return np.array(values, kind)
        values_array = self.uniform(count, 0, 1, kind)
        for start in range(0, count - 15, 16):
            values_array[start : start + 16] = _normal_sixteen(values_array[start : start + 16])
        if count % 16:
            # The last sixteen are drawn anew, whatever of them was there before.
            values_array[-16:] = _normal_sixteen(self.uniform(16, 0, 1, kind))
        return values_array * kind.type(std) + kind.type(mean)

    def _one_normal(self) -> float:
        if self._spare is not None:
            spare, self._spare = self._spare, None
            return spare
        first, second = self.uniform(2, 0, 1, np.dtype(np.float64))
        radius = math.sqrt(-2.0 * math.log1p(-second))
        angle = 2.0 * math.pi * first
        self._spare = radius * math.sin(angle)
        return radius * math.cos(angle)

    def bernoulli(self, count: int, p: float) -> Array:
        """Return True with probability p and False elsewhere."""
        return self.uniform(count, 0, 1, np.dtype(np.float64)) < p

    def integers(self, count: int, low: int, high: int) -> Array:
        """Return whole numbers in [low, high)."""
        span = high - low
        draws = self._long_words(count) if span >= 2**32 else self.words(count)
        return (draws % np.uint64(span)).astype(np.int64) + low

    def permutation(self, count: int) -> Array:
        """Return the numbers below `count` in random order."""
        order = list(range(count))
        steps = np.arange(max(count - 1, 0))
        partners = steps + (self.words(len(steps)) % (count - steps).astype(np.uint64)).astype(np.int64)
        for i, j in enumerate(partners.tolist()):
            order[i], order[j] = order[j], order[i]
        return np.array(order, np.int64)


def _normal_sixteen(unit: Array) -> Array:
    """Turn sixteen uniform numbers into normal ones: the first eight give radii, the others angles."""
    kind = unit.dtype.type
    radius = np.sqrt(kind(-2) * np.log(kind(1) - unit[:8]))
    angle = kind(2 * math.pi) * unit[8:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])


default_stream = Stream()


class HasStream(Protocol):
    """A generator, as far as what draws from it needs to know it."""

    @property
    def stream(self) -> Stream:
        """Where its numbers come from."""


def stream_of(generator: HasStream | None) -> Stream:
    """Return the stream of a generator, or the one that is used where no generator is given."""
    return default_stream if generator is None else generator.stream
