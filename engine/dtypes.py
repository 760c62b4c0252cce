"""Element types, and which type a calculation with several of them has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from nnkit.kernels.layout import Array

_Bool = bool
Scalar = _Bool | int | float


class dtype:  # noqa: N801 (PyTorch's name)
    """An element type such as `nnkit.float32`; there is one object of each.

    Examples:
        >>> torch.float64, torch.float64.itemsize
        (torch.float64, 8)
    """

    def __init__(self, name: str, label: str, numpy_type: npt.DTypeLike) -> None:
        self.name = name
        self.label = label
        self.numpy = np.dtype(numpy_type)

    @property
    def is_floating_point(self) -> bool:
        """Whether elements of this type have a fraction, and so can have gradients."""
        return self.numpy.kind == "f"

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.numpy.itemsize

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return "bool_" if self.name == "bool" else self.name


float16 = dtype("float16", "Half", np.float16)
float32 = dtype("float32", "Float", np.float32)
float64 = dtype("float64", "Double", np.float64)
int64 = dtype("int64", "Long", np.int64)
int32 = dtype("int32", "Int", np.int32)
int16 = dtype("int16", "Short", np.int16)
int8 = dtype("int8", "Char", np.int8)
uint8 = dtype("uint8", "Byte", np.uint8)
bool_ = dtype("bool", "Bool", np.bool_)


class Layout:
    """How the elements of a tensor are stored."""

    def __repr__(self) -> str:
        return "torch.strided"


strided = Layout()

# Python's types, which are taken for element types.
OF_PYTHON: dict[Any, dtype] = {float: float64, int: int64, _Bool: bool_}
_OF_NUMPY = {each.numpy: each for each in (float64, float32, float16, int64, int32, int16, int8, uint8, bool_)}

LABELS = {each: each.label for each in _OF_NUMPY.values()}
# What C++ calls each type: some of PyTorch's messages use these names.
C_NAMES = {
    float16: "c10::Half",
    float32: "float",
    float64: "double",
    int64: "long int",
    int32: "int",
    int16: "short int",
    int8: "signed char",
    uint8: "unsigned char",
    bool_: "bool",
}


def of_array(array: Array) -> dtype:
    """Return the element type of a NumPy array.

    Raises:
        TypeError: there is no such element type here.
    """
    found = _OF_NUMPY.get(array.dtype)
    if found is None:
        names = [each.name for each in _OF_NUMPY.values()]
        raise TypeError(
            f"can't convert np.ndarray of type {array.dtype.type.__module__}.{array.dtype.type.__name__}. "
            f"The only supported types are: {', '.join(names[:-1])}, and {names[-1]}."
        )
    return found


def get_default_dtype() -> dtype:
    """Return the element type of numbers with a fraction where no other is given.

    Examples:
        >>> torch.get_default_dtype()
        torch.float32
    """
    return float32


def of_scalar(value: Scalar) -> dtype:
    """Return the type that a Python number has by itself: bool, int64 or float32.

    Raises:
        OverflowError: it is a whole number that int64 does not hold.
    """
    if isinstance(value, _Bool):
        return bool_
    if not isinstance(value, int):
        return float32
    if value.bit_length() > 63:
        raise OverflowError("int too big to convert")
    return int64


# What some of PyTorch's messages call types of whole numbers.
_STANDARD_NAMES = {"int32": "int", "int16": "int16_t", "int8": "int8_t", "uint8": "uint8_t", "int64": "int64_t"}


def element(value: Any, kind: np.dtype[Any]) -> Any:
    """Return a number as an element of a type; what has no sign counts backwards from its greatest number.

    Raises:
        OverflowError: it is a whole number that int64 does not hold.
        RuntimeError: it is one that the type does not hold.
    """
    if isinstance(value, int):
        of_scalar(value)
    try:
        return kind.type(value)
    except (OverflowError, ValueError):
        # NaN is a ValueError of Python's, and so is text.
        if isinstance(value, str | bytes):
            raise
        greatest = np.iinfo(kind).max
        if kind.kind == "u" and -greatest <= value < 0:
            return np.asarray(value).astype(kind)[()]
        name = _STANDARD_NAMES[kind.name]
        raise RuntimeError(f"value cannot be converted to type {name} without overflow") from None


def _category(numpy_type: np.dtype[Any]) -> int:
    return {"b": 0, "u": 1, "i": 1, "f": 2}[numpy_type.kind]


def common_type(operands: Iterable[Array | Scalar]) -> np.dtype[Any]:
    """Return the type in which numbers and arrays are combined, as `torch.result_type`.

    A 0-d array decides only over Python numbers, and an array with dimensions over both, unless the other
    is of a higher category (bool, integer, floating).
    """
    ranked: list[np.dtype[Any] | None] = [None, None, None]
    for operand in operands:
        if isinstance(operand, Scalar):
            rank, found = 2, of_scalar(operand).numpy
        else:
            rank, found = (0 if operand.ndim else 1), operand.dtype
        known = ranked[rank]
        ranked[rank] = found if known is None else _promote(known, found)
    result: np.dtype[Any] | None = None
    for found_or_none in ranked:
        if found_or_none is None:
            continue
        if result is None or _category(found_or_none) > _category(result):
            result = found_or_none
    if result is None:
        raise ValueError("result_type() needs at least one operand")
    return result


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """Return the smallest element type that holds what two types combined give.

    Examples:
        >>> torch.promote_types(torch.int64, torch.float32)
        torch.float32
        >>> torch.promote_types(torch.uint8, torch.int8)
        torch.int16
    """
    return _OF_NUMPY[_promote(type1.numpy, type2.numpy)]


def can_cast(from_: dtype, to: dtype) -> bool:
    """Return whether a result of one element type may be written to a tensor of another: no fraction may be lost.

    Examples:
        >>> torch.can_cast(torch.float64, torch.float32)
        True
        >>> torch.can_cast(torch.float32, torch.int64)
        False
    """
    if to is bool_:
        return from_ is bool_
    return _category(from_.numpy) <= _category(to.numpy)


class finfo:  # noqa: N801 (PyTorch's name)
    """What numbers a floating-point type can hold.

    Args:
        type: the element type.

    Attributes:
        bits: bits of a number.
        eps: the distance from 1 to the next number.
        max: the greatest number.
        min: the least number.
        tiny: the smallest positive number with all its digits.
        smallest_normal: the same.
        resolution: the precision in decimal digits, as a number.
        dtype: the name of the type.

    Raises:
        TypeError: the type is not floating-point.

    Examples:
        >>> torch.finfo(torch.float32).eps
        1.1920928955078125e-07
    """

    def __init__(self, type: dtype = float32) -> None:
        if not type.is_floating_point:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        known = np.finfo(type.numpy)
        self.bits = known.bits
        self.eps, self.max, self.min = float(known.eps), float(known.max), float(known.min)
        self.tiny = self.smallest_normal = float(known.tiny)
        self.resolution = float(f"1e-{known.precision}")
        self.dtype = type.name

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:  # noqa: N801 (PyTorch's name)
    """What numbers an integer type can hold.

    Args:
        type: the element type.

    Attributes:
        bits: bits of a number.
        max: the greatest number.
        min: the least number.
        dtype: the name of the type.

    Raises:
        TypeError: the type is not an integer type.

    Examples:
        >>> torch.iinfo(torch.int8).max
        127
    """

    def __init__(self, type: dtype) -> None:
        if type.is_floating_point:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        if type is bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        known = np.iinfo(type.numpy)
        self.bits, self.max, self.min = known.bits, known.max, known.min
        self.dtype = type.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def _promote(first: np.dtype[Any], second: np.dtype[Any]) -> np.dtype[Any]:
    if first == second:
        return first
    if _category(first) != _category(second):
        return first if _category(first) > _category(second) else second
    return np.promote_types(first, second)
