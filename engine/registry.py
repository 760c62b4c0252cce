"""Names that configs use, and the objects behind them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from nnkit.errors import ConfigError

T = TypeVar("T")


def closest(name: str, choices: Iterable[str]) -> str | None:
    """Return the choice that `name` was probably meant to be, ignoring case, or None."""
    folded = {choice.casefold(): choice for choice in choices}
    matches = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def unknown_name(kind: str, name: str, choices: Iterable[str]) -> str:
    """Explain that `name` is not one of the choices, with the closest match and the whole list."""
    choices = sorted(choices)
    match = closest(name, choices)
    hint = f", did you mean {match!r}?" if match else ""
    return f"unknown {kind} {name!r}{hint} (choose from: {', '.join(choices)})"


class Registry(Generic[T]):
    """A table of named things of one kind, filled by the modules that define them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that enters what it decorates under `name`."""

        def enter(entry: T) -> T:
            if name in self._entries:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            self._entries[name] = entry
            return entry

        return enter

    def get(self, name: str) -> T:
        """Return the entry called `name`.

        Raises:
            ConfigError: there is none; the message has the closest match and all names.
        """
        if name not in self._entries:
            raise ConfigError(unknown_name(self.kind, name, self._entries))
        return self._entries[name]

    def names(self) -> list[str]:
        """Return all names in alphabetical order."""
        return sorted(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())
