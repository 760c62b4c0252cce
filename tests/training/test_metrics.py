"""Numbers made from a confusion matrix."""

import numpy as np
import pytest

from nnkit.training.metrics import ConfusionMatrix


def matrix(counts, classes=("a", "b", "c")):
    confusion = ConfusionMatrix(classes)
    for actual, row in enumerate(counts):
        for predicted, count in enumerate(row):
            logits = np.zeros((count, len(classes)), np.float32)
            logits[:, predicted] = 1
            confusion.add(logits, np.full(count, actual))
    return confusion


def test_counts_accuracy_precision_and_recall():
    confusion = matrix([[4, 1, 0], [2, 3, 0], [0, 0, 0]])
    assert confusion.counts.tolist() == [[4, 1, 0], [2, 3, 0], [0, 0, 0]]
    assert (confusion.images, confusion.accuracy) == (10, 0.7)
    a, b, c = confusion.per_class()
    assert (a.name, a.precision, a.recall, a.images) == ("a", pytest.approx(4 / 6), pytest.approx(4 / 5), 5)
    assert (b.precision, b.recall) == (pytest.approx(3 / 4), pytest.approx(3 / 5))
    # Never predicted and never there.
    assert (c.precision, c.recall, c.images) == (0, 0, 0)


def test_the_first_of_equal_logits_is_the_prediction():
    confusion = ConfusionMatrix(("a", "b"))
    confusion.add(np.zeros((1, 2), np.float32), np.array([1]))
    assert confusion.counts.tolist() == [[0, 0], [1, 0]]
