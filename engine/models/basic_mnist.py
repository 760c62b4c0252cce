"""BasicMNIST."""

from __future__ import annotations

import nnkit.nn.functional as F
from nnkit.models.registry import NETWORKS, Network
from nnkit.nn import Conv2d, Dropout, Linear
from nnkit.tensors import Tensor


@NETWORKS.register("BasicMNIST")
class BasicMNIST(Network):
    """Two convolutions of 32 and 64 filters, one pooling, and two linear layers, with dropout before each of these.

    Args:
        num_classes: number of log probabilities.

    Shapes:
        Images (N, 1, 28, 28), log probabilities (N, num_classes), for NLLLoss. The convolutions leave 24x24 pixels, the
        pooling 12x12 of 64 channels.

    Source: the network of PyTorch's basic MNIST example.
    """

    input_size = (28, 28)

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = Conv2d(1, 32, 3, 1)
        self.conv2 = Conv2d(32, 64, 3, 1)
        self.dropout1 = Dropout(0.25)
        self.dropout2 = Dropout(0.5)
        self.fc1 = Linear(64 * 12 * 12, 128)
        self.fc2 = Linear(128, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the log probabilities of images (N, 1, 28, 28)."""
        x = F.relu(self.conv1(images))
        x = F.relu(self.conv2(x))
        x = self.dropout1(F.max_pool2d(x, 2)).flatten(1)
        x = self.dropout2(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), 1)
