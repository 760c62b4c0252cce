"""Copies of tensors by Python's `copy`, and why there are none by `pickle`."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from nnkit.tensors.differentiation import Differentiation

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


class Copying(Differentiation):
    """What `copy.copy`, `copy.deepcopy` and `pickle` ask of a tensor."""

    def __copy__(self) -> Tensor:
        # Without `__reduce_ex__`, which is what pickles are made of too.
        return self.detach().requires_grad_(self.requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Copying:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment.  If you were attempting to deepcopy a module, this may be because of a torch.nn.utils."
                "weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001"
            )
        twin = type(self)(self.array.copy(order="K"))
        twin.requires_grad = self.requires_grad
        twin._fresh = self._fresh
        memo[id(self)] = twin
        twin._grad = copy.deepcopy(self._grad, memo)
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            f"cannot pickle '{type(self).__name__}' object: whoever loads a pickle runs the code in it; keep tensors "
            "in a dictionary, such as a state_dict(), and save that with torch.save"
        )
