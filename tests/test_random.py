"""The generator against PyTorch's, number for number, and its state."""

import numpy as np
import pytest
import torch

import nnkit
from nnkit.random import Generator


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 40, 1000])
@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32 + 5, 123456789])
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_draws_are_pytorchs(count, seed, kind):
    nnkit.manual_seed(seed)
    torch.manual_seed(seed)
    mine, theirs = getattr(nnkit, kind), getattr(torch, kind)
    tolerance = 1e-6 if kind == "float32" else 1e-12
    for _ in range(2):  # the second draw starts where the first one ended
        assert nnkit.rand(count, dtype=mine).tolist() == torch.rand(count, dtype=theirs).tolist()
        np.testing.assert_allclose(
            nnkit.randn(count, dtype=mine).numpy(), torch.randn(count, dtype=theirs).numpy(), tolerance, tolerance
        )


def test_other_distributions_are_pytorchs():
    nnkit.manual_seed(3)
    torch.manual_seed(3)
    assert nnkit.randint(10, (50,)).tolist() == torch.randint(10, (50,)).tolist()
    assert nnkit.randint(-5, 2**40, (9,)).tolist() == torch.randint(-5, 2**40, (9,)).tolist()
    assert nnkit.randperm(77).tolist() == torch.randperm(77).tolist()
    assert nnkit.zeros(9999).uniform_(-0.2, 0.3).tolist() == torch.zeros(9999).uniform_(-0.2, 0.3).tolist()
    mine, theirs = nnkit.zeros(4, 5).normal_(2, 3), torch.zeros(4, 5).normal_(2, 3)
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), 1e-6, 1e-6)


@pytest.mark.parametrize("before", [0, 3])
def test_a_state_leads_back_to_the_same_numbers(before):
    generator = Generator().manual_seed(5)
    nnkit.randn(before, generator=generator)  # an odd number of draws leaves one in reserve
    state = generator.get_state()
    expected = nnkit.randn(21, generator=generator).tolist()
    other = Generator().set_state(state)
    assert nnkit.randn(21, generator=other).tolist() == expected
    assert other.initial_seed() == 5


def test_a_state_of_another_size_is_refused():
    with pytest.raises(ValueError, match="2524 bytes, but got 3"):
        Generator().set_state(np.zeros(3, np.uint8))


def test_generators_are_apart():
    generator = Generator().manual_seed(1)
    nnkit.manual_seed(1)
    nnkit.rand(10)
    assert nnkit.rand(2, generator=generator).tolist() == torch.rand(2, generator=torch.manual_seed(1)).tolist()


def test_bernoulli_compares_the_numbers_of_uniform():
    numbers = Generator().manual_seed(3).uniform(5000, 0, 1, np.dtype(np.float64))
    # Also those that differ from a number in the last bit or not at all.
    near = [shifted for number in numbers[:40] for shifted in (number, np.nextafter(number, 1), number + 2.0**-53)]
    for p in (0.0, 0.1, 0.5, 1 - 0.25, 1.0, 2.0**-53, *near):
        drawn = Generator().manual_seed(3)
        np.testing.assert_array_equal(drawn.bernoulli(5000, p), numbers < p)
        assert drawn.words(1) == Generator().manual_seed(3).words(10_001)[-1]
