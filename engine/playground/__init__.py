"""A page on which a person draws, and sees what a network makes of it."""

from nnkit.playground.reader import Reader
from nnkit.playground.server import PlaygroundServer

__all__ = ["PlaygroundServer", "Reader"]
