"""What the families of tensor methods build on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnkit.kernels.layout import Array
from nnkit.ops import Operation

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


class TensorBase:
    """The part of a tensor that its methods need; `Tensor` puts the families together and fills this in."""

    array: Array

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed for this tensor."""
        raise NotImplementedError

    def apply(self, operation: type[Operation], *others: Any, **options: Any) -> Tensor:
        """Return the single result of an operation on this tensor and others, recorded on the tape."""
        raise NotImplementedError

    def apply_all(self, operation: type[Operation], *others: Any, **options: Any) -> tuple[Tensor, ...]:
        """Return all results of an operation on this tensor and others, recorded on the tape."""
        raise NotImplementedError

    def apply_in_place(self, operation: type[Operation], *others: Any, **options: Any) -> Tensor:
        """Replace this tensor's value by the result of an operation on it, and return the tensor."""
        raise NotImplementedError

    @staticmethod
    def detached(array: Any) -> Tensor:
        """Return a tensor of an array, through which no gradient flows."""
        raise NotImplementedError
