"""Layers in a row."""

from __future__ import annotations

from collections.abc import Sequence

from nnkit import nn
from nnkit.models.registry import NETWORKS, Network
from nnkit.nn import Module


@NETWORKS.register("Sequential")
class Sequential(nn.Sequential, Network):
    """A network of one's own: each layer gets what the one before it returned.

    Args:
        layers: the layers, from the images to the logits.
        input_size: height and width that images are padded to.

    Shapes:
        Images (N, 1, H, W) of `input_size`, logits (N, classes).
    """

    def __init__(self, layers: Sequence[Module], input_size: tuple[int, int] = (28, 28)) -> None:
        super().__init__(*layers)
        self.input_size = input_size
