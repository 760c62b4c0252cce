"""CUDA devices: there is no backend for them yet, and programs that ask are told so."""

from __future__ import annotations

from typing import NoReturn

from nnkit.devices import NO_CUDA


def is_available() -> bool:
    """Return whether tensors can be on a CUDA device.

    Example:
        >>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
        device(type='cpu')
    """
    return False


def device_count() -> int:
    """Return how many CUDA devices there are.

    Example:
        >>> torch.cuda.device_count()
        0
    """
    return 0


def manual_seed(seed: int) -> None:
    """Seed the generator of the present CUDA device, of which there is none.

    Example:
        >>> torch.cuda.manual_seed(1)
    """


def manual_seed_all(seed: int) -> None:
    """Seed the generators of all CUDA devices, of which there are none.

    Example:
        >>> torch.cuda.manual_seed_all(1)
    """


def empty_cache() -> None:
    """Free memory of CUDA devices, of which there are none.

    Example:
        >>> torch.cuda.empty_cache()
    """


def synchronize(device: object = None) -> NoReturn:
    """Wait for a CUDA device.

    Raises:
        AssertionError: there is none.

    Example:
        >>> torch.cuda.synchronize()
        Traceback (most recent call last):
        AssertionError: Torch not compiled with CUDA enabled
    """
    _refuse()


def current_device() -> NoReturn:
    """Return the number of the present CUDA device.

    Raises:
        AssertionError: there is none.

    Example:
        >>> torch.cuda.current_device()
        Traceback (most recent call last):
        AssertionError: Torch not compiled with CUDA enabled
    """
    _refuse()


def get_device_name(device: object = None) -> NoReturn:
    """Return the name of a CUDA device.

    Raises:
        AssertionError: there is none.

    Example:
        >>> torch.cuda.get_device_name(0)
        Traceback (most recent call last):
        AssertionError: Torch not compiled with CUDA enabled
    """
    _refuse()


def _refuse() -> NoReturn:
    raise AssertionError(NO_CUDA)
