"""What the curves of a run show, before anyone draws them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from nnkit.reporting.run_record import Epoch, RunRecord

# More points than a screen has columns make files large and nothing clearer.
_MOST_POINTS = 1000
# Colours that lines have on all pictures; where there are more lines, the others are dashed.
COLOURS = 8

Unit = Literal["number", "loss", "share"]


@dataclass(frozen=True)
class Line:
    """Values by epoch; `colour` is a place in the palette, `dashed` tells lines of one colour apart."""

    label: str
    epochs: tuple[int, ...]
    values: tuple[float, ...]
    colour: int
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """Lines over the epochs; values of the unit "share" are shown in percent.

    `note` says what is marked: the place (epoch, value) on one of the lines.
    """

    title: str
    lines: tuple[Line, ...]
    unit: Unit = "number"
    mark: tuple[int, float] | None = None
    note: str = ""
    labels_at_lines: bool = True

    @property
    def values(self) -> list[float]:
        """Those of all lines."""
        return [value for line in self.lines for value in line.values]

    @property
    def decades(self) -> float:
        """How many powers of ten its smallest and largest value are apart; 0 where some are not positive."""
        low, high = min(self.values), max(self.values)
        return math.log10(high) - math.log10(low) if low > 0 else 0.0

    @property
    def is_logarithmic(self) -> bool:
        """Whether it is a loss whose small values an even scale would squeeze onto the axis."""
        return self.unit == "loss" and self.decades >= 1

    def shown(self, value: float) -> str:
        """Return a value as text."""
        return f"{value:.2%}" if self.unit == "share" else f"{value:.4g}"

    @property
    def description(self) -> str:
        """The chart in words, for those who cannot see it."""
        ends = [
            f"{line.label} from {self.shown(line.values[0])} to {self.shown(line.values[-1])}" for line in self.lines
        ]
        return f"{self.title} by epoch: {'; '.join(ends)}"


_LOSS = {"train": "train_loss", "test": "test_loss", "validation": "validation_loss"}
_ACCURACY = {"train": "train_accuracy", "test": "test_accuracy", "validation": "validation_accuracy"}


def charts_of(record: RunRecord) -> list[Chart]:
    """Return loss, accuracy and learning rate of a run; nothing before its first epoch is done."""
    best = record.best
    if best is None:
        return []
    note = f"epoch {best.epoch} is the best"
    return [
        Chart("Loss", _lines(record.epochs, _LOSS), "loss", (best.epoch, best.test_loss)),
        Chart("Accuracy", _lines(record.epochs, _ACCURACY), "share", (best.epoch, best.test_accuracy), note),
        Chart("Learning rate", _lines(record.epochs, {"lr": "lr"}), labels_at_lines=False),
    ]


def comparison_charts(records: Sequence[RunRecord], names: Sequence[str]) -> list[Chart]:
    """Return test accuracy, losses and learning rate of runs, a line for each that has an epoch."""

    def chart(title: str, field: str, unit: Unit = "number") -> Chart:
        lines = tuple(
            Line(name, *_points(record.epochs, field), number % COLOURS, dashed=number >= COLOURS)
            for number, (record, name) in enumerate(zip(records, names, strict=True))
            if record.epochs
        )
        return Chart(title, lines, unit, labels_at_lines=False)

    charts = [
        chart("Test accuracy", "test_accuracy", "share"),
        chart("Test loss", "test_loss", "loss"),
        chart("Training loss", "train_loss", "loss"),
        chart("Learning rate", "lr"),
    ]
    return [each for each in charts if each.lines]


def _lines(epochs: Sequence[Epoch], fields: dict[str, str]) -> tuple[Line, ...]:
    return tuple(
        Line(label, *_points(epochs, field), colour)
        for colour, (label, field) in enumerate(fields.items())
        if any(getattr(epoch, field) is not None for epoch in epochs)
    )


def _points(epochs: Sequence[Epoch], field: str) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the epochs that have a value of this name, and the values."""
    known = thinned([epoch for epoch in epochs if getattr(epoch, field) is not None], _MOST_POINTS)
    return tuple(epoch.epoch for epoch in known), tuple(getattr(epoch, field) for epoch in known)


def thinned(epochs: Sequence[Epoch], most: int, keep: Callable[[Epoch], bool] = lambda _: False) -> list[Epoch]:
    """Return at most about `most` epochs, evenly chosen, with the first, the last and those to keep."""
    every = -(-len(epochs) // most)
    last = len(epochs) - 1
    return [
        epoch for number, epoch in enumerate(epochs) if number % max(every, 1) == 0 or number == last or keep(epoch)
    ]
