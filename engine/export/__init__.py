"""Trained networks in the formats of other programs."""

from nnkit.export.checkpoint import COMPARED_IMAGES, SUFFIXES, Exported, export_checkpoint
from nnkit.export.comparison import largest_difference
from nnkit.export.conversion import graph_of
from nnkit.export.operations import OPERATORS
from nnkit.export.step import Converter, Step

__all__ = [
    "COMPARED_IMAGES",
    "OPERATORS",
    "SUFFIXES",
    "Converter",
    "Exported",
    "Step",
    "export_checkpoint",
    "graph_of",
    "largest_difference",
]
