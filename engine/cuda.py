"""CUDA devices: there is no backend for them yet, and programs that ask are told so."""

from __future__ import annotations


def is_available() -> bool:
    """Return whether tensors can be on a CUDA device."""
    return False


def device_count() -> int:
    """Return how many CUDA devices there are."""
    return 0
