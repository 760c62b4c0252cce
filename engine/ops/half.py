"""Numbers of 16 bits, in which no kernel calculates."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.layout import Array


def widened(a: Array) -> Array:
    """Return an array as float32 if it is float16, and as it is if not."""
    return a.astype(np.float32) if a.dtype.char == "e" else a
