"""Activations as pictures, small enough to be sent many times a second."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.playground.activations import Activation

# A page has room for so much of each layer, whatever a network has.
_MOST_TILES, _MOST_PIXELS, _MOST_FEATURES = 64, 64, 1024


def description(layer: Activation) -> dict[str, Any]:
    """Return what a layer is, and the size of its picture."""
    calls, *shape = layer.values.shape
    tiles, rows, columns = _tiles(layer.values).shape
    about = {"name": layer.name, "kinds": layer.kinds, "calls": calls, "shape": shape}
    return {**about, "tiles": tiles, "rows": rows, "columns": columns}


def picture(layer: Activation) -> dict[str, Any]:
    """Return the values of a layer as bytes, tile by tile.

    From 0 to `scale` they are 0 to 255; where any is negative, those from -`scale` to `scale` are 1 to 255.
    """
    tiles = np.nan_to_num(_tiles(layer.values))
    signed, scale = bool((tiles < 0).any()), float(np.abs(tiles).max(initial=0.0))
    relative = tiles / (scale or 1.0)
    quantised = np.rint(relative * 127 + 128 if signed else relative * 255).astype(np.uint8)
    return {"signed": signed, "scale": scale, "bytes": encoded(quantised)}


def _tiles(values: Array) -> Array:
    """Return values (calls, *shape of one image) as pictures (tiles, rows, columns): what a page has room for."""
    if values.ndim < 3:
        # The calls one below the other: a hidden state over time.
        return values.reshape(1, len(values), -1)[:, :_MOST_PIXELS, :_MOST_FEATURES]
    tiles = values.reshape(-1, *values.shape[-2:])[:_MOST_TILES]
    step = -(-max(tiles.shape[1:]) // _MOST_PIXELS)
    return tiles[:, ::step, ::step]


def encoded(array: Array) -> str:
    """Return the bytes of an array as text."""
    return base64.b64encode(array.tobytes()).decode()
