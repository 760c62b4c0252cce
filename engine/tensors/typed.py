"""PyTorch's old classes of tensors, one for each element type."""

from __future__ import annotations

from typing import Any

from nnkit import dtypes
from nnkit.tensors.legacy import legacy_array
from nnkit.tensors.tensor import Tensor


class _TypedTensor(type):
    """A class without instances of its own: it makes tensors of a type, and those are taken for its instances."""

    kind: dtypes.dtype

    def __call__(cls, *data: Any, **options: Any) -> Tensor:
        return Tensor.detached(legacy_array(data, options, cls.kind))

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Tensor) and value.dtype is cls.kind

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _typed(kind: dtypes.dtype) -> _TypedTensor:
    name = f"{kind.label}Tensor"
    text = f"""The old class of {kind.name} tensors, made from numbers in a list or from sizes.

    Examples:
        >>> torch.{name}([1, 0]).dtype
        torch.{kind.name}
        >>> isinstance(torch.zeros(2, dtype=torch.{kind.name}), torch.{name})
        True
    """
    return _TypedTensor(name, (), {"kind": kind, "__doc__": text, "__module__": "nnkit"})


BoolTensor = _typed(dtypes.bool_)
ByteTensor = _typed(dtypes.uint8)
CharTensor = _typed(dtypes.int8)
DoubleTensor = _typed(dtypes.float64)
FloatTensor = _typed(dtypes.float32)
HalfTensor = _typed(dtypes.float16)
IntTensor = _typed(dtypes.int32)
LongTensor = _typed(dtypes.int64)
ShortTensor = _typed(dtypes.int16)
