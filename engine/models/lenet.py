"""LeNet."""

from __future__ import annotations

import nnkit.nn.functional as F
from nnkit.models.registry import NETWORKS, Network
from nnkit.nn import Conv2d, Linear
from nnkit.tensors import Tensor


@NETWORKS.register("LeNet")
class LeNet(Network):
    """Two convolutions, each with ReLU and 2x2 pooling, and three linear layers.

    Args:
        kernel_size: height and width of the filters.
        num_classes: number of logits.

    Shapes:
        Images (N, 1, 32, 32), logits (N, num_classes). With 5x5 filters the images shrink from 32 to 28, 14,
        10 and 5 pixels a side.

    Raises:
        ValueError: the filters are too large for the images, or there are no classes.

    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998, with the ReLU,
    max-pooling and plain linear output of PyTorch's tutorial "Neural Networks".
    """

    input_size = (32, 32)

    def __init__(self, kernel_size: int = 5, num_classes: int = 10) -> None:
        super().__init__()
        side = self.input_size[0]
        for _ in range(2):
            side = (side - kernel_size + 1) // 2
        if kernel_size < 1 or side < 1:
            raise ValueError(f"kernel_size must be between 1 and 10 for images of 32x32, but got {kernel_size}")
        self.conv1 = Conv2d(1, 6, kernel_size)
        self.conv2 = Conv2d(6, 16, kernel_size)
        self.fc1 = Linear(16 * side * side, 120)
        self.fc2 = Linear(120, 84)
        self.fc3 = Linear(84, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of images (N, 1, 32, 32)."""
        x = F.max_pool2d(F.relu(self.conv1(images)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.flatten(1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        logits: Tensor = self.fc3(x)
        return logits
