"""Machines without calculus: what operations run on, one folder per device."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from nnkit.kernels.backend import Backend
from nnkit.kernels.cpu.backend import CpuBackend
from nnkit.kernels.shapes import ShapesBackend

__all__ = ["Backend", "backend_for", "shapes_only"]

_BACKENDS: dict[str, Backend] = {"cpu": CpuBackend()}
_SHAPES: Backend = ShapesBackend()
_substitute: ContextVar[Backend | None] = ContextVar("substitute", default=None)


def backend_for(device_type: str) -> Backend:
    """Return the backend of a device type such as "cpu".

    Raises:
        KeyError: no such backend exists; `nnkit.device` has refused the device before.
    """
    return _substitute.get() or _BACKENDS[device_type]


@contextlib.contextmanager
def shapes_only() -> Iterator[None]:
    """Within, forward passes of this thread give zeros of the right shape: fast, also where nothing is compiled yet."""
    token = _substitute.set(_SHAPES)
    try:
        yield
    finally:
        _substitute.reset(token)
