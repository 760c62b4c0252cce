"""Settings of the engine as a whole."""

from __future__ import annotations

_deterministic = False
_warns_only = False


def set_num_threads(num_threads: int) -> None:
    """Let kernels use this many threads, at most as many as there are cores; results do not depend on it.

    Raises:
        RuntimeError: it is not a whole number of at least 1.

    Example:
        >>> torch.set_num_threads(torch.get_num_threads())
    """
    if type(num_threads) is not int:
        raise RuntimeError(f"set_num_threads expects an int, but got {type(num_threads).__name__}")
    if num_threads < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    import numba  # Half a second, which a program that sets no threads should not pay when it starts.

    numba.set_num_threads(min(num_threads, most_threads()))


def get_num_threads() -> int:
    """Return how many threads kernels use.

    Example:
        >>> torch.get_num_threads() >= 1
        True
    """
    import numba  # See above.

    return int(numba.get_num_threads())


def most_threads() -> int:
    """Return how many threads kernels can use on this machine."""
    import numba  # See above.

    most: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    return most


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for equal results of equal programs, which the engine always has.

    Args:
        mode: what `are_deterministic_algorithms_enabled` returns from now on.
        warn_only: for operations without deterministic algorithms, of which there are none.

    Raises:
        TypeError: the mode is not a bool.

    Example:
        >>> torch.use_deterministic_algorithms(True)
        >>> torch.are_deterministic_algorithms_enabled()
        True
        >>> torch.use_deterministic_algorithms(False)
    """
    if not isinstance(mode, bool):
        kind = type(mode).__name__
        raise TypeError(f"_set_deterministic_algorithms(): argument 'mode' (position 1) must be bool, not {kind}")
    global _deterministic, _warns_only
    _deterministic, _warns_only = mode, warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """Return what `use_deterministic_algorithms` was given.

    Example:
        >>> torch.are_deterministic_algorithms_enabled()
        False
    """
    return _deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Return the `warn_only` that `use_deterministic_algorithms` was given.

    Example:
        >>> torch.is_deterministic_algorithms_warn_only_enabled()
        False
    """
    return _warns_only
