"""What becomes of a call that failed: PyTorch's words for what was wrong with it, or another spelling of it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from nnkit.dtypes import OF_PYTHON
from nnkit.tensors.declarations import declared_methods, function_forms, has_older_forms, method_forms
from nnkit.tensors.forms import Form, refuse

Result = TypeVar("Result")
Class = TypeVar("Class", bound=type)
# What Python and NumPy raise when they are given what they do not know.
FAILURES = (TypeError, AttributeError, ValueError)


def explained(function: Callable[..., Result], name: str | None = None) -> Callable[..., Result]:
    """Return a function that raises PyTorch's TypeError where it fails because of what it was given.

    A call that succeeds is not looked at. One that failed is compared with the declarations; if it is right by them it
    may be spelled in another way, such as `axis` for `dim`, and is tried again.

    Args:
        function: what is called.
        name: how it is declared, where that is not its own name.
    """
    declared = name or function.__name__

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Result:
        try:
            return function(*args, **options)
        except FAILURES:
            spelled = otherwise(function, declared, function_forms(declared), args, options)
            if spelled is None:
                raise
        return function(*spelled[0], **spelled[1])

    call.__name__ = declared
    return call


def with_explained_methods(tensor: Class) -> Class:
    """Let the methods of tensors that are declared be `explained`, and all of them be told as the tensor's own."""
    for base in tensor.__mro__:
        for function in filter(inspect.isfunction, vars(base).values()):
            function.__qualname__ = f"{tensor.__name__}.{function.__name__}"
    for declared in declared_methods():
        for name in (declared, f"{declared}_"):
            method = getattr(tensor, name, None)
            if method is not None:
                setattr(tensor, name, _explained_method(method, name))
    return tensor


def _explained_method(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        try:
            return method(self, *args, **options)
        except FAILURES:
            spelled = otherwise(method, name, method_forms(name), args, options)
            if spelled is None:
                raise
        return method(self, *spelled[0], **spelled[1])

    # Other names of a method are those of its messages, too.
    call.__name__ = name
    return call


def otherwise(
    function: Callable[..., Any], name: str, forms: Sequence[Form], args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Return arguments as `function` knows them, or None where they are spelled as it knows them.

    Raises:
        TypeError: they are none that PyTorch takes.
    """
    if not forms:
        return None
    refuse(name, forms, args, options, older=has_older_forms(name))
    names = {key: argument.name for form in forms for argument in form.arguments if (key := argument.given(options))}
    spelled = {
        names.get(key, key): OF_PYTHON.get(value, value) if key == "dtype" else value for key, value in options.items()
    }
    # A function of several sizes in Python has them by position only.
    kinds = [each.kind for each in inspect.signature(function).parameters.values()]
    sizes = forms[-1].sizes()
    if sizes in spelled and inspect.Parameter.VAR_POSITIONAL in kinds:
        args = (*args, spelled.pop(sizes))
    elif spelled == options:
        return None
    return args, spelled
