"""The way from pixels to what a network sees, as part of its graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnkit.export.graph import IMAGES, Graph
from nnkit.training.checkpoint import ImageFormat

FLOAT32 = np.dtype(np.float32)


def normalised(graph: Graph, shape: Sequence[int], images: ImageFormat) -> str:
    """Add what makes images (N, *shape) of raw ones, uint8 (N, C, h, w), as `Backend.gather` does; return their name.

    Smaller images get a frame of background; larger ones do not fit the last step, and fail when the graph runs.
    """
    channels, *size = shape
    graph.place = "pixels"
    missing = graph.add("Sub", graph.integers(*size), graph.add("Shape", IMAGES, start=2))
    missing = graph.add("Max", missing, graph.integers(0))
    before = graph.add("Div", missing, graph.integers(2))
    none = graph.integers(0, 0)
    frame = graph.add("Concat", none, before, none, graph.add("Sub", missing, before), axis=0)
    framed = graph.add("Pad", IMAGES, frame)
    # A 0 stands for the size that is there, that of the batch.
    framed = graph.add("Reshape", framed, graph.integers(0, channels, *size))
    share = graph.add("Div", graph.add("Cast", framed, to=FLOAT32), graph.constant(255, FLOAT32))
    centred = graph.add("Sub", share, graph.constant(images.mean, FLOAT32))
    return graph.add("Div", centred, graph.constant(images.std, FLOAT32))
