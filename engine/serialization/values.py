"""Nested values as JSON and the arrays of their tensors.

JSON has neither tuples nor keys other than strings nor tensors: whatever it lacks is an object with one tag. Reading
makes nothing but the types named here, so that no file can run code.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from nnkit import dtypes
from nnkit.devices import device
from nnkit.kernels.layout import Array
from nnkit.nn import Module, Parameter
from nnkit.serialization.container import is_name
from nnkit.tensors import Size, Tensor

# What `Unpacker.unpack`, and `json.loads` before it, raise for text that `Packer` did not make.
UNPACKING_ERRORS = (ValueError, KeyError, TypeError, RuntimeError)

_PLAIN = (bool, int, float, str)
_DTYPES = {each.name: each for each in dtypes.C_NAMES}


class Packer:
    """Turns values into JSON, and collects the arrays of their tensors.

    An array is named by the keys that lead to it, which for a state_dict are the names that it has there.

    Attributes:
        arrays: what was collected, by name. Tensors that are the same memory are one array.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self._names: dict[tuple[Any, ...], str] = {}

    def pack(self, value: Any, place: str = "") -> Any:
        """Return a value as what `json.dumps` takes.

        Args:
            value: dictionaries, lists, tuples, numbers, strings, None, tensors, and types and devices of tensors.
            place: where it is in the whole, the beginning of the names of its arrays.

        Raises:
            TypeError: there is something else in it.
        """
        if value is None or isinstance(value, _PLAIN):
            return value
        if isinstance(value, Tensor):
            return self._pack_tensor(value, place)
        if isinstance(value, list | tuple):
            items = [self.pack(item, _below(place, index)) for index, item in enumerate(value)]
            if type(value) is list:
                return items
            return {"size" if isinstance(value, Size) else "tuple": items}
        if type(value) in (dict, OrderedDict):
            pairs = [[self._pack_key(key), self.pack(item, _below(place, key))] for key, item in value.items()]
            if type(value) is dict:
                return {"dict": pairs}
            return {
                "ordered": pairs,
                "metadata": self.pack(getattr(value, "_metadata", None), _below(place, "metadata")),
            }
        if isinstance(value, dtypes.dtype):
            return {"dtype": value.name}
        if isinstance(value, device):
            return {"device": str(value)}
        raise TypeError(_refusal(value, place))

    def _pack_key(self, key: Any) -> Any:
        if key is None or isinstance(key, (*_PLAIN, tuple)):
            return self.pack(key, "key")
        raise TypeError(f"cannot save a dictionary with the key {key!r}; use strings or numbers")

    def _pack_tensor(self, value: Tensor, place: str) -> Any:
        array = value.detach().numpy()
        memory = (array.__array_interface__["data"][0], array.dtype, array.shape, array.strides)
        name = self._names.get(memory)
        if name is None:
            name = place if is_name(place) and place not in self.arrays else f"tensor {len(self.arrays)}"
            self._names[memory] = name
            self.arrays[name] = array
        packed: dict[str, Any] = {"parameter" if isinstance(value, Parameter) else "tensor": name}
        return {**packed, "requires_grad": True} if value.requires_grad else packed


def _below(place: str, key: object) -> str:
    if not place:
        return str(key)
    return f"{place}{key}" if place.endswith("/") else f"{place}/{key}"


def _refusal(value: Any, place: str) -> str:
    """Say why a value is not saved, and what to do."""
    if isinstance(value, Module):
        way_out = "save its state_dict() and give it to load_state_dict() of a module that was made in the same way"
    elif isinstance(value, np.ndarray | np.generic):
        way_out = "make it a tensor with nnkit.tensor(), or a number with item()"
    else:
        way_out = "save what it is made of: dictionaries, lists, tuples, numbers, strings, None and tensors"
    where = f" (at {place!r})" if place else ""
    return f"cannot save a {type(value).__name__}{where}, which only pickle could, and pickle is not used; {way_out}"


class Unpacker:
    """Makes values of what `Packer` made.

    Args:
        tensors: of the arrays, by the names that they have in `Packer.arrays`.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors = tensors
        self._made: dict[tuple[str, str], Tensor] = {}

    def unpack(self, packed: Any) -> Any:
        """Return the value.

        Raises:
            ValueError: it is not what `Packer` makes; or another of `UNPACKING_ERRORS`.
        """
        if isinstance(packed, list):
            return [self.unpack(item) for item in packed]
        if not isinstance(packed, dict):
            return packed
        entry: tuple[str, Any] = next(iter(packed.items()), ("", None))
        kind, content = entry
        if kind in ("tensor", "parameter"):
            return self._tensor(kind, content, packed.get("requires_grad") is True)
        if kind == "tuple":
            return tuple(self.unpack(item) for item in content)
        if kind == "size":
            return Size(self.unpack(item) for item in content)
        if kind == "dict":
            return {self.unpack(key): self.unpack(item) for key, item in content}
        if kind == "ordered":
            ordered = OrderedDict((self.unpack(key), self.unpack(item)) for key, item in content)
            if packed["metadata"] is not None:
                ordered._metadata = self.unpack(packed["metadata"])  # type: ignore[attr-defined]
            return ordered
        if kind == "dtype":
            return _DTYPES[content]
        if kind == "device":
            return device(content)
        raise ValueError(f"{kind[:20]!r} is not a kind of value")

    def _tensor(self, kind: str, name: str, requires_grad: bool) -> Tensor:
        tensor = self._tensors[name]
        if kind == "tensor" and not requires_grad:
            return tensor
        if (kind, name) not in self._made:
            is_parameter = kind == "parameter"
            made = Parameter(tensor, requires_grad) if is_parameter else tensor.detach().requires_grad_()
            self._made[kind, name] = made
        return self._made[kind, name]
