"""Kernels for the CPU. Only `backend` may be imported without starting Numba."""
