"""MNISTConvNet."""

from __future__ import annotations

import nnkit.nn.functional as F
from nnkit.models.registry import NETWORKS, Network
from nnkit.nn import Conv2d, Linear, MaxPool2d
from nnkit.tensors import Tensor


@NETWORKS.register("MNISTConvNet")
class MNISTConvNet(Network):
    """Two convolutions, each with ReLU and a pooling module, and two linear layers, both with ReLU.

    The last ReLU is the tutorial's: logits are never negative.

    Args:
        num_classes: number of logits.

    Shapes:
        Images (N, 1, 28, 28), logits (N, num_classes).

    Source: PyTorch's tutorial "nn package".
    """

    input_size = (28, 28)

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = Conv2d(1, 10, 5)
        self.pool1 = MaxPool2d(2, 2)
        self.conv2 = Conv2d(10, 20, 5)
        self.pool2 = MaxPool2d(2, 2)
        self.fc1 = Linear(320, 50)
        self.fc2 = Linear(50, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of images (N, 1, 28, 28)."""
        x = self.pool1(F.relu(self.conv1(images)))
        x = self.pool2(F.relu(self.conv2(x)))
        x = x.flatten(1)
        x = F.relu(self.fc1(x))
        return F.relu(self.fc2(x))
