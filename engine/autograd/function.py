"""Differentiable functions of one's own."""

from __future__ import annotations

import functools
import inspect
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from nnkit.dtypes import of_array
from nnkit.kernels.layout import Array
from nnkit.ops.operation import FREED
from nnkit.recording import note_obstacle
from nnkit.tape import Node, is_grad_enabled, is_recording, shown
from nnkit.tensors import Tensor, no_grad
from nnkit.tensors.recorded import RecordedArray
from nnkit.tensors.versions import SavedInput, SavedResult
from nnkit.tensors.views import Creation, Origin


class FunctionCtx:
    """What a `Function` keeps between its forward and its backward; it takes any attribute.

    Attributes:
        needs_input_grad: of each input of `forward`, whether its gradient is asked for.

    Examples:
        >>> class Halved(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         mask = x > 0
        ...         ctx.mark_non_differentiable(mask)
        ...         ctx.set_materialize_grads(False)
        ...         return x / 2, mask
        ...     @staticmethod
        ...     def backward(ctx, grad_output, _):
        ...         return grad_output / 2
        >>> Halved.apply(torch.ones(2, requires_grad=True))
        (tensor([0.5000, 0.5000], grad_fn=<HalvedBackward>), tensor([True, True]))
    """

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._node: Callable[[], Any] = lambda: None
        self._materialize = True
        self._to_save: tuple[Any, ...] = ()
        self._saved: tuple[SavedInput | SavedResult | None, ...] | None = ()
        self._non_differentiable: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, results and other tensors until the graph is freed."""
        self._to_save = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Let no gradient flow through these results."""
        self._non_differentiable = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs `forward` has changed in place; it has to return all of them."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Say whether `backward` gets zeros, or None, as the gradient of a result that was not used."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was kept.

        Raises:
            RuntimeError: a backward pass has freed it, or it was changed in place.
        """
        if self._saved is None:
            raise RuntimeError(FREED)
        return tuple(None if each is None else each.unpacked(self._node()) for each in self._saved)


class FunctionNode(Node):
    """The node of a user's function."""

    needs_gradients = False

    def __init_subclass__(cls) -> None:
        cls.__module__ = "nnkit.autograd.function"

    def __init__(self, function: type[Function], context: FunctionCtx, inputs: tuple[Any, ...]) -> None:
        tensors = [each for each in inputs if isinstance(each, Tensor)]
        super().__init__(tuple(each.edge() if each.requires_grad else (None, 0) for each in tensors), ())
        self.function = function
        self.context = context
        self.is_tensor = tuple(isinstance(each, Tensor) for each in inputs)
        self.inputs = tuple((each.array.shape, each.array.dtype, each.requires_grad) for each in tensors)
        self.outputs: tuple[tuple[tuple[int, ...], Any] | None, ...] = ()

    def __repr__(self) -> str:
        return f"<{__name__}.{type(self).__name__} object at {id(self):#x}>"

    def __getattr__(self, name: str) -> Any:
        """Return what the function has put into its context."""
        if "context" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.context, name)

    def seal(self, outputs: tuple[Any, ...]) -> None:
        """Note the forms of the results, and what is kept for backward.

        Raises:
            TypeError: something else than a tensor is to be kept.
        """
        self.outputs = tuple(
            (each.array.shape, each.array.dtype) if isinstance(each, Tensor) else None for each in outputs
        )
        self.output_shapes = tuple(() if form is None else form[0] for form in self.outputs)
        self.context._saved = tuple(self._kept(each, at, outputs) for at, each in enumerate(self.context._to_save))
        self.context._to_save = ()
        self.context._node = weakref.ref(self)

    def _kept(self, tensor: Any, position: int, outputs: tuple[Any, ...]) -> SavedInput | SavedResult | None:
        if tensor is None:
            return None
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {position} is of type {type(tensor).__name__}"
            )
        for number, each in enumerate(outputs):
            if each is tensor:
                return SavedResult(tensor.array, tensor.version, self.name(), number)
        return SavedInput(tensor, position)

    def run(self, grads: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
        """See `Node.run`.

        Raises:
            RuntimeError: the function returned another number of gradients, or one of a wrong shape.
        """
        with no_grad():
            return tuple(None if each is None else each.array for each in self._differentiated(grads))

    def run_recorded(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """See `Node.run_recorded`: the function has to calculate its gradients with tensors."""
        return tuple(None if each is None else RecordedArray(each) for each in self._differentiated(grads))

    def _differentiated(self, grads: tuple[Any, ...]) -> list[Tensor | None]:
        given = [self._given(grad, form) for grad, form in zip(grads, self.outputs, strict=True)]
        results = self.function.backward(self.context, *given)
        found = results if isinstance(results, tuple) else (results,)
        name, expected = self.name(), len(self.is_tensor)
        if len(found) < expected or any(each is not None for each in found[expected:]):
            raise RuntimeError(
                f"function {name} returned an incorrect number of gradients (expected {expected}, got {len(found)})"
            )
        kept: list[Tensor | None] = []
        for position, (each, is_tensor) in enumerate(zip(found, self.is_tensor, strict=False), start=1):
            if is_tensor:
                kept.append(self._checked(each, len(kept)))
            elif each is not None:
                raise RuntimeError(
                    f"function {name} returned a gradient different than None at position {position}, but the "
                    "corresponding forward input was not a Variable"
                )
        return kept

    def _given(self, grad: Any, form: tuple[tuple[int, ...], Any] | None) -> Tensor | None:
        if grad is not None:
            given: Tensor = shown(Tensor.detached, grad)
            return given
        return Tensor.detached(np.zeros(*form)) if form is not None and self.context._materialize else None

    def _checked(self, gradient: Any, number: int) -> Tensor | None:
        shape, kind, needed = self.inputs[number]
        if gradient is None:
            return None
        if not isinstance(gradient, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(gradient).__name__})")
        if not needed:
            return None
        given = gradient.array.shape
        ends = given[len(given) - len(shape) :]
        if len(given) < len(shape) or any(mine not in (1, theirs) for mine, theirs in zip(shape, ends, strict=True)):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {number} - got {list(given)} but "
                f"expected shape compatible with {list(shape)}"
            )
        extra = gradient.array.ndim - len(shape)
        stretched = [extra + axis for axis, size in enumerate(shape) if given[extra + axis] != size]
        dims = (*range(extra), *stretched)
        summed = gradient.sum(dims, keepdim=True).view(shape) if dims else gradient
        return summed.to(of_array(np.empty(0, kind)))

    def kept(self) -> tuple[Array, ...]:
        """See `Node.kept`."""
        return tuple(each.array for each in self.context._saved or () if each is not None)

    def free(self) -> None:
        """See `Node.free`."""
        if self.context._saved:
            self.context._saved = None


class Function:
    """A differentiable function of one's own: subclasses define `forward` and `backward` as static methods.

    Both get a context first: `forward` may keep tensors in it with `save_for_backward`, and `backward` gets the
    gradient of each result and returns that of each input of `forward` (None for those that are no tensors). With a
    static method `setup_context(ctx, inputs, output)` beside them `forward` gets no context. Functions are called
    by `apply`.

    Examples:
        >>> class Cube(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x**3
        ...     @staticmethod
        ...     def backward(ctx, grad_output):
        ...         (x,) = ctx.saved_tensors
        ...         return grad_output * 3 * x**2
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> Cube.apply(x).sum().backward()
        >>> x.grad
        tensor([ 3., 12.])
    """

    _node_class: type[FunctionNode] = FunctionNode
    _context_class: type[FunctionCtx] = FunctionCtx

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future "
            "version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        """Refuse: a function is called by `apply`."""
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    def __init_subclass__(cls) -> None:
        name, body = f"{cls.__name__}Backward", {"__module__": __name__, "__doc__": f"Of one call of {cls.__name__}."}
        cls._node_class = type(name, (FunctionNode,), dict(body))
        cls._context_class = type(name, (FunctionCtx,), dict(body))

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Return the results."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Keep what `backward` needs, where `forward` gets no context."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Return the gradient of each input."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the function and record it on the tape.

        Raises:
            RuntimeError: an input was marked as changed in place that is not among the results, or must not be changed.
            TypeError: something else than a tensor was saved for backward.
        """
        has_setup = cls.setup_context is not Function.setup_context
        if has_setup:
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        inputs = (*args, *kwargs.values())
        needs = tuple(isinstance(each, Tensor) and each.requires_grad for each in inputs)
        context = cls._context_class(needs)
        node = cls._node_class(cls, context, inputs) if is_recording() and True in needs else None
        if node is not None:
            note_obstacle(f"the autograd.Function {cls.__name__}")
        with no_grad():
            if has_setup:
                results = cls.forward(*args, **kwargs)
                cls.setup_context(context, args, results)
            else:
                results = cls.forward(context, *args, **kwargs)
        found = results if isinstance(results, tuple) else (results,)
        _check_marks(context, found)
        outputs = tuple(_connected(each, number, inputs, context, node) for number, each in enumerate(found))
        if node is not None:
            node.seal(outputs)
        return outputs if isinstance(results, tuple) else outputs[0]


def _check_marks(context: FunctionCtx, outputs: tuple[Any, ...]) -> None:
    """Raise PyTorch's RuntimeError unless the function has marked tensors, and returned what it has changed."""
    if not all(isinstance(each, Tensor) for each in context._non_differentiable):
        raise RuntimeError("mark_non_differentiable only accepts variable arguments, but got ")
    for each in context._dirty:
        if not isinstance(each, Tensor):
            raise RuntimeError("mark_dirty can only accept variables, but argument ")
        each.version.value += 1
        if not any(each is output for output in outputs):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that "
                "are modified inplace must all be outputs of the Function."
            )


def _connected(
    output: Any, number: int, inputs: tuple[Any, ...], context: FunctionCtx, node: FunctionNode | None
) -> Any:
    """Return a result as one of the node, if it has a gradient."""
    if not isinstance(output, Tensor):
        return output
    is_input = any(output is each for each in inputs)
    is_stopped = any(output is each for each in context._non_differentiable)
    is_dirty = any(output is each for each in context._dirty)
    if node is None or is_stopped or not output.is_floating_point():
        return output.detach() if is_input and not is_dirty else output
    if is_dirty:
        if output._requires_grad and output._node is None:
            raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
        output.check_change(True)
        output.become(node, number)
        return output
    origin = (output._origin or Origin(output)) if is_input else output._origin
    if is_input:
        output = output.detach()
    if origin is not None:
        output._origin = origin._replace(creation=Creation.CUSTOM)
    output.set_node(node, number)
    return output


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate the `backward` of a `Function` that cannot be differentiated itself.

    Examples:
        >>> from nnkit.autograd.function import once_differentiable
        >>> class Double(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        ...     @staticmethod
        ...     @once_differentiable
        ...     def backward(ctx, grad_output):
        ...         return grad_output * 2
        >>> x = torch.ones(2, requires_grad=True)
        >>> Double.apply(x).sum().backward()
    """

    @functools.wraps(function)
    def wrapped(ctx: Any, *grad_outputs: Any) -> Any:
        with no_grad():
            results = function(ctx, *grad_outputs)
        if not is_grad_enabled() or not any(each.requires_grad for each in grad_outputs if isinstance(each, Tensor)):
            return results
        found = results if isinstance(results, tuple) else (results,)
        ends = tuple(_End.apply(each.detach().requires_grad_()) if isinstance(each, Tensor) else each for each in found)
        return ends if isinstance(results, tuple) else ends[0]

    return wrapped


class _End(Function):
    """Passes a gradient on that cannot be differentiated."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient.clone()

    @staticmethod
    def backward(ctx: Any, *_grads: Any) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")
