"""Dropout."""

from __future__ import annotations

from nnkit.nn import functional as F
from nnkit.nn.module import Module
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor


@LAYERS.register("Dropout")
class Dropout(Module):
    """In training, zero each element with probability p and divide the others by 1 - p; else the identity.

    Args:
        p: the probability of zero.
        inplace: write the result over the input.

    Raises:
        ValueError: `p` is not between 0 and 1.

    Source: Hinton et al., "Improving neural networks by preventing co-adaptation of feature detectors", 2012.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        F.check_probability(p)
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """Return the settings."""
        return f"p={self.p}, inplace={self.inplace}"
