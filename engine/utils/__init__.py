"""PyTorch's `torch.utils`, as far as tutorials use it."""

from nnkit.utils import hooks

__all__ = ["hooks"]
