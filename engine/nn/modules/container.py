"""Modules that hold other modules.

Source: the surface and the messages are those of PyTorch's `torch.nn.modules.container`.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import chain, groupby
from typing import Any, TypeVar

from nnkit.nn.modules.module import Module, _indent
from nnkit.nn.pairs import pairs_of
from nnkit.tensors.naming import typename

Numbered = TypeVar("Numbered", bound="_Numbered")
Row = TypeVar("Row", bound="Sequential")
List = TypeVar("List", bound="ModuleList")


class _Numbered(Module):
    """What Sequential and ModuleList share: an ordered list of children, named "0", "1", ... by default."""

    def _name(self, index: int) -> str:
        position = operator.index(index)
        if not -len(self) <= position < len(self):
            raise IndexError(f"index {position} is out of range")
        return list(self._modules)[position]

    def _renumber(self, modules: Iterable[Module | None]) -> None:
        self._modules = {str(position): module for position, module in enumerate(modules)}

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        if not isinstance(index, slice):
            self._name(index)
        del modules[index]
        self._renumber(modules)

    def __getitem__(self, index: int | slice) -> Any:
        if not isinstance(index, slice):
            return self._modules[self._name(index)]
        return self._part(list(self._modules.items())[index])

    def _part(self: Numbered, items: list[tuple[str, Any]]) -> Numbered:
        """Return another of this kind with some of the names and modules."""
        raise NotImplementedError

    def append(self: Numbered, module: Module) -> Numbered:
        """Add a module at the end.

        Raises:
            TypeError: `module` is not a Module.

        Examples:
            >>> nn.Sequential(nn.ReLU()).append(nn.Tanh())
            Sequential(
              (0): ReLU()
              (1): Tanh()
            )
        """
        self.add_module(str(len(self)), module)
        return self

    def extend(self: Numbered, modules: Iterable[Module]) -> Numbered:
        """Add several modules at the end.

        Raises:
            TypeError: `modules` cannot be iterated over, or one of them is not a Module.

        Examples:
            >>> len(nn.ModuleList([nn.ReLU()]).extend([nn.Tanh(), nn.Sigmoid()]))
            3
        """
        for module in modules:
            self.append(module)
        return self

    def pop(self, key: int | slice) -> Any:
        """Remove the module at a position, or those of a slice, and return them.

        Raises:
            IndexError: there is no such position.

        Examples:
            >>> nn.Sequential(nn.ReLU(), nn.Tanh()).pop(-1)
            Tanh()
        """
        removed = self[key]
        del self[key]
        return removed


class Sequential(_Numbered):
    """Modules in a row: each gets what the one before it returned.

    Args:
        *args: the modules, or one OrderedDict of names and modules.

    Shapes:
        Input as the first module wants it, output as the last one returns it.

    Raises:
        TypeError: an argument is not a Module.

    Examples:
        >>> net = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
        >>> net
        Sequential(
          (0): Linear(in_features=4, out_features=3, bias=True)
          (1): ReLU()
        )
        >>> net(torch.ones(2, 4)).shape
        torch.Size([2, 3])
        >>> net[:1] + nn.Sequential(nn.Tanh()) * 2
        Sequential(
          (0): Linear(in_features=4, out_features=3, bias=True)
          (1): Tanh()
          (2): Tanh()
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

    def _part(self: Row, items: list[tuple[str, Any]]) -> Row:
        return type(self)(OrderedDict(items))

    @staticmethod
    def _addend(other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return other

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *self._addend(other))

    def __iadd__(self: Row, other: Sequential) -> Row:
        return self.extend(list(self._addend(other)))

    def _factor(self, other: Any) -> int:
        if not isinstance(other, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(other)}")
        if other <= 0:
            raise ValueError(f"Non-positive multiplication factor {other} for {type(self)}")
        return other

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*list(self) * self._factor(other))

    __rmul__ = __mul__

    def __imul__(self: Row, other: int) -> Row:
        return self.extend(list(self) * (self._factor(other) - 1))

    def insert(self: Row, index: int, module: Module) -> Row:
        """Put a module in front of the one at `index`.

        Raises:
            AssertionError: `module` is not a Module.
            IndexError: there is no such place.

        Examples:
            >>> nn.Sequential(nn.ReLU()).insert(0, nn.Tanh())
            Sequential(
              (0): Tanh()
              (1): ReLU()
            )
        """
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self


class ModuleList(_Numbered):
    """A list whose modules are registered; it has no `forward`.

    Args:
        modules: what is in it at first.

    Raises:
        TypeError: an element is not a Module.

    Examples:
        >>> layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        >>> layers
        ModuleList(
          (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)
        )
        >>> x = torch.ones(2, 4)
        >>> for layer in layers:
        ...     x = layer(x)
        >>> x.shape
        torch.Size([2, 4])
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def _part(self: List, items: list[tuple[str, Any]]) -> List:
        return type(self)(module for _, module in items)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))

    def __iadd__(self: List, modules: Iterable[Module]) -> List:
        return self.extend(modules)

    def extend(self: List, modules: Iterable[Module]) -> List:
        """See `Sequential.extend`."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}")
        return super().extend(modules)

    def insert(self, index: int, module: Module) -> None:
        """Put a module in front of the one at `index`, as in a list.

        Raises:
            TypeError: `module` is not a Module.

        Examples:
            >>> layers = nn.ModuleList([nn.ReLU()])
            >>> layers.insert(0, nn.Tanh())
            >>> layers[0]
            Tanh()
        """
        if not isinstance(module, Module):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)

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

    Args:
        modules: what is in it at first: a mapping, or pairs of names and modules.

    Raises:
        TypeError: a value is not a Module, or a name is not text.
        KeyError: a name is empty, contains a dot, or is an attribute of a ModuleDict.

    Examples:
        >>> choices = nn.ModuleDict({"relu": nn.ReLU(), "tanh": nn.Tanh()})
        >>> choices["relu"](torch.tensor([-1.0, 1.0]))
        tensor([0., 1.])
        >>> "tanh" in choices, len(choices), list(choices)
        (True, 2, ['relu', 'tanh'])
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
        """Return the names.

        Examples:
            >>> nn.ModuleDict({"relu": nn.ReLU()}).keys()
            dict_keys(['relu'])
        """
        return self._modules.keys()

    def items(self) -> ItemsView[str, Module | None]:
        """Return the names with their modules.

        Examples:
            >>> nn.ModuleDict({"relu": nn.ReLU()}).items()
            dict_items([('relu', ReLU())])
        """
        return self._modules.items()

    def values(self) -> ValuesView[Module | None]:
        """Return the modules.

        Examples:
            >>> nn.ModuleDict({"relu": nn.ReLU()}).values()
            dict_values([ReLU()])
        """
        return self._modules.values()

    def clear(self) -> None:
        """Remove all modules.

        Examples:
            >>> choices = nn.ModuleDict({"relu": nn.ReLU()})
            >>> choices.clear()
            >>> choices
            ModuleDict()
        """
        self._modules.clear()

    def pop(self, key: str) -> Module | None:
        """Remove the module called `key` and return it.

        Raises:
            KeyError: there is none.

        Examples:
            >>> nn.ModuleDict({"relu": nn.ReLU()}).pop("relu")
            ReLU()
        """
        return self._modules.pop(key)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules by name, replacing those of the same name.

        Raises:
            TypeError: `modules` is neither a mapping nor pairs of names and modules.
            ValueError: an element is not a pair.

        Examples:
            >>> choices = nn.ModuleDict({"relu": nn.ReLU()})
            >>> choices.update([("tanh", nn.Tanh())])
            >>> list(choices.keys())
            ['relu', 'tanh']
        """
        if isinstance(modules, Mapping | ModuleDict):
            pairs: Iterable[tuple[Any, Any]] = modules.items()
        else:
            pairs = pairs_of("ModuleDict", "ModuleDict.update", modules)
        for name, module in pairs:
            self[name] = module
