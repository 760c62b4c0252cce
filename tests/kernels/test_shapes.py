"""Forward passes without arithmetic: the shapes and layouts of the real ones, and zeros."""

import numpy as np
import pytest

from nnkit.configs import built_in_configs
from nnkit.kernels import backend_for, shapes_only
from nnkit.recording import Recording
from nnkit.tensors import no_grad, randn
from nnkit.training.load import load_run


def results_of(network, images):
    with no_grad(), Recording() as recording:
        network(images)
    return [
        (call.operation.__name__, result.array.shape, result.array.dtype, result.array.strides)
        for call in recording.calls
        for result in call.results
    ]


@pytest.mark.parametrize("name", built_in_configs())
@pytest.mark.parametrize("batch", [1, 3, 16])
def test_every_result_is_shaped_as_the_real_one(name, batch):
    _, network = load_run(name)
    network.eval()
    images = randn(batch, 1, *network.input_size)
    real = results_of(network, images)
    with shapes_only():
        assert results_of(network, images) == real
        with no_grad():
            assert not np.isnan(network(images).array).any()


def test_numbers_are_back_afterwards():
    backend = backend_for("cpu")
    with shapes_only():
        assert backend_for("cpu") is not backend
    assert backend_for("cpu") is backend
