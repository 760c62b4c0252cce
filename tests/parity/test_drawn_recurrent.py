"""Options, sizes and states of recurrent layers that Hypothesis draws, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from parity.cases import LAYOUTS, placed
from parity.programs import namespace
from parity.test_layers import assert_same_tensors, tensors_of

from nnkit import autograd, nn
from nnkit.random import manual_seed
from nnkit.tensors import Tensor

SIZES = st.integers(1, 9)


@st.composite
def readings(draw: st.DrawFn) -> dict[str, Any]:
    """Return a layer's kind and options, and the arrays that it reads: a sequence, and states if there are any."""
    kind = draw(st.sampled_from(["RNN", "LSTM"]))
    options = {
        "input_size": draw(SIZES),
        "hidden_size": draw(SIZES),
        "num_layers": draw(st.integers(1, 3)),
        "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "bidirectional": draw(st.booleans()),
    }
    if kind == "RNN":
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    steps, batch = draw(SIZES), draw(st.sampled_from([None, 1, 3, 16, 17]))
    shape = [steps, options["input_size"]]
    if batch is not None:
        shape.insert(0 if options["batch_first"] else 1, batch)
    state = [options["num_layers"] * (1 + options["bidirectional"]), *[batch] * (batch is not None)]
    states = [[*state, options["hidden_size"]]] * draw(st.sampled_from([0, 1 if kind == "RNN" else 2]))
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    layout = draw(st.sampled_from(LAYOUTS))
    arrays = [placed(generator.standard_normal(each).astype(np.float32), layout) for each in (shape, *states)]
    return {"kind": kind, "options": options, "arrays": arrays}


def read(library: str, kind: str, options: dict[str, Any], arrays: list[np.ndarray]) -> list[Any]:
    """Return the results of a layer, and the gradients of all that went into them."""
    package = namespace(library)["torch"]
    package.manual_seed(0)
    layer = getattr(package.nn, kind)(**options)
    inputs = [package.from_numpy(array.copy(order="K")).requires_grad_() for array in arrays]
    state = inputs[1:] and (tuple(inputs[1:]) if kind == "LSTM" else inputs[1])
    results = tensors_of(layer(inputs[0], *[state] * (len(inputs) > 1)))
    sum(((number + 1) * result * result).sum() for number, result in enumerate(results)).backward()
    return [*results, *(leaf.grad for leaf in (*inputs, *layer.parameters()))]


@settings(max_examples=30, deadline=None)
@given(readings())
def test_drawn_layers_read_as_pytorchs(reading: dict[str, Any]) -> None:
    assert_same_tensors(read("nnkit", **reading), read("torch", **reading))


@settings(max_examples=5, deadline=None)
@given(readings())
def test_gradients_of_drawn_layers_match_small_differences(reading: dict[str, Any]) -> None:
    options = {**reading["options"], "input_size": 2, "hidden_size": 2}
    if options.get("nonlinearity") == "relu":
        options["nonlinearity"] = "tanh"  # a corner may lie between two points
    manual_seed(0)
    layer = getattr(nn, reading["kind"])(**options).double()
    input = Tensor.detached(np.random.default_rng(1).standard_normal((3, 2, 2))).requires_grad_()

    def result(*leaves: Tensor) -> Tensor:
        output, _ = layer(leaves[0])
        return output

    assert autograd.gradcheck(result, (input, *layer.parameters()))
