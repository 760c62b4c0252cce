"""How a method of tensors becomes a function: `nnkit.exp(x)` beside `x.exp()`."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from nnkit.dtypes import can_cast
from nnkit.tape import is_grad_enabled
from nnkit.tensors.creation import tensor
from nnkit.tensors.explaining import explained
from nnkit.tensors.naming import require_tensor
from nnkit.tensors.tensor import Tensor

Result = TypeVar("Result")


def as_function(
    method: Callable[..., Result], *, of_numbers: bool = False, in_sequence: bool = False, told: str | None = None
) -> Callable[..., Result]:
    """Return a method of tensors as a function, which may be told `input` by name and to write into `out`.

    Args:
        method: what is called with `input` first.
        of_numbers: whether `input` may be a number, too.
        in_sequence: whether numbers that the method takes one by one come in a list or tuple only.
        told: what messages call the function where that is not its name.
    """
    name = method.__name__
    run = inspect.unwrap(method)

    def function(*args: Any, out: Tensor | None = None, **options: Any) -> Result:
        if "input" in options:
            args = (options.pop("input"), *args)
        if args and not isinstance(args[0], Tensor):
            if not (of_numbers and isinstance(args[0], bool | int | float)):
                require_tensor(told or name, "input", 1, args[0])
            args = (tensor(args[0]), *args[1:])
        if in_sequence and len(args) > 1 and not (len(args) == 2 and isinstance(args[1], list | tuple)):
            raise TypeError("no sequence")
        result = run(*args, **options)
        if out is not None:
            _write(out, result, name)
            return out  # type: ignore[return-value]  # a method with `out` returns a tensor
        return result

    return functools.wraps(method)(explained(function, name))


def _write(out: Tensor, result: Any, name: str) -> None:
    """Write a result into a tensor that was made before, which takes its shape.

    Raises:
        TypeError: it is not a tensor.
        RuntimeError: gradients are wanted, or the type of the elements does not fit.
    """
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if is_grad_enabled() and (out.requires_grad or result.requires_grad):
        which = "one of the arguments requires grad"
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but {which}."
        )
    if not can_cast(result.dtype, out.dtype):
        raise RuntimeError(
            f"result type {result.dtype.label} can't be cast to the desired output type {out.dtype.label}"
        )
    if out.shape != result.shape:
        if out.numel():
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out.shape)}, which does not "
                f"match the required output shape {list(result.shape)}. This behavior is deprecated, and in a future "
                "PyTorch release outputs will not be resized unless they have zero elements. You can explicitly reuse "
                "an out tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
                UserWarning,
                stacklevel=3,
            )
        out.array = out.new_empty(result.shape).array
    out.copy_(result)
