"""Layers, losses and the Module they are made of; the names are those of `torch.nn`."""

from nnkit.nn import functional, init, modules, utils
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
from nnkit.nn.conv import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d
from nnkit.nn.dropout import Dropout, Dropout1d, Dropout2d
from nnkit.nn.elementwise_loss import BCELoss, BCEWithLogitsLoss, HuberLoss, KLDivLoss, L1Loss, MSELoss, SmoothL1Loss
from nnkit.nn.flatten import Flatten, Unflatten
from nnkit.nn.linear import Linear
from nnkit.nn.loss import LOSSES, CrossEntropyLoss, NLLLoss
from nnkit.nn.module import Module
from nnkit.nn.normalization import BatchNorm1d, BatchNorm2d
from nnkit.nn.parameter import Buffer, Parameter
from nnkit.nn.parameter_container import ParameterDict, ParameterList
from nnkit.nn.pooling import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from nnkit.nn.recurrent import LSTM, RNN
from nnkit.nn.registry import LAYERS

__all__ = [
    "ELU",
    "GELU",
    "LAYERS",
    "LOSSES",
    "LSTM",
    "RNN",
    "SELU",
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
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
    "MaxPool1d",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "Tanh",
    "Unflatten",
    "functional",
    "init",
    "modules",
    "utils",
]
