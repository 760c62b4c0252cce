"""The networks that configs can name."""

from __future__ import annotations

from nnkit.nn import Module
from nnkit.registry import Registry


class Network(Module):
    """A network that tells the digits of images apart.

    Shapes: images (N, 1, H, W), where (H, W) is `input_size`; logits (N, classes).
    """

    input_size: tuple[int, int]


NETWORKS: Registry[type[Network]] = Registry("network")
