"""Tensor methods that make new tensors in the type of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit.dtypes import Scalar, dtype, of_array
from nnkit.recording import note_constant
from nnkit.tensors.base import TensorBase
from nnkit.tensors.filling import filled
from nnkit.tensors.nesting import nested, warn_of_copy
from nnkit.tensors.shaping import sizes

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


class Making(TensorBase):
    """New tensors, of this tensor's type where no other is given."""

    def new_zeros(self, *size: Any, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
        """Return zeros.

        Examples:
            >>> torch.ones(1, dtype=torch.int64).new_zeros(2)
            tensor([0, 0])
        """
        return self.new_full(sizes(size), 0, dtype=dtype, requires_grad=requires_grad)

    def new_ones(self, *size: Any, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
        """Return ones.

        Examples:
            >>> torch.zeros(1, dtype=torch.int64).new_ones(2)
            tensor([1, 1])
        """
        return self.new_full(sizes(size), 1, dtype=dtype, requires_grad=requires_grad)

    def new_empty(self, *size: Any, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
        """Return values that are to be written; here they are zeros.

        Examples:
            >>> torch.zeros(1).new_empty(2, 3).shape
            torch.Size([2, 3])
        """
        return self.new_full(sizes(size), 0, dtype=dtype, requires_grad=requires_grad)

    def new_full(
        self, size: Any, fill_value: Scalar, dtype: dtype | None = None, requires_grad: bool = False
    ) -> Tensor:
        """Return one value everywhere.

        Examples:
            >>> torch.zeros(1).new_full((2,), 7)
            tensor([7., 7.])
        """
        kind = self.array.dtype if dtype is None else dtype.numpy
        made = self.detached(filled(sizes((tuple(size),)), fill_value, kind))
        note_constant(made)
        return made.requires_grad_(requires_grad)

    def new_tensor(self, data: Any, dtype: dtype | None = None, requires_grad: bool = False) -> Tensor:
        """Return a tensor of numbers.

        Examples:
            >>> torch.zeros(1).new_tensor([1, 2])
            tensor([1., 2.])
        """
        if isinstance(data, TensorBase):
            warn_of_copy("tensor.new_tensor(sourceTensor)")
        kind = of_array(self.array) if dtype is None else dtype
        values = data.array if isinstance(data, TensorBase) else nested(data, kind)
        made = self.detached(np.array(values, kind.numpy))
        return made.requires_grad_(requires_grad)
