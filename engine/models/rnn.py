"""A recurrent network of two linear layers."""

from __future__ import annotations

from typing import Literal

from nnkit.models.registry import NETWORKS, Network
from nnkit.nn import Linear
from nnkit.tensors import Tensor, cat, zeros


@NETWORKS.register("RNN")
class RNN(Network):
    """Reads an image row by row: each row and the hidden state give the next hidden state.

    Args:
        data_size: pixels of a row.
        hidden_size: size of the hidden state.
        output_size: number of logits.
        nonlinearity: "tanh", or "none" as in the tutorial, which makes all of it one affine map.

    Shapes:
        Images (N, 1, T, data_size) of T rows, logits (N, output_size).

    Raises:
        ValueError: unknown nonlinearity.

    Source: PyTorch's tutorial "nn package"; Elman, "Finding structure in time", 1990.
    """

    input_size = (28, 28)

    def __init__(
        self,
        data_size: int = 28,
        hidden_size: int = 128,
        output_size: int = 10,
        nonlinearity: Literal["none", "tanh"] = "none",
    ) -> None:
        super().__init__()
        if nonlinearity not in ("none", "tanh"):
            raise ValueError(f"nonlinearity must be 'none' or 'tanh', but got {nonlinearity!r}")
        self.hidden_size = hidden_size
        self.nonlinearity = nonlinearity
        self.i2h = Linear(data_size + hidden_size, hidden_size)
        self.h2o = Linear(hidden_size, output_size)

    def _next_hidden(self, data: Tensor, last_hidden: Tensor) -> Tensor:
        hidden: Tensor = self.i2h(cat((data, last_hidden), 1))
        return hidden.tanh() if self.nonlinearity == "tanh" else hidden

    def step(self, data: Tensor, last_hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Take one step in time, as the tutorial's `forward` does.

        Args:
            data: (N, data_size).
            last_hidden: (N, hidden_size).

        Returns:
            The next hidden state (N, hidden_size) and the output (N, output_size).
        """
        hidden = self._next_hidden(data, last_hidden)
        return hidden, self.h2o(hidden)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of images (N, 1, T, data_size), read from the last hidden state."""
        hidden = zeros(images.size(0), self.hidden_size, dtype=images.dtype)
        for row in range(images.size(2)):
            hidden = self._next_hidden(images[:, 0, row], hidden)
        logits: Tensor = self.h2o(hidden)
        return logits
