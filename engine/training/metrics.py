"""What a classifier gets right, from its confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ClassMetrics:
    """How one class fares: precision is the share of its predictions, recall of its images, that are right."""

    name: str
    precision: float
    recall: float
    images: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, 0 where both are."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-12)


class ConfusionMatrix:
    """Counts of images by their class (rows) and the class that was predicted (columns)."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self.counts: npt.NDArray[np.int64] = np.zeros((len(classes), len(classes)), np.int64)

    def add(self, logits: npt.NDArray[Any], labels: npt.NDArray[Any]) -> None:
        """Count a batch: logits (N, K) and labels (N,)."""
        np.add.at(self.counts, (labels, logits.argmax(axis=1)), 1)

    @property
    def images(self) -> int:
        """The number of images counted."""
        return int(self.counts.sum())

    @property
    def accuracy(self) -> float:
        """The share of images that were predicted right."""
        return int(self.counts.trace()) / self.images

    @property
    def mistakes(self) -> int:
        """The number of images that were predicted wrong."""
        return self.images - int(self.counts.trace())

    def per_class(self) -> list[ClassMetrics]:
        """Return precision and recall of each class, 0 where there is nothing to divide by."""
        right = self.counts.diagonal()
        predicted, actual = self.counts.sum(axis=0), self.counts.sum(axis=1)
        return [
            ClassMetrics(
                name=name,
                precision=float(right[index] / max(predicted[index], 1)),
                recall=float(right[index] / max(actual[index], 1)),
                images=int(actual[index]),
            )
            for index, name in enumerate(self.classes)
        ]
