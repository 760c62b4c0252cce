"""How error messages name what they were given, and the checks of arguments that need it."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from nnkit.tensors.tensor import Tensor


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
            f"{function}(): argument '{argument}' (position {position}) must be Tensor, not {typename(type(value))}"
        )


def integers(described: str, value: object) -> list[int]:
    """Return an option as integers: one, or as many as are in a sequence.

    Args:
        described: how messages call the argument, such as "pad(): argument 'pad' (position 2)".
        value: what was given; NumPy's integers are integers as well.

    Raises:
        TypeError: something in it is no integer.
    """
    if type(value) is int:
        return [value]
    # Asking for any sequence takes as long as all of the rest.
    several = isinstance(value, tuple) or (isinstance(value, Sequence) and not isinstance(value, str))
    numbers: list[Any] = list(value) if isinstance(value, Sequence) and several else [value]
    for position, number in enumerate(numbers):
        if not hasattr(number, "__index__"):
            found = f", but found element of type {typename(number)} at pos {position}"
            raise TypeError(f"{described} must be tuple of ints{found if several else f', not {typename(value)}'}")
    return [operator.index(number) for number in numbers]
