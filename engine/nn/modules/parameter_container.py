"""Modules that hold parameters.

Source: the surface and the messages are those of PyTorch's `torch.nn.modules.container`.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any

from nnkit.nn.modules.module import Module
from nnkit.nn.pairs import pairs_of
from nnkit.nn.parameter import Parameter
from nnkit.tensors import Tensor
from nnkit.tensors.naming import typename


def _as_parameter(value: Any) -> Any:
    """Return a tensor as a Parameter, anything else as it is."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _line(key: object, value: Any, kind: str) -> str:
    if not isinstance(value, Tensor):
        return f"  ({key}): Object of type: {type(value).__name__}"
    title = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"  ({key}): {title} containing: [{kind} of size {'x'.join(map(str, value.shape))}]"


class ParameterList(Module):
    """A list whose parameters are registered; tensors that are put into it become parameters.

    Args:
        values: what is in it at first.

    Raises:
        TypeError: `values` cannot be iterated over.
        RuntimeError: it is called.

    Examples:
        >>> weights = nn.ParameterList([torch.ones(2, 3), torch.zeros(3)])
        >>> weights
        ParameterList(
            (0): Parameter containing: [torch.float32 of size 2x3]
            (1): Parameter containing: [torch.float32 of size 3]
        )
        >>> list(weights.state_dict())
        ['0', '1']
    """

    # Where PyTorch has it, which is what its type shows.
    __module__ = "nnkit.nn.modules.container"

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _name(self, index: int) -> str:
        position = operator.index(index)
        if not -len(self) <= position < len(self):
            raise IndexError(f"index {position} is out of range")
        return str(position % len(self))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[position] for position in range(len(self)))

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(self[position] for position in range(len(self))[index])
        return getattr(self, self._name(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._name(index), _as_parameter(value))

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def append(self, value: Any) -> ParameterList:
        """Add a value at the end.

        Examples:
            >>> len(nn.ParameterList().append(torch.ones(2)))
            1
        """
        self._size += 1
        self[-1] = value
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add several values at the end.

        Raises:
            TypeError: `values` cannot be iterated over, or is itself a tensor.

        Examples:
            >>> len(nn.ParameterList().extend([torch.ones(2), torch.ones(3)]))
            2
        """
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        for value in values:
            self.append(value)
        return self

    def extra_repr(self) -> str:
        """Return a line for each value."""
        return "\n".join(
            _line(position, value, str(getattr(value, "dtype", ""))) for position, value in enumerate(self)
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: it holds parameters, and calculates nothing."""
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """A dictionary whose parameters are registered; tensors that are put into it become parameters.

    Args:
        parameters: what is in it at first: a mapping, or pairs of names and values.

    Raises:
        TypeError: `parameters` is neither, or a name is not text.
        RuntimeError: it is called.

    Examples:
        >>> weights = nn.ParameterDict({"left": torch.ones(2, 3), "right": torch.zeros(3)})
        >>> weights
        ParameterDict(
            (left): Parameter containing: [torch.FloatTensor of size 2x3]
            (right): Parameter containing: [torch.FloatTensor of size 3]
        )
        >>> "left" in weights, len(weights)
        (True, 2)
    """

    # Where PyTorch has it, which is what its type shows.
    __module__ = "nnkit.nn.modules.container"

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    @staticmethod
    def _name(key: Any) -> str:
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                f"'{type(key).__name__}'). Open an issue on github if you need non-string keys."
            )
        return key

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self._name(key))

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, self._name(key), _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __or__(self, other: Mapping[str, Any] | ParameterDict) -> ParameterDict:
        joined = self.copy()
        joined.update(other)
        return joined

    def __ror__(self, other: Any) -> Any:
        joined = other.copy()
        joined.update(self)
        return joined

    def __ior__(self, other: Mapping[str, Any] | ParameterDict) -> ParameterDict:
        self.update(other)
        return self

    def keys(self) -> KeysView[str]:
        """Return the names.

        Examples:
            >>> nn.ParameterDict({"scale": 2}).keys()
            dict_keys(['scale'])
        """
        return self._keys.keys()

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yield the names with their values.

        Examples:
            >>> list(nn.ParameterDict({"scale": 2}).items())
            [('scale', 2)]
        """
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterator[Any]:
        """Yield the values.

        Examples:
            >>> list(nn.ParameterDict({"scale": 2}).values())
            [2]
        """
        return (self[key] for key in self._keys)

    def copy(self) -> ParameterDict:
        """Return another dictionary with the same parameters.

        Examples:
            >>> weights = nn.ParameterDict({"left": torch.ones(2)})
            >>> weights.copy()["left"] is weights["left"]
            True
        """
        return ParameterDict(OrderedDict(self.items()))

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value called `key`, or `default`.

        Examples:
            >>> nn.ParameterDict({"left": torch.ones(2)}).get("right", 0)
            0
        """
        return self[key] if key in self else default  # noqa: SIM401 (this is `get`)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value called `key`, which becomes `default` if there is none.

        Examples:
            >>> nn.ParameterDict().setdefault("left", torch.ones(1))
            Parameter containing:
            tensor([1.], requires_grad=True)
        """
        if key not in self:
            self[key] = default
        return self[key]

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Return another dictionary that has `default` under each of the names.

        Examples:
            >>> list(nn.ParameterDict().fromkeys(["left", "right"], 0).items())
            [('left', 0), ('right', 0)]
        """
        return ParameterDict((key, default) for key in keys)

    def pop(self, key: str) -> Any:
        """Remove the value called `key` and return it.

        Raises:
            AttributeError: there is none.

        Examples:
            >>> nn.ParameterDict({"scale": 2}).pop("scale")
            2
        """
        removed = self[key]
        del self[key]
        return removed

    def popitem(self) -> tuple[str, Any]:
        """Remove the value that was added last, and return its name and itself.

        Raises:
            KeyError: the dictionary is empty.

        Examples:
            >>> nn.ParameterDict([("left", 1), ("right", 2)]).popitem()
            ('right', 2)
        """
        if not self._keys:
            raise KeyError("popitem(): dictionary is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def clear(self) -> None:
        """Remove all values.

        Examples:
            >>> weights = nn.ParameterDict({"scale": 2})
            >>> weights.clear()
            >>> weights
            ParameterDict()
        """
        for key in list(self):
            del self[key]

    def update(self, parameters: Any) -> None:
        """Add values by name, replacing those of the same name; those of a plain mapping in the order of the names.

        Raises:
            TypeError: `parameters` is neither a mapping nor pairs of names and values, or a name is not text.
            ValueError: an element is not a pair.

        Examples:
            >>> weights = nn.ParameterDict()
            >>> weights.update({"right": 1, "left": 2})
            >>> list(weights)
            ['left', 'right']
        """
        if isinstance(parameters, OrderedDict | ParameterDict):
            pairs: Iterable[tuple[Any, Any]] = parameters.items()
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items())
        else:
            pairs = pairs_of("ParameterDict", "ParametersDict.update", parameters)
        for key, value in pairs:
            self[key] = value

    def extra_repr(self) -> str:
        """Return a line for each value."""
        return "\n".join(_line(key, value, typename(value)) for key, value in self.items())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: it holds parameters, and calculates nothing."""
        raise RuntimeError("ParameterDict should not be called.")
