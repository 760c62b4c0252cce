"""The public home of handles, where PyTorch has it."""

from nnkit.tape import RemovableHandle

__all__ = ["RemovableHandle"]
