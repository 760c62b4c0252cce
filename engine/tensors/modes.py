"""Turning the recording of operations on and off."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from nnkit.tape import set_recording

Function = TypeVar("Function", bound=Callable[..., Any])


class _Mode:
    """Recording, on or off for the length of a `with` block or of a decorated function."""

    enabled = False

    def __enter__(self) -> None:
        self._before = set_recording(self.enabled)

    def __exit__(self, *exception: object) -> None:
        set_recording(self._before)

    def __call__(self, function: Function) -> Function:
        """Decorate a function; the steps of a generator run in the mode, and what happens between them does not."""

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self.again():
                return function(*args, **kwargs)

        @functools.wraps(function)
        def stepwise(*args: Any, **kwargs: Any) -> Any:
            generator, sent = function(*args, **kwargs), None
            while True:
                try:
                    with self.again():
                        item = generator.send(sent)
                except StopIteration as stop:
                    return stop.value
                sent = yield item

        return stepwise if inspect.isgeneratorfunction(function) else inside  # type: ignore[return-value]

    def again(self) -> _Mode:
        """Return a mode like this one for another block, so that a decorated function may call itself."""
        return type(self)()


class _PlainMode(_Mode):
    """A mode that decorates with or without parentheses."""

    def __new__(cls, function: Any = None) -> Any:
        """Return the mode, or at once the function that it decorates."""
        mode = super().__new__(cls)
        return mode if function is None else mode(function)


class no_grad(_PlainMode):  # noqa: N801 (PyTorch's name)
    """Record nothing: results require no gradient."""


class enable_grad(_PlainMode):  # noqa: N801 (PyTorch's name)
    """Record, also inside of `no_grad`."""

    enabled = True


class set_grad_enabled(_Mode):  # noqa: N801 (PyTorch's name)
    """Record or not from here on; as a `with` block, until its end."""

    def __init__(self, mode: bool) -> None:
        self.enabled = mode
        self._before = set_recording(mode)

    def __enter__(self) -> None:
        set_recording(self.enabled)

    def __call__(self, function: Function) -> Function:
        """Decorate a function."""
        set_recording(self._before)  # as a decorator it does nothing until the function is called
        return super().__call__(function)

    def again(self) -> _Mode:
        """See `_Mode.again`."""
        return enable_grad() if self.enabled else no_grad()

    def __repr__(self) -> str:
        return f"torch.autograd.grad_mode.set_grad_enabled(mode={self.enabled})"
