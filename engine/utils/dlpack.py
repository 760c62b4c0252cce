"""Tensors for other libraries and from them, by the old names of PyTorch's functions."""

from __future__ import annotations

from typing import Any

from nnkit.tensors import Tensor, from_dlpack
from nnkit.tensors.interoperation import DLDeviceType

__all__ = ["DLDeviceType", "from_dlpack", "to_dlpack"]


def to_dlpack(tensor: Tensor) -> Any:
    """Return a capsule with the memory of a tensor, through which no gradient flows.

    Examples:
        >>> torch.from_dlpack(torch.utils.dlpack.to_dlpack(torch.ones(2)))
        tensor([1., 1.])
    """
    return tensor.detach().__dlpack__()
