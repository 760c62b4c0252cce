"""The shape of a tensor."""

from __future__ import annotations

import math
from typing import Any, SupportsIndex, overload


class Size(tuple[int, ...]):
    """A tuple of sizes that prints as PyTorch's does."""

    def numel(self) -> int:
        """Return how many elements a tensor of this size has."""
        return math.prod(self)

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice[Any, Any, Any]) -> Size: ...
    def __getitem__(self, key: SupportsIndex | slice[Any, Any, Any]) -> int | Size:
        found = super().__getitem__(key)
        return Size(found) if isinstance(found, tuple) else found

    def __add__(self, other: tuple[Any, ...]) -> Size:
        return Size(super().__add__(other))

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"
