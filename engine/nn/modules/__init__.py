"""PyTorch's address of the modules, for code that imports from it."""

from nnkit.nn.modules import module
from nnkit.nn.modules.module import Module

__all__ = ["Module", "module"]
