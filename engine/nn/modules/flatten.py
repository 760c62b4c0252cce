"""Layers that join dimensions, and that split them again."""

from __future__ import annotations

from collections.abc import Sequence

from nnkit.nn.modules.module import Module
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor


@LAYERS.register("Flatten")
class Flatten(Module):
    """Join the dimensions from `start_dim` to `end_dim` into one; by default all but the batch.

    Args:
        start_dim: the first dimension joined.
        end_dim: the last dimension joined.

    Shapes:
        With the defaults, input (N, C, H, W) and output (N, C * H * W).

    Raises:
        RuntimeError: at the call, where `start_dim` comes after `end_dim`.
        IndexError: at the call, where the input has no such dimension.

    Examples:
        >>> nn.Flatten()(torch.ones(2, 3, 4, 4)).shape
        torch.Size([2, 48])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, C, H, W), with the defaults, to (N, C * H * W)."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Return the dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


@LAYERS.register("Unflatten")
class Unflatten(Module):
    """Split a dimension into several.

    Args:
        dim: the dimension that is split.
        unflattened_size: the sizes that it is split into; one may be -1.

    Shapes:
        With dim=1 and unflattened_size=(C, H, W), input (N, C * H * W) and output (N, C, H, W).

    Raises:
        TypeError: the sizes are no whole numbers.
        RuntimeError: at the call, where they do not multiply up to the size of the dimension.

    Examples:
        >>> nn.Unflatten(1, (3, 4, 4))(torch.ones(2, 48)).shape
        torch.Size([2, 3, 4, 4])
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, tuple | list):
            kind = type(unflattened_size).__name__
            raise TypeError(f"unflattened_size must be a tuple of ints, but found type {kind}")
        for position, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    f"unflattened_size must be tuple of ints, but found element of type {type(size).__name__} "
                    f"at pos {position}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of as many elements with more dimensions."""
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """Return the dimension and its sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
