"""Learning rates that change in the course of training.

Source: the surface, the recursive formulas and the messages are those of `torch.optim.lr_scheduler`.
"""

from nnkit.optim.lr_scheduler.cosine import CosineAnnealingLR
from nnkit.optim.lr_scheduler.decay import ConstantLR, ExponentialLR, LambdaLR, LinearLR, MultiStepLR, StepLR
from nnkit.optim.lr_scheduler.one_cycle import OneCycleLR
from nnkit.optim.lr_scheduler.plateau import ReduceLROnPlateau
from nnkit.optim.lr_scheduler.scheduler import SCHEDULERS, LRScheduler
from nnkit.optim.lr_scheduler.scheduler import _LRScheduler as _LRScheduler
from nnkit.optim.lr_scheduler.sequential import SequentialLR

__all__ = [
    "SCHEDULERS",
    "ConstantLR",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
