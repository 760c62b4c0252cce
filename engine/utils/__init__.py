"""PyTorch's `torch.utils`, as far as tutorials use it."""

from nnkit.utils import data, dlpack, hooks

__all__ = ["data", "dlpack", "hooks"]
