"""Drawn data sets, orders and values: the same batches as PyTorch's, and the same values after saving."""

import io
import math
import warnings

import torch
import torch.utils.data
from hypothesis import given, settings
from hypothesis import strategies as st

import nnkit

SEEDS = st.integers(-(2**63), 2**64 - 1)


def batches(library, count, seed, own_generator, options):
    """Return two passes over a data set, and what is drawn after them."""
    data = library.utils.data
    library.manual_seed(seed)
    generator = library.Generator().manual_seed(seed) if own_generator else None
    dataset = data.TensorDataset(library.arange(count), library.arange(count * 2).view(count, 2))
    loader = data.DataLoader(dataset, generator=generator, **options)
    passes = [[[part.tolist() for part in batch] for batch in loader] for _ in range(2)]
    return passes, len(loader), library.rand(1).item(), library.rand(1, generator=generator).item()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), SEEDS, st.booleans(), st.integers(1, 12), st.booleans(), st.booleans())
def test_loaders_give_the_same_batches(count, seed, own_generator, size, shuffle, drop_last):
    options = {"batch_size": size, "shuffle": shuffle, "drop_last": drop_last}
    expected = batches(torch, count, seed, own_generator, options)
    assert batches(nnkit, count, seed, own_generator, options) == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.booleans(), SEEDS)
def test_splits_have_the_same_samples(lengths, as_shares, seed):
    total = sum(lengths)
    shares = [length / total for length in lengths] if as_shares and all(lengths) else lengths

    def outcome(library):
        generator = library.Generator().manual_seed(seed)
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            try:
                parts = library.utils.data.random_split(range(total), shares, generator)
            except ValueError as error:
                # Shares may round to less than the whole.
                return str(error)
        warned = [str(each.message) for each in heard]
        return [list(part) for part in parts], warned, library.rand(1, generator=generator).item()

    assert outcome(nnkit) == outcome(torch)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.booleans(), st.integers(1, 100), SEEDS)
def test_random_samplers_give_the_same_order(count, replacement, drawn, seed):
    def outcome(library):
        generator = library.Generator().manual_seed(seed)
        try:
            sampler = library.utils.data.RandomSampler(range(count), replacement, drawn, generator)
            return list(sampler), library.rand(1, generator=generator).item()
        except (ValueError, RuntimeError, ZeroDivisionError) as error:
            return type(error)

    assert outcome(nnkit) == outcome(torch)


KEYS = st.text(max_size=4) | st.integers() | st.booleans() | st.none() | st.tuples(st.integers(), st.text(max_size=2))
TENSORS = st.lists(st.integers(0, 3), max_size=3).map(lambda shape: ("tensor", tuple(shape)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | TENSORS,
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def with_tensors(library, value):
    """Return a drawn value with its tensors made by one of the libraries."""
    if isinstance(value, tuple) and value[:1] == ("tensor",):
        return library.arange(math.prod(value[1])).view(value[1])
    if isinstance(value, list | tuple):
        return type(value)(with_tensors(library, item) for item in value)
    if isinstance(value, dict):
        return {key: with_tensors(library, item) for key, item in value.items()}
    return value


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_values_come_back_from_a_file(value):
    def outcome(library):
        file = io.BytesIO()
        library.save(with_tensors(library, value), file)
        file.seek(0)
        return repr(library.load(file))

    assert outcome(nnkit) == outcome(torch)
