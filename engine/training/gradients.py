"""Gradients that are too long, made shorter."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from nnkit.tensors import Tensor


def clip_gradients(parameters: Iterable[Tensor], longest: float) -> float:
    """Shorten all gradients by one factor so that their common norm is at most `longest`; return what it was.

    Gradients whose norm is not finite are left alone.

    Source: Pascanu et al., "On the difficulty of training recurrent neural networks", 2013, algorithm 1.
    """
    gradients = [parameter.grad.array for parameter in parameters if parameter.grad is not None]
    norm = math.sqrt(sum(float(np.square(gradient, dtype=np.float64).sum()) for gradient in gradients))
    if longest < norm < math.inf:
        for gradient in gradients:
            gradient *= longest / norm
    return norm
