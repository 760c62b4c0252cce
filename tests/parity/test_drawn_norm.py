"""Batch normalization and dropout of shapes and options that Hypothesis draws, beside PyTorch's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from parity.cases import LAYOUTS, placed
from parity.programs import namespace, told

# PyTorch leaves it to MKL on processors of Intel's.
_DRAWN_BY_PYTORCH = torch.equal(
    torch.empty(64).bernoulli_(0.5, generator=torch.Generator().manual_seed(1)) == 1,
    torch.rand(64, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) < 0.5,
)
LIBRARIES = ("nnkit", "torch")
SETTINGS = settings(max_examples=60, deadline=None)


@st.composite
def batches(draw: Any) -> tuple[str, np.ndarray]:
    """Return the class of a layer, and a batch for it, anywhere and of any size."""
    kind = draw(st.sampled_from(["BatchNorm1d", "BatchNorm2d"]))
    inner = st.integers(1, 6)
    more = draw(st.lists(inner, max_size=1) if kind == "BatchNorm1d" else st.lists(inner, min_size=2, max_size=2))
    shape = (draw(st.sampled_from([0, 1, 2, 3, 15, 16, 17, 33])), draw(st.integers(1, 9)), *more)
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    mean, deviation = draw(st.sampled_from([(0, 1), (3, 0.5), (-20, 4), (0, 1e-3)]))
    numbers = (generator.standard_normal(shape) * deviation + mean).astype(draw(st.sampled_from(["f4", "f8"])))
    return kind, placed(numbers, draw(st.sampled_from(LAYOUTS)))


def run(library: str, kind: str, options: dict[str, Any], arrays: list[np.ndarray]) -> Any:
    """Train on some batches and evaluate; return all results, gradients and buffers, or the words of a refusal."""
    names = namespace(library)
    package = names["torch"]
    dtype = package.float64 if arrays[0].dtype == np.float64 else package.float32
    layer = getattr(names["nn"], kind)(arrays[0].shape[1], **options, dtype=dtype)
    with package.no_grad():
        for number, parameter in enumerate(layer.parameters()):
            parameter.copy_(package.linspace(-1, 2 + number, len(parameter)).to(dtype))
    found = []
    try:
        for array in arrays:
            x = package.from_numpy(array.copy(order="K")).requires_grad_()
            y = layer(x)
            weights = package.from_numpy(np.sin(np.arange(array.size)).reshape(array.shape).astype(array.dtype))
            (y * weights).sum().backward()
            found += [y.detach(), x.grad]
            layer.train(not layer.training)
    except (ValueError, RuntimeError) as error:
        return told(error)
    found += [parameter.grad for parameter in layer.parameters()]
    return [each.numpy() for each in (*found, *layer.buffers())]


@SETTINGS
@given(
    given_batch=batches(),
    eps=st.sampled_from([1e-5, 1e-3, 0.5]),
    momentum=st.sampled_from([None, 0.1, 1.0, 0.0]),
    affine=st.booleans(),
    bias=st.booleans(),
    tracks=st.booleans(),
)
def test_batch_normalization(
    given_batch: tuple[str, np.ndarray], eps: float, momentum: float | None, affine: bool, bias: bool, tracks: bool
) -> None:
    kind, array = given_batch
    options = {"eps": eps, "momentum": momentum, "affine": affine, "bias": bias, "track_running_stats": tracks}
    mine, theirs = (run(library, kind, options, [array, array * 1.5, array + 0.5]) for library in LIBRARIES)
    if isinstance(theirs, str):
        assert mine == theirs
        return
    assert len(mine) == len(theirs)
    for ours, reference in zip(mine, theirs, strict=True):
        assert ours.dtype == reference.dtype
        assert ours.shape == reference.shape
        # How far values are from their mean, in units of rounding, is what is left of their precision.
        tolerance = 1e-9 if reference.dtype == np.float64 else 2e-3
        scale = max(1.0, float(np.abs(reference).max(initial=0)))
        np.testing.assert_allclose(ours, reference, tolerance, tolerance * scale)


@pytest.mark.skipif(not _DRAWN_BY_PYTORCH, reason="MKL draws other numbers")
@SETTINGS
@given(
    function=st.sampled_from(["dropout", "dropout1d", "dropout2d"]),
    shape=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    p=st.sampled_from([0.0, 0.1, 0.5, 0.75, 1.0]),
    training=st.booleans(),
    inplace=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_dropout_loses_what_pytorchs_loses(
    function: str, shape: list[int], p: float, training: bool, inplace: bool, seed: int
) -> None:
    outcomes = []
    for library in LIBRARIES:
        names = namespace(library)
        names["torch"].manual_seed(seed)
        x = names["torch"].ones(*shape)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the number of dimensions
                y = getattr(names["F"], function)(x, p, training, inplace)
        except RuntimeError as error:
            outcomes.append(told(error))
        else:
            outcomes.append((y is x, y.tolist(), x.tolist(), names["torch"].rand(1).item()))
    assert outcomes[0] == outcomes[1]
