"""What PyTorch's other libraries of kernels are asked for; there are none here."""

from nnkit.backends import cudnn, mps

__all__ = ["cudnn", "mps"]
