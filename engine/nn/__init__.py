"""Layers, losses and the Module they are made of; the names are those of `torch.nn`."""

from nnkit.nn import functional, init, modules, utils
from nnkit.nn.modules import *  # noqa: F403 - they are listed once, there
from nnkit.nn.parameter import Buffer, Parameter
from nnkit.nn.registry import LAYERS

__all__ = [
    "LAYERS",
    "Buffer",
    "Parameter",
    "functional",
    "init",
    "modules",
    "utils",
]
__all__ += [name for name in modules.__all__ if name != "module"]
