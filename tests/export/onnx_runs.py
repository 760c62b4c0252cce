"""Networks in onnxruntime beside the engine."""

import numpy as np
import pytest

import nnkit
from nnkit import nn
from nnkit.export import graph_of

BATCH_SIZES = (1, 2, 7, 64)


class Written(nn.Module):
    """A network that is one function of its images, with layers and parameters to use."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, images):
        return self.function(self, images)


def encoded(network, shape, raw=None):
    """Return the content of the ONNX file of a network."""
    pytest.importorskip("onnx", reason="needs the extra onnx")
    from nnkit.export.onnx_file import encode

    return encode(graph_of(network, shape, raw), type(network).__name__, {})


def session_of(content):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])


def assert_same(network, shape, *, low=-2.0, high=2.0, tolerance=2e-6):
    """Export a network, and compare what it gives with what onnxruntime gives, in batches of several sizes.

    The tolerance is absolute and relative.
    """
    session = session_of(encoded(network, shape))
    network.eval()
    for number, count in enumerate(BATCH_SIZES):
        images = np.random.default_rng(number).uniform(low, high, (count, *shape)).astype(np.float32)
        with nnkit.no_grad():
            expected = network(nnkit.from_numpy(images.copy())).numpy()
        (found,) = session.run(["logits"], {"images": images})
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
