"""Convolutions and poolings of float16, which are calculated in float32 and rounded once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from parity.programs import evaluated, namespace

import nnkit

CASES = {
    "F.conv1d(x, y, z)": ((2, 3, 6), (4, 3, 3), (4,)),
    "F.conv2d(x, y, z, padding=1)": ((2, 3, 5, 4), (4, 3, 3, 3), (4,)),
    "F.conv_transpose1d(x, y, z)": ((2, 3, 6), (3, 4, 3), (4,)),
    "F.conv_transpose2d(x, y, z, stride=2)": ((2, 3, 3, 4), (3, 4, 3, 3), (4,)),
    "F.max_pool1d(x, 2)": ((2, 3, 6),),
    "F.max_pool2d(x, 2)": ((2, 3, 4, 6),),
    "F.avg_pool1d(x, 2)": ((2, 3, 6),),
    "F.avg_pool2d(x, 2, padding=1)": ((2, 3, 4, 6),),
    "F.adaptive_avg_pool2d(x, 3)": ((2, 3, 4, 5),),
}


def _outcome(library: Any, program: str, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Return the result and the gradients of the inputs."""
    tensors = [library.tensor(array, requires_grad=True) for array in arrays]
    result = evaluated(program, {**namespace(library.__name__), **dict(zip("xyz", tensors, strict=False))})
    result.sum().backward()
    assert str(result.dtype) == "torch.float16"
    return [result.detach().numpy(), *(each.grad.numpy() for each in tensors)]


@pytest.mark.parametrize("program", CASES)
def test_halves_are_within_their_rounding(program: str) -> None:
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(shape).astype(np.float16) for shape in CASES[program]]
    for mine, expected in zip(_outcome(nnkit, program, arrays), _outcome(torch, program, arrays), strict=True):
        assert mine.dtype == expected.dtype
        np.testing.assert_allclose(mine.astype(float), expected.astype(float), rtol=2e-3, atol=2e-3)
