"""Values and tensors in files, without pickle."""

from nnkit.serialization.saving import load, save

__all__ = ["load", "save"]
