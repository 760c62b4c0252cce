"""Modules that hold other modules.

Source: the surface and the messages are those of PyTorch's `torch.nn.modules.container`.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import groupby
from typing import Any, TypeVar

from nnkit.nn.module import Module, _indent
from nnkit.nn.naming import typename

Numbered = TypeVar("Numbered", bound="_Numbered")


class _Numbered(Module):
    """What Sequential and ModuleList share: an ordered list of children, named "0", "1", ... by default."""

    def _name(self, index: int) -> str:
        position = operator.index(index)
        if not -len(self) <= position < len(self):
            raise IndexError(f"index {position} is out of range")
        return list(self._modules)[position]

    def _renumber(self, modules: Iterable[Module]) -> None:
        self._modules = {str(position): module for position, module in enumerate(modules)}

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        for module in self._modules.values():
            if module is not None:
                yield module

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        if not isinstance(index, slice):
            self._name(index)
        del modules[index]
        self._renumber(modules)

    def append(self: Numbered, module: Module) -> Numbered:
        """Add a module at the end.

        Raises:
            TypeError: `module` is not a Module.
        """
        self.add_module(str(len(self)), module)
        return self

    def extend(self: Numbered, modules: Iterable[Module]) -> Numbered:
        """Add several modules at the end.

        Raises:
            TypeError: one of them is not a Module.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{type(self).__name__}.extend should be called with an iterable, but got {typename(modules)}"
            )
        for module in modules:
            self.append(module)
        return self

    def __iadd__(self: Numbered, modules: Iterable[Module]) -> Numbered:
        return self.extend(modules)

    def _insert(self, index: int, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)


class Sequential(_Numbered):
    """Modules in a row: each gets what the one before it returned.

    Args:
        *args: the modules, or one OrderedDict of names and modules.

    Raises:
        TypeError: an argument is not a Module.

    Example:
        >>> from nnkit import nn
        >>> nn.Sequential(nn.Linear(4, 3), nn.ReLU())
        Sequential(
          (0): Linear(in_features=4, out_features=3, bias=True)
          (1): ReLU()
        )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            self.extend(args)

    def forward(self, input: Any) -> Any:
        """Pass `input` through all modules in turn."""
        for module in self:
            input = module(input)
        return input

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._name(index)]

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def insert(self, index: int, module: Module) -> Sequential:
        """Put a module in front of the one at `index`; all names become numbers.

        Raises:
            IndexError: there is no such place.
            TypeError: `module` is not a Module.
        """
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        self._insert(index, module)
        return self


class ModuleList(_Numbered):
    """A list whose modules are registered; it has no `forward`.

    Raises:
        TypeError: an element is not a Module.
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return self._modules[self._name(index)]

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def insert(self, index: int, module: Module) -> None:
        """Put a module in front of the one at `index`.

        Raises:
            TypeError: `module` is not a Module.
        """
        self._insert(index, module)

    def _child_lines(self) -> list[str]:
        """Fold equal neighbours into one line, as in `(0-2): 3 x Linear(...)`."""
        lines = []
        position = 0
        for printed, group in groupby(repr(module) for module in self):
            count = len(list(group))
            last = position + count - 1
            if count == 1:
                lines.append(f"({position}): {_indent(printed)}")
            else:
                lines.append(f"({position}-{last}): {count} x {_indent(printed)}")
            position += count
        return lines


class ModuleDict(Module):
    """A dictionary whose modules are registered; it has no `forward`.

    Raises:
        TypeError: a value is not a Module.
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module | None:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Module | None]:
        """Return the names with their modules."""
        return self._modules.items()

    def values(self) -> ValuesView[Module | None]:
        """Return the modules."""
        return self._modules.values()

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Module | None:
        """Remove the module called `key` and return it."""
        return self._modules.pop(key)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules by name, replacing those of the same name.

        Raises:
            TypeError: `modules` is neither a mapping nor pairs of names and modules.
            ValueError: an element is not a pair.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"ModuleDict.update should be called with an iterable of key/value pairs, but got {typename(modules)}"
            )
        pairs = modules.items() if isinstance(modules, Mapping) else modules
        for position, pair in enumerate(pairs):
            if len(pair) != 2:
                raise ValueError(
                    f"ModuleDict update sequence element #{position} has length {len(pair)}; 2 is required"
                )
            self.add_module(*pair)
