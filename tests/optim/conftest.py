import numpy as np
import pytest
import torch

import nnkit
from nnkit import nn, optim


class Pair:
    """The same parameters and the same optimizer here and in PyTorch, given the same gradients."""

    shapes = ((3, 4), (5,), (2, 1, 3, 3))

    def __init__(self, name, options, dtype="float32"):
        random = np.random.default_rng(0)
        values = [random.standard_normal(shape).astype(dtype) for shape in self.shapes]
        self.ours = [nn.Parameter(nnkit.tensor(value)) for value in values]
        self.theirs = [torch.nn.Parameter(torch.tensor(value)) for value in values]
        self.optimizer = getattr(optim, name)(self.ours, **options)
        self.reference = getattr(torch.optim, name)(self.theirs, **options)
        self.random = np.random.default_rng(1)
        self.dtype = dtype

    def step(self):
        for mine, other in zip(self.ours, self.theirs, strict=True):
            gradient = self.random.standard_normal(mine.shape).astype(self.dtype)
            mine.grad, other.grad = nnkit.tensor(gradient), torch.tensor(gradient)
        self.optimizer.step()
        self.reference.step()

    def check(self):
        tolerance = {"rtol": 2e-5, "atol": 2e-6} if self.dtype == "float32" else {"rtol": 1e-12, "atol": 1e-14}
        for mine, other in zip(self.ours, self.theirs, strict=True):
            np.testing.assert_allclose(mine.detach().numpy(), other.detach().numpy(), **tolerance)


@pytest.fixture
def pair():
    return Pair
