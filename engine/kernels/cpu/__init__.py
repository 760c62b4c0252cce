"""Kernels for the CPU. `announcement`, `backend` and what they import may be imported without starting Numba."""
