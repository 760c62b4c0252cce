"""Layers, losses and the Module they are made of; the names are those of `torch.nn`."""

from nnkit.nn import functional, init
from nnkit.nn.activation import (
    ELU,
    GELU,
    SELU,
    Hardtanh,
    Identity,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from nnkit.nn.container import ModuleDict, ModuleList, Sequential
from nnkit.nn.conv import Conv2d
from nnkit.nn.dropout import Dropout, Dropout1d, Dropout2d
from nnkit.nn.elementwise_loss import BCELoss, BCEWithLogitsLoss, HuberLoss, KLDivLoss, L1Loss, MSELoss, SmoothL1Loss
from nnkit.nn.flatten import Flatten
from nnkit.nn.linear import Linear
from nnkit.nn.loss import LOSSES, CrossEntropyLoss, NLLLoss
from nnkit.nn.module import Module
from nnkit.nn.normalization import BatchNorm1d, BatchNorm2d
from nnkit.nn.parameter import Buffer, Parameter
from nnkit.nn.pooling import MaxPool2d
from nnkit.nn.registry import LAYERS

__all__ = [
    "ELU",
    "GELU",
    "LAYERS",
    "LOSSES",
    "SELU",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Flatten",
    "Hardtanh",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "Tanh",
    "functional",
    "init",
]
