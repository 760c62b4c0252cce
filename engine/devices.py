"""Where tensors live."""

from __future__ import annotations

import re
from typing import Any

_KNOWN = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, "
    "mtia, privateuseone"
)
NO_CUDA = "Torch not compiled with CUDA enabled"
_INDEX = re.compile(r"0|[1-9][0-9]*")


_NOTHING = object()


class device:  # noqa: N801 (PyTorch's name)
    """A device by name: `device("cpu")`, `device("cuda:0")` or `device("cuda", 0)`.

    Any device of PyTorch's can be named; tensors can be on the CPU.

    Args:
        type: the name, with or without a number, or a device.
        index: the number, where the name has none.

    Raises:
        RuntimeError: the name is not one of a device, or the index is negative or given twice.
        TypeError: the arguments are of other types.

    Examples:
        >>> torch.device("cpu")
        device(type='cpu')
        >>> str(torch.device("cuda", 1))
        'cuda:1'
        >>> torch.device("cpu") == torch.zeros(2).device
        True
    """

    __slots__ = ("_index", "_type")

    _type: str
    _index: int | None

    def __init__(self, type: str | device | object = _NOTHING, index: int | None = None, *more: object) -> None:
        if isinstance(type, device) and index is None:
            self._type, self._index = type.type, type.index
            return
        if isinstance(type, int) and index is None:
            raise RuntimeError("Cannot access accelerator device when none is available.")
        if not isinstance(type, str) or not isinstance(index, int | None) or more:
            raise TypeError(_wrong_arguments(() if type is _NOTHING else (type, index, *more)))
        if type == "":
            raise RuntimeError("Device string must not be empty")
        name, separator, number = type.partition(":")
        if separator and not _INDEX.fullmatch(number):
            raise RuntimeError(f"Invalid device string: '{type}'")
        if name not in _KNOWN.split(", "):
            raise RuntimeError(f"Expected one of {_KNOWN} device type at start of device string: {name}")
        if separator and index is not None:
            raise RuntimeError(f"type (string) must not include an index because index was passed explicitly: {type}")
        if index is not None and index < 0:
            raise RuntimeError("Device index must not be negative")
        self._type = name
        self._index = int(number) if number else index

    @property
    def type(self) -> str:
        """The kind of device, such as "cpu"."""
        return self._type

    @property
    def index(self) -> int | None:
        """Which one of its kind it is; None for the one that is in use."""
        return self._index

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (str(self),)


def _wrong_arguments(given: tuple[object, ...]) -> str:
    if len(given) == 2 and given[1] is None:
        given = given[:1]
    elif len(given) == 2 and isinstance(given[0], str):
        return f"device(): argument 'index' (position 2) must be int, not {type(given[1]).__name__}"
    kinds = ", ".join(type(each).__name__ for each in given)
    mismatch = f"      didn't match because some of the arguments have invalid types: (!{kinds}!)\n"
    return (
        f"device() received an invalid combination of arguments - got ({kinds}), but expected one of:\n"
        f" * (torch.device device)\n{mismatch if len(given) == 1 else ''} * (str type, int index = -1)\n"
    )


CPU = device("cpu")


def available(target: str | int | device) -> device:
    """Return the device if tensors can be there.

    Raises:
        AssertionError: it is a CUDA or XPU device: there is no backend for them.
        RuntimeError: it is of another kind, or unknown.
    """
    chosen = device(target)  # It says what is wrong with a number.
    if chosen.type == "cuda":
        raise AssertionError(NO_CUDA)
    if chosen.type == "xpu":
        raise AssertionError("Torch not compiled with XPU enabled")
    if chosen.type != "cpu":
        raise RuntimeError(f"PyTorch is not linked with support for {chosen.type} devices")
    return chosen


def set_default_device(device: str | device | None) -> None:
    """Put tensors that are made from now on onto a device: the CPU, which is where they are anyway.

    Raises:
        AssertionError: it is a CUDA or XPU device: there is no backend for them.
        RuntimeError: it is of another kind, or unknown.

    Examples:
        >>> torch.set_default_device("cpu")
        >>> torch.get_default_device()
        device(type='cpu')
    """
    if device is not None:
        available(device)


def get_default_device() -> device:
    """Return the device of tensors that are made without one.

    Examples:
        >>> torch.get_default_device()
        device(type='cpu')
    """
    return CPU
