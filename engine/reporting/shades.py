"""How dark the cells of a confusion matrix are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def shades(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return a strength from 0 to 1 for each cell of a confusion matrix (K, K).

    What is right is as dark as its share of the class. Mistakes are few: they are compared with each other, by square
    roots so that single ones can be seen.
    """
    right = np.eye(len(counts), dtype=bool)
    of_class = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    mistakes = np.where(right, 0, counts)
    return np.where(right, of_class**2 * 0.75, 0.75 * np.sqrt(mistakes / max(mistakes.max(initial=0), 1)))
