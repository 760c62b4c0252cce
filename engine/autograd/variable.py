"""The old name of tensors."""

from __future__ import annotations

from nnkit.tensors import Tensor


class _VariableType(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableType):
    """The old name of a tensor that takes part in differentiation; today every tensor does.

    `Variable(data, requires_grad=False)` is a tensor that shares the values of `data`, or a TypeError if that is none.

    Examples:
        >>> torch.autograd.Variable(torch.ones(2), requires_grad=True)
        tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Tensor, requires_grad: bool = False) -> Tensor:  # type: ignore[misc]
        """Return a tensor that shares the values of `data`."""
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)
