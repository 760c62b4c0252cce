"""Layers, losses and the Module they are made of; the names are those of `torch.nn`."""

from nnkit.nn import functional, init
from nnkit.nn.activation import Identity, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from nnkit.nn.container import ModuleDict, ModuleList, Sequential
from nnkit.nn.conv import Conv2d
from nnkit.nn.dropout import Dropout, Dropout1d, Dropout2d
from nnkit.nn.flatten import Flatten
from nnkit.nn.linear import Linear
from nnkit.nn.loss import LOSSES, CrossEntropyLoss, MSELoss, NLLLoss
from nnkit.nn.module import Module
from nnkit.nn.normalization import BatchNorm1d, BatchNorm2d
from nnkit.nn.parameter import Buffer, Parameter
from nnkit.nn.pooling import MaxPool2d
from nnkit.nn.registry import LAYERS

__all__ = [
    "LAYERS",
    "LOSSES",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Flatten",
    "Identity",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "functional",
    "init",
]
