"""Optimizers and learning-rate schedules; the names are those of `torch.optim`."""

from nnkit.optim import lr_scheduler
from nnkit.optim.adam import Adam, AdamW
from nnkit.optim.optimizer import OPTIMIZERS, Optimizer
from nnkit.optim.rmsprop import RMSprop
from nnkit.optim.sgd import SGD

__all__ = ["OPTIMIZERS", "SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
