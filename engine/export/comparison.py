"""What another run-time makes of an exported network, beside what the engine does."""

from __future__ import annotations

import numpy as np

from nnkit.errors import ExportError
from nnkit.export.graph import IMAGES, LOGITS
from nnkit.kernels.layout import Array
from nnkit.nn import Module
from nnkit.nn.modes import evaluating
from nnkit.tensors import Tensor

# Sums in another order differ by far less than this share of the greatest logit, other calculations by far more. Logits
# can also be next to nothing, because large numbers cancel out.
_RELATIVE_TOLERANCE = 1e-3
_ABSOLUTE_TOLERANCE = 1e-5
_ERRORS_ONLY = 3


def largest_difference(content: bytes, network: Module, images: Array, given: Array) -> float | None:
    """Run an ONNX file in onnxruntime on one image and on all others at once, and compare the logits.

    Args:
        content: that of the file.
        network: what it was made of.
        images: float32 (N, ...), as the network sees them.
        given: the same images as the file takes them.

    Returns:
        The largest difference between two logits; None if onnxruntime is not installed.

    Raises:
        ExportError: it cannot run the file, or the logits differ by more than rounding.
    """
    try:
        import onnxruntime
    except ImportError:
        return None
    parts = (slice(1), slice(1, None))
    with evaluating(network):
        # Part by part, because an answer may depend on the batch; copies, because images may be changed in place.
        expected = np.concatenate([network(Tensor.detached(images[part].copy())).array for part in parts])
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = _ERRORS_ONLY
    settings.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
        logits = np.concatenate([session.run([LOGITS], {IMAGES: given[part]})[0] for part in parts])
    except Exception as error:  # Each of the library's failures has a class of its own.
        raise ExportError(f"onnxruntime cannot run the graph: {' '.join(str(error).split())}") from None
    if logits.shape != expected.shape:
        raise ExportError(f"onnxruntime returns logits of shape {logits.shape}, nnkit of {expected.shape}")
    difference = float(np.abs(logits - expected).max())
    greatest = float(np.abs(expected).max())
    # Written so that NaN is refused.
    if not difference <= _RELATIVE_TOLERANCE * greatest + _ABSOLUTE_TOLERANCE:
        raise ExportError(
            f"onnxruntime's logits differ from nnkit's by {difference:.2g}, where the greatest is {greatest:.2g}"
        )
    return difference
