"""Flatten."""

from __future__ import annotations

from nnkit.nn.module import Module
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor


@LAYERS.register("Flatten")
class Flatten(Module):
    """Join the dimensions from `start_dim` to `end_dim` into one; by default all but the batch.

    Args:
        start_dim: the first dimension joined.
        end_dim: the last dimension joined.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, C, H, W), with the defaults, to (N, C * H * W)."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Return the dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
