"""The moving average of a network's parameters, which is often better than the parameters themselves."""

from __future__ import annotations

import copy

from nnkit.kernels.updates import AverageRule, Update, Updates
from nnkit.models import Network
from nnkit.tensors import no_grad


class Average:
    """A second network, whose parameters follow those of the one that is trained.

    The first update takes the parameters as they are; each that follows takes 1 - decay of them, and keeps the rest.

    Args:
        network: what is trained.
        decay: how much of the average stays from step to step, in [0, 1).

    Attributes:
        updates: how many there were.

    Raises:
        RuntimeError: the network cannot be copied.

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; the numbers are those of
    PyTorch's `AveragedModel` with `get_ema_multi_avg_fn(decay)`.
    """

    def __init__(self, network: Network, decay: float) -> None:
        self.updates = 0
        self._decay = decay
        self._network, self._average = network, copy.deepcopy(network)
        self._pairs = list(zip(self._average.parameters(), network.parameters(), strict=True))
        self._prepared: Updates | None = None

    @property
    def span(self) -> float:
        """How many of the latest steps make most of the average."""
        return 1 / (1 - self._decay)

    def update(self) -> None:
        """Take in the parameters after a step."""
        if self._prepared is None:
            averages = [Update(AverageRule, mine.array) for mine, _ in self._pairs]
            self._prepared = self._pairs[0][0].backend.updates(averages)
        rule = AverageRule(1 - self._decay if self.updates else 1)
        self._prepared.run([rule] * len(self._pairs), [theirs.array for _, theirs in self._pairs])
        self.updates += 1

    def averaged(self) -> Network:
        """Return the network with the averages, always the same; its buffers are now what they are in the trained one.

        After more steps it has to be asked for again.
        """
        with no_grad():
            for mine, theirs in zip(self._average.buffers(), self._network.buffers(), strict=True):
                mine.copy_(theirs)
        return self._average
