"""What tensors share: memory with NumPy and with their views, and nothing with copies."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from autograd.scripts import printed

import nnkit

INDICES = """
x = t.arange(24.0).view(2, 3, 4)
mask = t.tensor([[True, False, True], [False, False, True]])
print(x[mask, 1], x[mask].shape, x[[]].shape, x[t.tensor(1)].shape, x[:, t.tensor([2, 0]), 1])
x[t.tensor(0)].add_(100)
print(x[0, 0], x[1][mask[0]])
def write(key, value):
    x[key] = value
attempt(lambda: x[t.tensor([5])])
attempt(lambda: x[t.tensor([True, False, True])])
attempt(lambda: write(0, None))
attempt(lambda: write(0, "3"))
attempt(lambda: write([0, 1], t.ones(3, 2, 4)))
attempt(lambda: write(0, t.ones(5)))
"""


def test_indices_of_all_kinds() -> None:
    assert printed(INDICES, "nnkit") == printed(INDICES, "torch")


def test_copies_of_leaves_keep_their_gradient() -> None:
    x = nnkit.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    twin = copy.deepcopy(x)
    twin.grad.mul_(2)
    assert twin.requires_grad
    assert x.grad.tolist() == [3.0, 3.0]
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(x * 2)


def test_numpy_shares_memory() -> None:
    array = np.zeros(3, np.float32)
    tensor = nnkit.from_numpy(array)
    tensor.add_(1)
    assert array.tolist() == [1.0, 1.0, 1.0]
    assert np.shares_memory(tensor.numpy(), array)
    assert np.asarray(tensor).sum() == 3.0


def _convolved() -> Any:
    """Return a result that a kernel laid out with the batch innermost."""
    nnkit.manual_seed(0)
    layer = nnkit.nn.Conv2d(1, 2, 2)
    return layer(nnkit.randn(3, 1, 3, 3, requires_grad=True))


@pytest.mark.parametrize("flat", [lambda x: x.view(-1), lambda x: x.reshape(-1), lambda x: x.flatten()])
def test_a_view_of_a_kernels_result_shares_its_memory(flat: Any) -> None:
    y = _convolved()
    expected = (y * 2).tolist()
    flat(y).mul_(2)
    assert y.tolist() == expected


def test_a_view_that_cannot_share_memory_refuses_to_be_written_to() -> None:
    y = _convolved()
    first = y[0]  # from here on the memory cannot be put in order
    flat = y.view(-1)
    np.testing.assert_array_equal(flat.detach().numpy(), y.detach().numpy().reshape(-1))
    with pytest.raises(RuntimeError, match="cannot be written to"):
        flat.zero_()
    assert first.detach().numpy().any()


def test_index_masks_are_kept_as_they_were() -> None:
    x = nnkit.ones(3, requires_grad=True)
    mask = nnkit.tensor([True, False, True])
    picked = x[mask]
    mask.zero_()
    picked.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]
