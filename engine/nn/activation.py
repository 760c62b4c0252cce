"""Activations: functions of each element, or of each row, without parameters."""

from __future__ import annotations

from typing import Any

from nnkit.nn import functional as F
from nnkit.nn.module import Module
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor


@LAYERS.register("ReLU")
class ReLU(Module):
    """The greater of x and 0, element by element.

    Args:
        inplace: write the result over the input.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.relu(input, self.inplace)

    def extra_repr(self) -> str:
        """Return whether it works in place."""
        return "inplace=True" if self.inplace else ""


@LAYERS.register("Tanh")
class Tanh(Module):
    """The hyperbolic tangent, element by element."""

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.tanh(input)


@LAYERS.register("Sigmoid")
class Sigmoid(Module):
    """1 / (1 + exp(-x)), element by element."""

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.sigmoid(input)


@LAYERS.register("Softmax")
class Softmax(Module):
    """Positive numbers along `dim` that sum to 1, in proportion to exp(x).

    Args:
        dim: the dimension; omitting it is deprecated.
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Return the dimension."""
        return f"dim={self.dim}"


@LAYERS.register("LogSoftmax")
class LogSoftmax(Softmax):
    """The logarithm of the softmax, without its overflow and loss of digits.

    Args:
        dim: the dimension; omitting it is deprecated.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.log_softmax(input, self.dim)


@LAYERS.register("Identity")
class Identity(Module):
    """Its input, unchanged; any arguments are accepted, so that it can stand in for another layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` itself."""
        return input
