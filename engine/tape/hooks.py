"""Functions that users hang on the tape, and the handles that take them off again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array

Gradients = tuple["Array | None", ...]


class Recorded:
    """A gradient that is a tensor on the tape itself, and looks like an array; only for second derivatives."""

    tensor: Any

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def differentiated(self, node: Any, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the gradients of the inputs of an operation's node, given those of its results."""
        raise NotImplementedError


def shown(tensor_of: Callable[[Array], Any], grad: Array) -> Any:
    """Return a gradient as what users see of it."""
    return grad.tensor if isinstance(grad, Recorded) else tensor_of(grad)


class RemovableHandle:
    """Takes a hook off again: by `remove()`, or at the end of a `with` block.

    Attributes:
        id: a number that no other handle has.

    Examples:
        >>> x = torch.ones(2, requires_grad=True)
        >>> with x.register_hook(print) as handle:
        ...     x.sum().backward()
        tensor([1., 1.])
        >>> x.sum().backward()
    """

    # Its public home, which is what `type(handle)` shows.
    __module__ = "nnkit.utils.hooks"
    _ids = itertools.count()

    def __init__(self, hooks: MutableMapping[int, Any], *more: MutableMapping[int, Any]) -> None:
        self.id = next(self._ids)
        self._tables = (hooks, *more)

    def remove(self) -> None:
        """Take the hook off; doing it twice does no harm."""
        for table in self._tables:
            table.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def checked_gradient(hook: Callable[..., Any], grad: Array | None, result: Any) -> Array | None:
    """Return the gradient that a hook has put in the place of another.

    Raises:
        TypeError: it is something other than a tensor or None.
        RuntimeError: it has another element type or shape, or there was none.
    """
    if result is None:
        return None
    if grad is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not hasattr(result, "array"):
        raise TypeError(f"expected Variable, but hook returned '{type(result).__name__}'")
    if result.array.dtype != grad.dtype:
        was, got = (f"nnkit.{of_array(each).label}Tensor" for each in (grad, result.array))
        raise RuntimeError(f"hook '{_name(hook)}' has changed the type of value (was {was} got {got})")
    if result.array.shape != grad.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")
    if isinstance(grad, Recorded):
        return type(grad)(result)
    array: Array = result.array
    return array


def checked_gradients(hook: Callable[..., Any], grads: Gradients, results: Any) -> Gradients | None:
    """Return the gradients that the hook of a node has put in the place of all, if it has.

    Raises:
        TypeError: it has returned neither a tuple of tensors nor None.
        RuntimeError: they are not as many, or do not have the same shapes.
    """
    if results is None:
        return None
    if not isinstance(results, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(results).__name__}'")
    if len(results) != len(grads):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(results)}, but expected "
            f"{len(grads)})"
        )
    return tuple(checked_gradient(hook, grad, result) for grad, result in zip(grads, results, strict=True))


def as_tensors(tensor_of: Callable[[Array], Any], grads: Sequence[Array | None]) -> tuple[Any, ...]:
    """Return gradients as what users see of them."""
    return tuple(None if grad is None else shown(tensor_of, grad) for grad in grads)


def _name(hook: Callable[..., Any]) -> Any:
    return getattr(hook, "__name__", hook)
