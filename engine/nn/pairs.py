"""What modules that work like dictionaries are updated with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def pairs_of(title: str, caller: str, items: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the names and values of a sequence of pairs.

    Raises:
        TypeError: `items` or one of its elements cannot be iterated over.
        ValueError: an element is not of length 2.
    """
    if not isinstance(items, Iterable):
        raise TypeError(
            f"{caller} should be called with an iterable of key/value pairs, but got {type(items).__name__}"
        )
    for position, pair in enumerate(items):
        element = f"{title} update sequence element #{position}"
        if not isinstance(pair, Iterable):
            raise TypeError(f"{element} should be Iterable; is{type(pair).__name__}")
        values = list(pair)
        if len(values) != 2:
            raise ValueError(f"{element} has length {len(values)}; 2 is required")
        yield values[0], values[1]
