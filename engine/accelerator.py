"""The accelerator of this machine: there is no backend for one yet, and programs that ask are told so."""

from __future__ import annotations

from nnkit.devices import device


def is_available() -> bool:
    """Return whether tensors can be on an accelerator.

    Example:
        >>> torch.accelerator.current_accelerator().type if torch.accelerator.is_available() else "cpu"
        'cpu'
    """
    return False


def current_accelerator(check_available: bool = False) -> device | None:
    """Return the accelerator that programs should use, or None for the CPU.

    Args:
        check_available: whether it also has to be there; none is in any case.

    Example:
        >>> torch.accelerator.current_accelerator() or torch.device("cpu")
        device(type='cpu')
    """
    return None


def device_count() -> int:
    """Return how many accelerators there are.

    Example:
        >>> torch.accelerator.device_count()
        0
    """
    return 0
