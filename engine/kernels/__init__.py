"""Machines without calculus: what operations run on, one folder per device."""

from nnkit.kernels.backend import Backend
from nnkit.kernels.cpu.backend import CpuBackend

__all__ = ["Backend", "backend_for"]

_BACKENDS: dict[str, Backend] = {"cpu": CpuBackend()}


def backend_for(device_type: str) -> Backend:
    """Return the backend of a device type such as "cpu".

    Raises:
        KeyError: no such backend exists; `nnkit.device` has refused the device before.
    """
    return _BACKENDS[device_type]
