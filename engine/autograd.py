"""Differentiation for users: their own functions, gradients on request, and a check of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.ops.operation import FREED
from nnkit.recording import note_obstacle
from nnkit.tape import Node, Saved, is_grad_enabled
from nnkit.tensors import Tensor, enable_grad, no_grad, set_grad_enabled
from nnkit.tensors.backward import backward, grad
from nnkit.tensors.versions import describe

__all__ = [
    "Function",
    "GradcheckError",
    "Variable",
    "backward",
    "enable_grad",
    "grad",
    "gradcheck",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
]


class _VariableType(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableType):
    """The old name of a tensor that takes part in differentiation; today every tensor does."""

    def __new__(cls, data: Tensor, requires_grad: bool = False) -> Tensor:  # type: ignore[misc]
        """Return a tensor that shares the values of `data`."""
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)


class FunctionContext:
    """What a `Function` keeps between its forward and its backward."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._saved: tuple[Any, ...] | None = ()
        self._versions: tuple[Saved, ...] = ()
        self._non_differentiable: tuple[Tensor, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors until the graph is freed."""
        self._saved = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was kept.

        Raises:
            RuntimeError: a backward pass has freed it.
        """
        if self._saved is None:
            raise RuntimeError(FREED)
        for saved in self._versions:
            saved.check()
        return self._saved

    def seal(self, outputs: tuple[Tensor, ...]) -> None:
        """Note the versions of what was kept; results are kept without their place on the tape, which leads here."""
        kept = self._saved or ()
        self._saved = tuple(each.detach() if any(each is output for output in outputs) else each for each in kept)
        self._versions = tuple(
            Saved(each.version, each.version.value, describe(each)) for each in self._saved if each is not None
        )

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Let no gradient flow through these results."""
        self._non_differentiable = tensors

    def kept(self) -> tuple[Array, ...]:
        """Return the arrays of what was kept; none once a backward pass has freed it."""
        return tuple(each.array for each in self._saved or () if each is not None)

    def free(self) -> None:
        """Let go of what was kept."""
        if self._saved:
            self._saved = None


class FunctionNode(Node):
    """The node of a user's function."""

    def __init__(self, function: type[Function], context: FunctionContext, inputs: tuple[Any, ...]) -> None:
        tensors = [each for each in inputs if isinstance(each, Tensor)]
        super().__init__(tuple(each.edge() if each.requires_grad else (None, 0) for each in tensors), ())
        self.function = function
        self.context = context
        self.is_tensor = tuple(isinstance(each, Tensor) for each in inputs)
        self.inputs = tuple((each.array.shape, each.array.dtype, each.requires_grad) for each in tensors)

    def run(self, grads: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
        """See `Node.run`.

        Raises:
            RuntimeError: the function returned another number of gradients, or one of a wrong shape.
        """
        given = [
            Tensor(np.zeros(shape, np.float32) if grad is None else grad)
            for grad, shape in zip(grads, self.output_shapes, strict=True)
        ]
        with no_grad():
            results = self.function.backward(self.context, *given)
        found = list(results) if isinstance(results, tuple | list) else [results]
        name = type(self).__name__
        expected = len(self.is_tensor)
        if len(found) < expected or any(each is not None for each in found[expected:]):
            raise RuntimeError(
                f"function {name} returned an incorrect number of gradients (expected {expected}, got {len(found)})"
            )
        kept = [each for each, is_tensor in zip(found, self.is_tensor, strict=False) if is_tensor]
        return tuple(self._checked(each, number) for number, each in enumerate(kept))

    def _checked(self, gradient: Any, number: int) -> Array | None:
        shape, kind, needed = self.inputs[number]
        if gradient is None or not needed:
            return None
        if not isinstance(gradient, Tensor):
            raise TypeError(
                f"expected Variable or None (got {type(gradient).__name__}) from {type(self).__name__}'s backward"
            )
        if gradient.array.shape != shape:
            raise RuntimeError(
                f"Function {type(self).__name__} returned an invalid gradient at index {number} - got "
                f"{list(gradient.array.shape)} but expected shape compatible with {list(shape)}"
            )
        array: Array = gradient.array.astype(kind, copy=False)
        return array

    def kept(self) -> tuple[Array, ...]:
        """See `Node.kept`."""
        return self.context.kept()

    def free(self) -> None:
        """See `Node.free`."""
        self.context.free()


class Function:
    """A differentiable function of one's own: subclasses define `forward` and `backward` as static methods.

    Both get a context first: `forward` may keep tensors in it with `save_for_backward`, and `backward` gets the
    gradient of each result and returns that of each input of `forward` (None for those that are no tensors).
    """

    _node_class: type[FunctionNode]

    def __init_subclass__(cls) -> None:
        cls._node_class = type(f"{cls.__name__}Backward", (FunctionNode,), {"__doc__": f"The node of {cls.__name__}."})

    @staticmethod
    def forward(context: Any, *inputs: Any) -> Any:
        """Return the results."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(context: Any, *grad_outputs: Any) -> Any:
        """Return the gradient of each input."""
        raise NotImplementedError("You must implement the backward function for custom autograd.Function.")

    @classmethod
    def apply(cls, *inputs: Any) -> Any:
        """Run the function and record it on the tape."""
        needs = tuple(isinstance(each, Tensor) and each.requires_grad for each in inputs)
        context = FunctionContext(needs)
        recorded = is_grad_enabled() and True in needs
        node = cls._node_class(cls, context, inputs) if recorded else None
        if recorded:
            note_obstacle(f"the autograd.Function {cls.__name__}")
        with no_grad():
            results = cls.forward(context, *inputs)
        several = isinstance(results, tuple)
        outputs = tuple(
            each.detach() if any(each is given for given in inputs) else each
            for each in (results if several else (results,))
        )
        if node is not None:
            context.seal(outputs)
            node.output_shapes = tuple(each.array.shape for each in outputs)
            for number, each in enumerate(outputs):
                stopped = any(each is other for other in context._non_differentiable)
                if each.is_floating_point() and not stopped:
                    each._node, each._output, each._requires_grad = node, number, True
                    each._node_version = each.version.value
        return outputs if several else outputs[0]


class GradcheckError(RuntimeError):
    """The gradients of a function are not those that small changes of its inputs show."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Compare the gradients of a function with central differences; meant for float64.

    Raises:
        GradcheckError: they differ, and `raise_exception` is set.
    """
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    outputs = _outputs(func, given)
    for o, output in enumerate(outputs):
        for i, each in enumerate(given):
            if not (isinstance(each, Tensor) and each.requires_grad):
                continue
            numerical = _numerical(func, given, each, o, eps)
            analytical = _analytical(func, given, each, o, output)
            if not np.allclose(analytical, numerical, rtol=rtol, atol=atol, equal_nan=True):
                if not raise_exception:
                    return False
                raise GradcheckError(
                    f"Jacobian mismatch for output {o} with respect to input {i},\n"
                    f"numerical:{Tensor(numerical)}\nanalytical:{Tensor(analytical)}\n"
                )
    return True


def _outputs(func: Callable[..., Any], inputs: tuple[Any, ...]) -> list[Tensor]:
    results = func(*inputs)
    several = results if isinstance(results, tuple | list) else (results,)
    return [each for each in several if isinstance(each, Tensor) and each.requires_grad]


def _numerical(func: Callable[..., Any], inputs: tuple[Any, ...], varied: Tensor, output: int, eps: float) -> Array:
    """Return the Jacobian (elements of the input, elements of the output) by central differences."""
    rows = []
    for position in np.ndindex(varied.array.shape):
        value = varied.array[position]
        sides = []
        for side in (value + eps, value - eps):
            varied.array[position] = side
            sides.append(_outputs(func, inputs)[output].array.reshape(-1).astype(np.float64))
        varied.array[position] = value
        rows.append((sides[0] - sides[1]) / (2 * eps))
    return np.array(rows).astype(varied.array.dtype)


def _analytical(func: Callable[..., Any], inputs: tuple[Any, ...], varied: Tensor, output: int, like: Tensor) -> Array:
    """Return the Jacobian (elements of the input, elements of the output) by backward passes."""
    columns = []
    for position in np.ndindex(like.array.shape):
        one = np.zeros_like(like.array)
        one[position] = 1
        (gradient,) = grad(_outputs(func, inputs)[output], varied, Tensor(one), allow_unused=True)
        zero = np.zeros_like(varied.array)
        columns.append((zero if gradient is None else gradient.array).reshape(-1))
    return np.array(columns, varied.array.dtype).reshape(like.array.size, varied.array.size).T
