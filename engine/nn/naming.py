"""How error messages name the type of what they were given."""

from __future__ import annotations

from nnkit.tensors import Tensor


def typename(value: object) -> str:
    """Return the name that messages use: `torch.FloatTensor` for a tensor, `int`, or a full dotted name."""
    if isinstance(value, Tensor):
        return str(value.type())
    described = value if hasattr(value, "__qualname__") else type(value)
    module = getattr(described, "__module__", None)
    name = str(getattr(described, "__qualname__", type(value).__qualname__))
    return name if module in (None, "", "builtins") else f"{module}.{name}"


def require_tensor(function: str, argument: str, position: int, value: object) -> None:
    """Check one argument of a function in `nnkit.nn.functional`.

    Raises:
        TypeError: `value` is not a Tensor.
    """
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{function}(): argument '{argument}' (position {position}) must be Tensor, not {typename(value)}"
        )
