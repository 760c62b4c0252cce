"""LSTM."""

from __future__ import annotations

import nnkit.nn.functional as F
from nnkit import nn
from nnkit.models.registry import NETWORKS, Network
from nnkit.tensors import Tensor


@NETWORKS.register("LSTM")
class LSTM(Network):
    """Reads an image row by row; what the LSTM says after the last row goes through two linear layers.

    Args:
        data_size: pixels of a row.
        hidden_size: size of the hidden state and of the cell state.
        num_classes: number of log probabilities.

    Shapes:
        Images (N, 1, T, data_size) of T rows, log probabilities (N, num_classes), for NLLLoss.

    Source: the network of PyTorch's example of a recurrent network on MNIST, with dropout of single features: there it
    is Dropout2d, which does the same to what has no height and width, and warns of it.
    """

    input_size = (28, 28)

    def __init__(self, data_size: int = 28, hidden_size: int = 64, num_classes: int = 10) -> None:
        super().__init__()
        self.rnn = nn.LSTM(data_size, hidden_size, batch_first=True)
        self.batchnorm = nn.BatchNorm1d(hidden_size)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(hidden_size, 32)
        self.fc2 = nn.Linear(32, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the log probabilities of images (N, 1, T, data_size)."""
        output, _ = self.rnn(images.squeeze(1))
        x = self.dropout1(self.batchnorm(output[:, -1]))
        x = self.dropout2(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), 1)
