"""NVIDIA's library of kernels, which is not used: its settings can be made, and change nothing."""

from __future__ import annotations

enabled = True
benchmark = False
deterministic = False


def is_available() -> bool:
    """Return whether cuDNN can be used.

    Example:
        >>> torch.backends.cudnn.is_available()
        False
    """
    return False
