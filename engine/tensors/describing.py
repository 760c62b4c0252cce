"""What a tensor is: its shape, its type, and where its elements are."""

from __future__ import annotations

import builtins
import math
from typing import Any, cast

from nnkit import dtypes
from nnkit.devices import CPU, device
from nnkit.ops.operation import wrap_dim
from nnkit.tensors.base import TensorBase
from nnkit.tensors.size import Size
from nnkit.tensors.views import Origin


class Describing(TensorBase):
    """Sizes, strides, types and addresses."""

    # Whether a kernel chose where the elements lie.
    _fresh: bool
    # Whose memory it shares.
    _origin: Origin | None

    @property
    def shape(self) -> Size:
        """The size of each dimension.

        Examples:
            >>> torch.ones(2, 3).shape
            torch.Size([2, 3])
        """
        # Without the checks of `Size`: these are numbers.
        return tuple.__new__(Size, self.array.shape)

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or the size of one dimension.

        Examples:
            >>> torch.ones(2, 3).size(), torch.ones(2, 3).size(1)
            (torch.Size([2, 3]), 3)
        """
        if dim is None:
            return self.shape
        if self.array.ndim == 0:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        return self.array.shape[wrap_dim(dim, self.array.ndim)]

    @property
    def ndim(self) -> builtins.int:
        """The number of dimensions.

        Examples:
            >>> torch.ones(2, 3).ndim
            2
        """
        return self.array.ndim

    def dim(self) -> builtins.int:
        """Return the number of dimensions.

        Examples:
            >>> torch.ones(2, 3).dim()
            2
        """
        return self.array.ndim

    def numel(self) -> builtins.int:
        """Return the number of elements.

        Examples:
            >>> torch.ones(2, 3).numel()
            6
        """
        return self.array.size

    nelement = numel

    def stride(self, dim: int | None = None) -> Any:
        """Return the distance between neighbours along each dimension, in elements.

        Examples:
            >>> torch.ones(2, 3).stride(), torch.ones(2, 3).t().stride()
            ((3, 1), (1, 3))
        """
        strides = tuple(step // self.array.itemsize for step in self.array.strides)
        if self.is_contiguous():
            strides = tuple(math.prod(self.array.shape[i + 1 :]) for i in range(self.array.ndim))
        return strides if dim is None else strides[wrap_dim(dim, self.array.ndim)]

    def is_contiguous(self) -> builtins.bool:
        """Return whether the elements lie one after the other, or a kernel chose where they lie.

        Examples:
            >>> torch.ones(2, 3).is_contiguous(), torch.ones(2, 3).t().is_contiguous()
            (True, False)
        """
        return self._fresh or self.array.flags.c_contiguous

    def storage_offset(self) -> builtins.int:
        """Return how many elements lie before the first one in the memory that views share.

        Examples:
            >>> torch.arange(6)[2:].storage_offset()
            2
        """
        if self._origin is None:
            return 0
        return (self.data_ptr() - self._origin.base.data_ptr()) // self.array.itemsize

    @property
    def layout(self) -> dtypes.Layout:
        """How elements are stored: always with strides.

        Examples:
            >>> torch.ones(2).layout
            torch.strided
        """
        return dtypes.strided

    @property
    def itemsize(self) -> builtins.int:
        """The number of bytes of an element.

        Examples:
            >>> torch.ones(2, dtype=torch.float64).itemsize
            8
        """
        return self.array.itemsize

    @property
    def nbytes(self) -> builtins.int:
        """The number of bytes of all elements.

        Examples:
            >>> torch.ones(2, 3).nbytes
            24
        """
        return self.array.nbytes

    def element_size(self) -> builtins.int:
        """Return the number of bytes of an element.

        Examples:
            >>> torch.ones(2, dtype=torch.float64).element_size()
            8
        """
        return self.array.itemsize

    def data_ptr(self) -> builtins.int:
        """Return the address of the first element.

        Examples:
            >>> x = torch.zeros(4)
            >>> x[1:].data_ptr() - x.data_ptr()
            4
        """
        return cast(int, self.array.__array_interface__["data"][0])

    @property
    def dtype(self) -> dtypes.dtype:
        """The type of the elements.

        Examples:
            >>> torch.tensor([1, 2]).dtype
            torch.int64
        """
        return dtypes.of_array(self.array)

    @property
    def device(self) -> device:
        """Where the elements are.

        Examples:
            >>> torch.ones(2).device
            device(type='cpu')
        """
        return CPU

    def is_floating_point(self) -> builtins.bool:
        """Return whether the elements have a fraction.

        Examples:
            >>> torch.ones(2).is_floating_point(), torch.tensor(1).is_floating_point()
            (True, False)
        """
        return self.array.dtype.kind == "f"
