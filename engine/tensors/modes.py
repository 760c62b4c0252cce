"""Turning the recording of operations on and off."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from nnkit.tape import is_grad_enabled, is_inference_mode_enabled, set_inference, set_recording

Function = TypeVar("Function", bound=Callable[..., Any])


class _Mode:
    """A mode for the length of a `with` block or of a decorated function."""

    def __enter__(self) -> None:
        raise NotImplementedError

    def __exit__(self, *exception: object) -> None:
        raise NotImplementedError

    def __init_subclass__(cls) -> None:
        # The public home of all modes, which is what `type(mode)` shows.
        cls.__module__ = "nnkit.autograd.grad_mode"

    def clone(self) -> _Mode:
        """Return a mode like this one for another block, so that a decorated function may call itself."""
        return type(self)()

    def __call__(self, function: Function) -> Function:
        """Decorate a function; the steps of a generator run in the mode, and what happens between them does not."""
        if inspect.isclass(function):
            warnings.warn(
                "Decorating classes is deprecated and will be disabled in future versions. You should only decorate "
                "functions or methods. To preserve the current behavior of class decoration, you can directly decorate "
                "the `__init__` method and nothing else.",
                FutureWarning,
                stacklevel=2,
            )

        @functools.wraps(function, updated=() if inspect.isclass(function) else ("__dict__",))
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        @functools.wraps(function)
        def stepwise(*args: Any, **kwargs: Any) -> Any:
            return (yield from self._stepping(function(*args, **kwargs)))

        return stepwise if inspect.isgeneratorfunction(function) else inside  # type: ignore[return-value]

    def _stepping(self, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Run the steps of a generator in the mode, and hand over what is sent to it and thrown into it."""
        resume: Callable[[], Any] = functools.partial(next, generator)
        try:
            while True:
                with self.clone():
                    item = resume()
                try:
                    sent = yield item
                    resume = functools.partial(generator.send, sent)
                except GeneratorExit:
                    with self.clone():
                        generator.close()
                    raise
                except BaseException as error:
                    resume = functools.partial(generator.throw, error)
        except StopIteration as stop:
            return stop.value


class _PlainMode(_Mode):
    """A mode that decorates with or without parentheses, and turns recording on or off."""

    enabled = False

    def __new__(cls, function: Any = None) -> Any:
        """Return the mode, or at once the function that it decorates."""
        mode = super().__new__(cls)
        return mode if function is None else mode(function)

    def __enter__(self) -> None:
        self._before = set_recording(self.enabled)

    def __exit__(self, *exception: object) -> None:
        set_recording(self._before)


class no_grad(_PlainMode):  # noqa: N801 (PyTorch's name)
    """Record nothing: results require no gradient. A context manager, and a decorator of functions and generators.

    Example:
        >>> x = torch.ones(2, requires_grad=True)
        >>> with torch.no_grad():
        ...     (x * 2).requires_grad
        False
        >>> @torch.no_grad()
        ... def doubled(x):
        ...     return x * 2
        >>> doubled(x)
        tensor([2., 2.])
    """


class enable_grad(_PlainMode):  # noqa: N801 (PyTorch's name)
    """Record, also inside of `no_grad`. A context manager, and a decorator of functions and generators.

    Example:
        >>> x = torch.ones(2, requires_grad=True)
        >>> with torch.no_grad(), torch.enable_grad():
        ...     (x * 2).requires_grad
        True
    """

    enabled = True


class set_grad_enabled(_Mode):  # noqa: N801 (PyTorch's name)
    """Record or not from here on; as a `with` block, until its end; as a decorator, in the function.

    Args:
        mode: whether to record.

    Raises:
        TypeError: `mode` is no bool.

    Example:
        >>> is_train = False
        >>> x = torch.ones(2, requires_grad=True)
        >>> with torch.set_grad_enabled(is_train):
        ...     (x * 2).requires_grad
        False
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            kind = type(mode).__name__
            raise TypeError(f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {kind}")
        self.mode = mode
        self._before = set_recording(mode)

    def __enter__(self) -> None:
        set_recording(self.mode)

    def __exit__(self, *exception: object) -> None:
        set_recording(self._before)

    def __call__(self, function: Function) -> Function:
        """Decorate a function; there it takes effect, and not here."""
        set_recording(self._before)
        return super().__call__(function)

    def clone(self) -> _Mode:
        """See `_Mode.clone`."""
        return type(self)(self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}(mode={self.mode})"


class inference_mode(_Mode):  # noqa: N801 (PyTorch's name)
    """Record nothing, and make tensors that never can be part of a backward pass: they count no changes in place.

    A context manager, and a decorator of functions and generators. Such tensors cannot be saved for backward nor
    changed in place outside of the mode; their clones can.

    Args:
        mode: whether the mode is on.

    Example:
        >>> x = torch.ones(2, requires_grad=True)
        >>> with torch.inference_mode():
        ...     y = x * 2
        >>> y.is_inference()
        True
        >>> y.add_(1)
        Traceback (most recent call last):
            ...
        RuntimeError: Inplace update to inference tensor outside InferenceMode is not allowed...
    """

    def __new__(cls, mode: Any = True) -> Any:
        """Return the mode, or at once the function that it decorates."""
        return cls()(mode) if callable(mode) else super().__new__(cls)

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        self._before = (is_inference_mode_enabled(), is_grad_enabled())
        set_inference(self.mode)
        set_recording(not self.mode)

    def __exit__(self, *exception: object) -> None:
        inference, grad = self._before
        set_inference(inference)
        set_recording(grad)

    def clone(self) -> _Mode:
        """See `_Mode.clone`."""
        return type(self)(self.mode)
