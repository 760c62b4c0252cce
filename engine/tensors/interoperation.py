"""Tensors for NumPy and for other libraries, without copying."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.recording import note_obstacle
from nnkit.tensors.base import TensorBase

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


class DLDeviceType(IntEnum):
    """The numbers of the kinds of devices in DLPack, of which there is one here.

    Examples:
        >>> torch.ones(2).__dlpack_device__()
        (<DLDeviceType.kDLCPU: 1>, 0)
    """

    kDLCPU = 1  # noqa: N815 (DLPack's name)


class Interoperation(TensorBase):
    """The methods that other libraries call, and those that give them the memory of a tensor."""

    # NumPy leaves `array + tensor` to the tensor.
    __array_priority__ = 1000

    def numpy(self, *, force: bool = False) -> Array:
        """Return an array that shares the memory of the tensor.

        Args:
            force: also where the tensor requires a gradient, which NumPy loses.

        Raises:
            RuntimeError: the tensor requires a gradient.

        Examples:
            >>> x = torch.zeros(2)
            >>> array = x.numpy()
            >>> array[0] = 5
            >>> x
            tensor([5., 0.])
        """
        if self.requires_grad and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        note_obstacle("numpy()")
        self._shared = True
        return self.array.view()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __array_wrap__(self, array: Array, context: Any = None, return_scalar: bool = False) -> Tensor:
        """Return what a function of NumPy made of this tensor as a tensor; of truth values, PyTorch makes uint8."""
        return self.detached(array.astype(np.uint8) if array.dtype == np.bool_ else array)

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        """Return a capsule with the memory of the tensor, which `from_dlpack` of other libraries asks for.

        Raises:
            BufferError: the tensor requires a gradient, or is wanted on another device.
            AssertionError: there is a stream, which the CPU does not have.
        """
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        if stream is not None:
            raise AssertionError("stream should be None on cpu.")
        self._shared = True
        return self.array.__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> tuple[DLDeviceType, int]:
        """Return the type and the number of the device, as DLPack has them."""
        return DLDeviceType.kDLCPU, 0
