"""Tensors that a module registers when they are set as its attributes."""

from __future__ import annotations

from typing import Any

from nnkit.tensors import Tensor, empty
from nnkit.tensors.naming import typename


class Parameter(Tensor):
    """A tensor that is trained: set as an attribute of a module, it is among `module.parameters()`.

    Args:
        data: its values, shared and not copied; nothing when omitted.
        requires_grad: whether gradients are computed for it.

    Raises:
        RuntimeError: `requires_grad` with values that are not floating-point.

    Examples:
        >>> nn.Parameter(torch.ones(2))
        Parameter containing:
        tensor([1., 1.], requires_grad=True)
    """

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        values = empty(0) if data is None else data.detach()
        if not isinstance(requires_grad, bool):
            raise TypeError(
                f"_make_subclass(): argument 'require_grad' (position 3) must be bool, not {typename(requires_grad)}"
            )
        if requires_grad and not values.is_floating_point():
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        self.array, self.version = values.array, values.version
        self.requires_grad = requires_grad

    def __copy__(self) -> Parameter:
        return type(self)(self.data, self.requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        twin = type(self)(self.data.clone(), self.requires_grad)
        memo[id(self)] = twin  # without the gradient, as in PyTorch
        return twin

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that belongs to a module's state but is not trained.

    Args:
        data: its values, shared and not copied; nothing when omitted.
        persistent: whether `state_dict` has it.

    Examples:
        >>> layer = nn.Identity()
        >>> layer.mean = nn.Buffer(torch.zeros(2))
        >>> list(layer.state_dict())
        ['mean']
    """

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        values = empty(0) if data is None else data.detach()
        self.array, self.version = values.array, values.version
        self.persistent = persistent

    def __copy__(self) -> Buffer:
        return type(self)(self.data, persistent=self.persistent)

    def __deepcopy__(self, memo: dict[int, Any]) -> Buffer:
        twin = type(self)(self.data.clone(), persistent=self.persistent)
        memo[id(self)] = twin
        return twin
