"""The generator against PyTorch's, number for number, and its state."""

import numpy as np
import pytest
import torch

import nnkit
from nnkit.random import Generator
from nnkit.streams import Stream


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


@pytest.mark.parametrize("count", [1, 15, 16, 700])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_zeroes_what_pytorch_zeroes(count, p):
    def outcome(library):
        library.manual_seed(3)
        dropped = [
            library.nn.functional.dropout(library.ones(count), p),
            library.nn.functional.dropout(library.ones(count, 3, dtype=library.float64), p),
            # In the order of memory.
            library.nn.functional.dropout(library.ones(3, count).t(), p),
            library.nn.functional.dropout(library.ones(2, 3, count).transpose(0, 2), p),
        ]
        return [each.tolist() for each in dropped], library.rand(3).tolist()

    assert outcome(nnkit) == outcome(torch)


def test_dropout_of_everything_and_of_nothing_draws_no_numbers():
    def outcome(library):
        library.manual_seed(3)
        for p in (0.0, 1.0):
            library.nn.functional.dropout(library.ones(5), p)
        return library.rand(2).tolist()

    assert outcome(nnkit) == outcome(torch)


def draws(library, generator):
    """Return numbers of all kinds, the first of which may have been in reserve."""
    given = {"generator": generator}
    return [
        library.randn(1, **given).item(),
        library.rand(700, **given).tolist(),
        library.randperm(9, **given).tolist(),
    ]


@pytest.mark.parametrize("before", [0, 1, 2, 3, 623, 624, 625, 1248])
def test_a_state_is_continued_here_and_there(before):
    def moved(library):
        generator = library.Generator().manual_seed(5)
        for _ in range(before):
            library.randint(9, (1,), generator=generator)
        if before % 2:
            library.randn(1, generator=generator)  # leaves a normal number in reserve
        return generator

    ours, theirs = moved(nnkit), moved(torch)
    state, foreign = ours.get_state(), theirs.get_state()
    assert state.shape == foreign.shape
    assert state.dtype is nnkit.uint8
    expected = draws(torch, theirs)
    continued = [
        draws(nnkit, ours),
        draws(nnkit, nnkit.Generator().set_state(state)),
        draws(nnkit, nnkit.Generator().set_state(nnkit.from_numpy(foreign.numpy()))),
        draws(torch, torch.Generator().set_state(torch.from_numpy(state.numpy()))),
    ]
    for first, *rest in continued:
        assert first == pytest.approx(expected[0], rel=1e-6)
        assert rest == expected[1:]
    assert nnkit.Generator().set_state(state).initial_seed() == 5


def test_the_state_of_a_stream_leads_back_to_the_same_numbers():
    stream = Stream()
    stream.normal(3, 0, 1, np.dtype(np.float32))
    state = stream.get_state()
    expected = stream.normal(21, 0, 1, np.dtype(np.float32)).tolist()
    other = Stream()
    other.set_state(state)
    assert other.normal(21, 0, 1, np.dtype(np.float32)).tolist() == expected
    with pytest.raises(ValueError, match="2524 bytes, but got 3"):
        other.set_state(np.zeros(3, np.uint8))


def test_the_default_generator_is_the_one_that_is_used():
    assert nnkit.manual_seed(4) is nnkit.default_generator
    expected = nnkit.rand(2).tolist()
    nnkit.default_generator.manual_seed(4)
    assert nnkit.rand(2, generator=nnkit.default_generator).tolist() == expected
    state = nnkit.get_rng_state()
    expected = nnkit.rand(2).tolist()
    nnkit.set_rng_state(state)
    assert nnkit.rand(2).tolist() == expected


def test_unforeseeable_seeds_differ():
    assert nnkit.Generator().seed() != nnkit.Generator().seed()
    assert nnkit.seed() == nnkit.initial_seed()
    nnkit.manual_seed(0)


def test_generators_are_apart():
    generator = Generator().manual_seed(1)
    nnkit.manual_seed(1)
    nnkit.rand(10)
    assert nnkit.rand(2, generator=generator).tolist() == torch.rand(2, generator=torch.manual_seed(1)).tolist()
