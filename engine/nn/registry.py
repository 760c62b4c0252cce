"""The layers that configs can name."""

from __future__ import annotations

from nnkit.nn.modules.module import Module
from nnkit.registry import Registry

LAYERS: Registry[type[Module]] = Registry("layer")
