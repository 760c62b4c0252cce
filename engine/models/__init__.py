"""The networks that the command line trains."""

from nnkit.models.basic_mnist import BasicMNIST
from nnkit.models.lenet import LeNet
from nnkit.models.lstm import LSTM
from nnkit.models.mnist_convnet import MNISTConvNet
from nnkit.models.registry import NETWORKS, Network
from nnkit.models.rnn import RNN
from nnkit.models.sequential import Sequential

__all__ = ["LSTM", "NETWORKS", "RNN", "BasicMNIST", "LeNet", "MNISTConvNet", "Network", "Sequential"]
