"""Apple's graphics processors: there is no backend for them."""

from __future__ import annotations


def is_available() -> bool:
    """Return whether tensors can be on such a device.

    Example:
        >>> torch.device("mps" if torch.backends.mps.is_available() else "cpu")
        device(type='cpu')
    """
    return False


def is_built() -> bool:
    """Return whether this package has what it takes.

    Example:
        >>> torch.backends.mps.is_built()
        False
    """
    return False
