"""Tensor methods that are called like element types."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from nnkit import dtypes
from nnkit.devices import available
from nnkit.tensors.base import TensorBase

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


def destination(
    targets: tuple[Any, ...], dtype: Any, device: Any, copy: Any
) -> tuple[dtypes.dtype | None, builtins.bool]:
    """Return the element type that arguments of `to` ask for, and whether they want a copy in any case.

    Raises:
        AssertionError: they ask for a device that there is not.
        TypeError: they are none of `to`.
    """
    rest = list(targets)
    if rest and isinstance(rest[0], TensorBase):
        dtype = dtypes.of_array(rest.pop(0).array)
    elif rest and not _is_kind(rest[0]):
        device = rest.pop(0)
    if rest and _is_kind(rest[0]):
        dtype = rest.pop(0)
    if len(rest) > 1:
        copy = rest.pop()
    if (dtype is not None and not _is_kind(dtype)) or any(type(flag) is not bool for flag in (*rest, copy)):
        raise TypeError("neither a type nor a device")
    if device is not None:
        available(device)
    return dtypes.OF_PYTHON.get(dtype, dtype), copy


def _is_kind(target: Any) -> builtins.bool:
    return isinstance(target, dtypes.dtype) or (isinstance(target, type) and target in dtypes.OF_PYTHON)


class Converting(TensorBase):
    """The same elements in another type."""

    def to(self, *targets: Any, **options: Any) -> Tensor:
        """See `Tensor.to`."""
        raise NotImplementedError

    def float(self) -> Tensor:
        """Return the tensor as float32.

        Examples:
            >>> torch.tensor([1, 0]).float().dtype
            torch.float32
        """
        return self.to(dtypes.float32)

    def double(self) -> Tensor:
        """Return the tensor as float64.

        Examples:
            >>> torch.tensor([1, 0]).double().dtype
            torch.float64
        """
        return self.to(dtypes.float64)

    def half(self) -> Tensor:
        """Return the tensor as float16.

        Examples:
            >>> torch.tensor([1, 0]).half().dtype
            torch.float16
        """
        return self.to(dtypes.float16)

    def short(self) -> Tensor:
        """Return the tensor as int16.

        Examples:
            >>> torch.tensor([1, 0]).short().dtype
            torch.int16
        """
        return self.to(dtypes.int16)

    def byte(self) -> Tensor:
        """Return the tensor as uint8.

        Examples:
            >>> torch.tensor([1, 0]).byte().dtype
            torch.uint8
        """
        return self.to(dtypes.uint8)

    def char(self) -> Tensor:
        """Return the tensor as int8.

        Examples:
            >>> torch.tensor([1, 0]).char().dtype
            torch.int8
        """
        return self.to(dtypes.int8)

    def long(self) -> Tensor:
        """Return the tensor as int64.

        Examples:
            >>> torch.tensor([1, 0]).long().dtype
            torch.int64
        """
        return self.to(dtypes.int64)

    def int(self) -> Tensor:
        """Return the tensor as int32.

        Examples:
            >>> torch.tensor([1, 0]).int().dtype
            torch.int32
        """
        return self.to(dtypes.int32)

    def bool(self) -> Tensor:
        """Return the tensor as bool.

        Examples:
            >>> torch.tensor([1, 0]).bool().dtype
            torch.bool
        """
        return self.to(dtypes.bool_)

    def type(self, kind: Any = None) -> Any:
        """Return the name of PyTorch's class of such tensors, or this tensor as another element type.

        Args:
            kind: an element type, or one of the old classes of tensors or its name.

        Raises:
            ValueError: there is no such class.

        Examples:
            >>> torch.ones(2).type()
            'torch.FloatTensor'
        """
        if kind is None:
            return f"torch.{dtypes.of_array(self.array).label}Tensor"
        if isinstance(kind, str):
            classes = {f"torch.{label}Tensor": element for element, label in dtypes.LABELS.items()}
            if kind not in classes:
                raise ValueError(f"invalid type: '{kind}'")
            return self.to(classes[kind])
        return self.to(getattr(kind, "kind", kind))
