"""Optimizers and learning-rate schedules; the names are those of `torch.optim`."""

from nnkit.optim import lr_scheduler
from nnkit.optim.adadelta import Adadelta
from nnkit.optim.adagrad import Adagrad
from nnkit.optim.adam import Adam
from nnkit.optim.adamw import AdamW
from nnkit.optim.optimizer import OPTIMIZERS, Optimizer
from nnkit.optim.rmsprop import RMSprop
from nnkit.optim.sgd import SGD

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "lr_scheduler",
]
