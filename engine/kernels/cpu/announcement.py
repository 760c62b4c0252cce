"""Who is told that kernels are compiled. Unlike what compiles them, this may be imported without starting Numba."""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[], None]] = []


def announce_compilation(callback: Callable[[], None]) -> None:
    """Call `callback` once, when a kernel has to be compiled because no machine code of it was kept."""
    _listeners[:] = [callback]


def compiling() -> None:
    """Tell that something is compiled."""
    while _listeners:
        _listeners.pop()()
