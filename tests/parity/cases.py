"""The tables of `tests/parity/tables`: what is compared with PyTorch beside the samples of the operations."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnkit.kernels.layout import empty_batch_last
from nnkit.ops.operation import N

__all__ = ["N", "after", "layer", "loss"]

# Batches around the width of a vector, and those that are easily forgotten.
SIZES = (0, 1, 15, 16, 17, 64)
LAYOUTS = ("contiguous", "batch last", "reversed strides")


class Layer(NamedTuple):
    """A module, and the shapes of the inputs that it is called with."""

    module: str
    shapes: tuple[tuple[int, ...], ...]
    random: bool


def layer(module: str, *shapes: tuple[int, ...], random: bool = False) -> Layer:
    """Return a layer to compare; of one that draws random numbers in training only what does not depend on them."""
    return Layer(module, shapes, random)


class Loss(NamedTuple):
    """A loss, the shape of its input, and a program for its target out of n, the number of examples."""

    module: str
    shape: tuple[int, ...]
    target: str


def loss(module: str, shape: tuple[int, ...], target: str) -> Loss:
    """Return a loss to compare."""
    return Loss(module, shape, target)


def after(beginning: str, lines: str) -> list[str]:
    """Return a program for each line of a text, all with the same beginning."""
    return [f"{beginning}\n{line}" for line in _rows(lines)]


def table(name: str) -> list[Any]:
    """Return all rows of the tables of this name."""
    return [row for module in _tables() for row in _rows(getattr(module, name, ()))]


def _tables() -> Iterator[Any]:
    for path in sorted((Path(__file__).parent / "tables").glob("*.py")):
        yield importlib.import_module(f"parity.tables.{path.stem}")


def _rows(rows: Any) -> list[Any]:
    """Return rows as a list; a text has one in each line that is no comment."""
    if isinstance(rows, str):
        return [line for line in rows.strip().splitlines() if line and not line.startswith("#")]
    return list(rows)


def sized(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return a shape with its placeholder replaced."""
    return tuple(count if size == N else size for size in shape)


def spread(shapes: list[tuple[int, ...]], low: float, high: float, kind: type, seed: int = 0) -> list[np.ndarray]:
    """Return numbers that are all different, so that no maximum is a tie and no difference crosses a corner."""
    generator = np.random.default_rng(seed)
    arrays = []
    for shape in shapes:
        count = int(np.prod(shape))
        numbers = np.linspace(low, high, count + 2)[1:-1] + 0.0123
        arrays.append(generator.permutation(numbers).reshape(shape).astype(kind))
    return arrays


def placed(array: np.ndarray, layout: str) -> np.ndarray:
    """Return a copy of an array whose elements lie in memory in another order."""
    if layout == "batch last" and array.ndim:
        copy = empty_batch_last(array.shape, array.dtype)
    elif layout == "reversed strides":
        copy = np.empty(array.shape[::-1], array.dtype).T
    else:
        copy = np.empty(array.shape, array.dtype)
    copy[...] = array
    return copy
