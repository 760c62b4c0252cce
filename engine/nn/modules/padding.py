"""Layers that put borders around their input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nnkit.nn import functional as F
from nnkit.nn.modules.module import Module
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor


class _ConstantPadNd(Module):
    """What borders of one number share."""

    dims: ClassVar[int]

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__()
        self.padding = tuple(padding) if isinstance(padding, Sequence) else (padding,) * (2 * self.dims)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with its borders."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Return the settings."""
        return f"padding={self.padding}, value={self.value}"


@LAYERS.register("ConstantPad1d")
class ConstantPad1d(_ConstantPadNd):
    """Puts a number at both ends of sequences.

    Args:
        padding: how often, or how often at the beginning and at the end; negative numbers cut off.
        value: the number.

    Shapes:
        Input (..., L), output (..., L + the padding at both ends).

    Raises:
        TypeError: the padding is no integer, or no tuple of them.
        RuntimeError: fewer dimensions, or a border that takes away more than there is.

    Examples:
        >>> nn.ConstantPad1d((1, 2), 7.0)(torch.zeros(2))
        tensor([7., 0., 0., 7., 7.])
    """

    dims = 1

    def __init__(self, padding: int | tuple[int, int], value: float) -> None:
        super().__init__(padding, value)


@LAYERS.register("ConstantPad2d")
class ConstantPad2d(_ConstantPadNd):
    """Puts a number on all sides of images.

    Args:
        padding: how often, or how often on the left, on the right, above and below; negative numbers cut off.
        value: the number.

    Shapes:
        Input (..., H, W), output (..., H + the padding above and below, W + that on the left and on the right).

    Raises:
        TypeError: the padding is no integer, or no tuple of them.
        RuntimeError: fewer dimensions, or a border that takes away more than there is.

    Examples:
        >>> nn.ConstantPad2d((1, 0, 0, 1), 7.0)(torch.zeros(1, 2))
        tensor([[7., 0., 0.],
                [7., 7., 7.]])
    """

    dims = 2

    def __init__(self, padding: int | tuple[int, int, int, int], value: float) -> None:
        super().__init__(padding, value)


@LAYERS.register("ZeroPad2d")
class ZeroPad2d(_ConstantPadNd):
    """Puts zeros on all sides of images.

    Args:
        padding: how many, or how many on the left, on the right, above and below; negative numbers cut off.

    Shapes:
        Input (..., H, W), output (..., H + the padding above and below, W + that on the left and on the right).

    Raises:
        TypeError: the padding is no integer, or no tuple of them.
        RuntimeError: fewer dimensions, or a border that takes away more than there is.

    Examples:
        >>> nn.ZeroPad2d((1, 0, 0, 1))(torch.ones(1, 2))
        tensor([[0., 1., 1.],
                [0., 0., 0.]])
    """

    dims = 2

    def __init__(self, padding: int | tuple[int, int, int, int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return the borders."""
        return str(self.padding)
