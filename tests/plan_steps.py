"""The same steps by plan and on the tape, to be compared."""

from typing import NamedTuple

import numba
import numpy as np

from nnkit import nn
from nnkit.plan import Replay
from nnkit.random import manual_seed
from nnkit.tensors import Tensor

JIT_OFF = bool(numba.config.DISABLE_JIT)
CROSS_ENTROPY = nn.CrossEntropyLoss()


class Built(nn.Module):
    """A network of the modules and parameters that it is given, and of a function for its forward pass."""

    def __init__(self, forward, **members):
        super().__init__()
        self.function = forward
        for name, member in members.items():
            setattr(self, name, member)

    def forward(self, images):
        return self.function(self, images)


class Outcome(NamedTuple):
    loss: float
    logits: np.ndarray
    gradients: dict[str, np.ndarray | None]


def batch(count, shape, classes=4, seed=0):
    """Return images (count, *shape) and their labels."""
    generator = np.random.default_rng([seed, count])
    images = generator.standard_normal((count, *shape)).astype(np.float32)
    return Tensor.detached(images), Tensor.detached(generator.integers(0, classes, count))


def take(replay, images, labels, *, differentiate=True):
    """Take a step as a training loop does, or evaluate."""
    for parameter in replay.network.parameters():
        parameter.grad = None
    loss, logits = (replay.differentiate if differentiate else replay.evaluate)(images, labels)
    gradients = {
        name: None if parameter.grad is None else parameter.grad.array.copy()
        for name, parameter in replay.network.named_parameters()
    }
    return Outcome(loss, np.array(logits), gradients)


def assert_close(mine, expected, tolerance=1e-5, least=1e-6):
    """Compare arrays by the greatest of their elements (or `least`), and what is not finite exactly."""
    assert mine.shape == expected.shape
    assert mine.dtype == expected.dtype
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(mine[~finite], expected[~finite])
    scale = max(least, float(np.abs(expected[finite]).max(initial=0)))
    np.testing.assert_allclose(mine[finite] / scale, expected[finite] / scale, rtol=0, atol=tolerance)


def assert_same(mine, expected, tolerance=1e-5):
    """Compare two outcomes."""
    assert_close(np.array(mine.loss), np.array(expected.loss), tolerance)
    assert_close(mine.logits, expected.logits, tolerance)
    # What is small because large terms cancel out is not rounded to its own size.
    sizes = [np.abs(each[np.isfinite(each)]).max(initial=0) for each in expected.gradients.values() if each is not None]
    least = max(1e-6, 0.1 * max(sizes, default=0))
    for name, gradient in expected.gradients.items():
        assert (mine.gradients[name] is None) == (gradient is None), name
        if gradient is not None:
            assert_close(mine.gradients[name], gradient, tolerance, least)


def planned_step(network, images, labels, criterion=CROSS_ENTROPY, **options):
    """Assert that steps and evaluations by plan, three in a row, give what they give on the tape; return the replay."""
    tape, replay = (Replay(network, criterion, enabled=enabled) for enabled in (False, True))
    for number in range(3):
        # Other images than those that were recorded, so that nothing of those can be left.
        shown = Tensor.detached(images.array * images.array.dtype.type(1 + number / 4))
        for differentiate in (True, False):
            outcomes = []
            for each in (tape, replay):
                manual_seed(number)
                network.train(differentiate)
                outcomes.append(take(each, shown, labels, differentiate=differentiate))
            assert_same(outcomes[1], outcomes[0], **options)
    assert replay.obstacle is None
    assert len(replay._plans) == 2
    return replay
