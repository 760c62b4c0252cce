"""The layers, the losses and the Module, at PyTorch's second address of them."""

from nnkit.nn.modules import module
from nnkit.nn.modules.activation import (
    ELU,
    GELU,
    SELU,
    Hardtanh,
    LeakyReLU,
    PReLU,
    ReLU,
    ReLU6,
    SiLU,
    Softplus,
)
from nnkit.nn.modules.batchnorm import BatchNorm1d, BatchNorm2d
from nnkit.nn.modules.container import ModuleDict, ModuleList, Sequential
from nnkit.nn.modules.conv import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d
from nnkit.nn.modules.dropout import Dropout, Dropout1d, Dropout2d
from nnkit.nn.modules.flatten import Flatten, Unflatten
from nnkit.nn.modules.linear import Identity, Linear
from nnkit.nn.modules.loss import (
    LOSSES,
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from nnkit.nn.modules.module import Module
from nnkit.nn.modules.normalization import LayerNorm
from nnkit.nn.modules.padding import ConstantPad1d, ConstantPad2d, ZeroPad2d
from nnkit.nn.modules.parameter_container import ParameterDict, ParameterList
from nnkit.nn.modules.pooling import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from nnkit.nn.modules.rnn import LSTM, RNN, RNNBase
from nnkit.nn.modules.sparse import Embedding
from nnkit.nn.modules.squashing import LogSigmoid, LogSoftmax, Sigmoid, Softmax, Softmin, Softsign, Tanh

__all__ = [
    "ELU",
    "GELU",
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
    "ConstantPad1d",
    "ConstantPad2d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Embedding",
    "Flatten",
    "Hardtanh",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "LayerNorm",
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
    "PReLU",
    "ParameterDict",
    "ParameterList",
    "RNNBase",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softsign",
    "Tanh",
    "Unflatten",
    "ZeroPad2d",
    "module",
]
