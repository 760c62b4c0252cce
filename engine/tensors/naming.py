"""How error messages name what they were given, and the checks of arguments that need it."""

from __future__ import annotations

import functools
import inspect
import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from nnkit.tensors.tensor import Tensor

Given = ParamSpec("Given")
Result = TypeVar("Result")


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


def require_bool(function: str, argument: str, position: int, value: object) -> None:
    """Check an argument that is yes or no.

    Raises:
        TypeError: `value` is no bool.
    """
    if not isinstance(value, bool):
        raise TypeError(
            f"{function}(): argument '{argument}' (position {position}) must be bool, not {typename(type(value))}"
        )


def told_by_position(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Return a function whose errors about types have a position where an argument was given by position only."""
    names = list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def told(*args: Given.args, **options: Given.kwargs) -> Result:
        try:
            return function(*args, **options)
        except TypeError as error:
            found = re.fullmatch(r"(\w+\(\): argument '(\w+)')(?: \(position \d+\))?( must be .*)", str(error))
            if found is None:
                raise
            position = names.index(found[2]) + 1
            place = f" (position {position})" if position <= len(args) else ""
            raise TypeError(f"{found[1]}{place}{found[3]}") from None

    return told


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
            if position:
                raise TypeError(
                    f"{described.partition(' (position')[0]} failed to unpack the object at pos {position + 1} with "
                    f'error "type must be tuple of ints,but got {typename(type(number))}"'
                )
            found = f", but found element of type {typename(number)} at pos {position}"
            raise TypeError(f"{described} must be tuple of ints{found if several else f', not {typename(value)}'}")
    return [operator.index(number) for number in numbers]
