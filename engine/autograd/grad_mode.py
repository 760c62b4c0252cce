"""The public home of the modes, where PyTorch has them."""

from nnkit.tensors.modes import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled"]
