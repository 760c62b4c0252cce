"""The same networks twice: here and in PyTorch, with the same starting weights."""

from __future__ import annotations

import numpy as np
import torch
from pytorch_networks import TorchLeNet, TorchMNISTConvNet, TorchRNN
from torch import nn

from nnkit.models import NETWORKS, Network

TWINS = {"LeNet": TorchLeNet, "MNISTConvNet": TorchMNISTConvNet, "RNN": lambda: TorchRNN("tanh")}
ARGUMENTS = {"RNN": {"hidden_size": 128, "nonlinearity": "tanh"}}


def pair(name: str) -> tuple[Network, nn.Module]:
    """Return a network of nnkit and PyTorch's with the same weights."""
    mine = NETWORKS.get(name)(**ARGUMENTS.get(name, {}))
    theirs = TWINS[name]()
    weights = {key: torch.from_numpy(np.array(value.numpy())) for key, value in mine.state_dict().items()}
    theirs.load_state_dict(weights)
    return mine, theirs
