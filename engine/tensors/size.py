"""The shape of a tensor."""

from __future__ import annotations

import math
from typing import Any, SupportsIndex, overload


class Size(tuple[int, ...]):
    """A tuple of sizes that prints as PyTorch's does.

    Examples:
        >>> torch.Size([2, 3]) == (2, 3), torch.Size([2, 3])[1:], torch.Size([2, 3]).numel()
        (True, torch.Size([3]), 6)
    """

    # Its public home, which is what `type(x.shape)` shows.
    __module__ = "nnkit"

    def __new__(cls, sizes: Any = ()) -> Size:
        """Return the size that an iterable of whole numbers is.

        Raises:
            TypeError: something in it is no whole number.
        """
        found = list(sizes)
        for place, size in enumerate(found):
            if not hasattr(size, "__index__"):
                raise TypeError(f"torch.Size() takes an iterable of 'int' (item {place} is '{type(size).__name__}')")
        return super().__new__(cls, [int(size) for size in found])

    def numel(self) -> int:
        """Return how many elements a tensor of this size has.

        Examples:
            >>> torch.Size([2, 3]).numel()
            6
        """
        return math.prod(self)

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice[Any, Any, Any]) -> Size: ...
    def __getitem__(self, key: SupportsIndex | slice[Any, Any, Any]) -> int | Size:
        found = super().__getitem__(key)
        return Size(found) if isinstance(found, tuple) else found

    def __add__(self, other: tuple[Any, ...]) -> Size:
        if not isinstance(other, tuple):
            raise TypeError(f"can only concatenate tuple (not {type(other).__name__}) to torch.Size")
        return Size(super().__add__(other))

    def __radd__(self, other: tuple[Any, ...]) -> Size:
        return Size(other).__add__(self) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, count: SupportsIndex) -> Size:
        return Size(super().__mul__(count))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"
