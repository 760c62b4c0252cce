"""Learning rates that change in the course of training.

Source: the surface, the recursive formulas and the messages are those of `torch.optim.lr_scheduler`.
"""

from nnkit.optim.lr_scheduler.cosine import CosineAnnealingLR
from nnkit.optim.lr_scheduler.decay import ExponentialLR, LambdaLR, MultiStepLR, StepLR
from nnkit.optim.lr_scheduler.one_cycle import OneCycleLR
from nnkit.optim.lr_scheduler.plateau import ReduceLROnPlateau
from nnkit.optim.lr_scheduler.scheduler import SCHEDULERS, LRScheduler

__all__ = [
    "SCHEDULERS",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "MultiStepLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "StepLR",
]
