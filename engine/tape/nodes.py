"""The nodes of the graph: each turns the gradients of its outputs into those of its inputs."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.ops.operation import Operation, sum_to
from nnkit.tape.hooks import Gradients, Recorded, RemovableHandle, as_tensors, checked_gradients
from nnkit.tape.modes import anomalies, calling_stack
from nnkit.tape.versions import Saved

Edge = tuple["Node | None", int]
# Shape and element type of what a gradient belongs to.
Kind = tuple[tuple[int, ...], np.dtype[Any]]
GradientHook = Callable[[Array], "Array | None"]
Before = Callable[[Gradients], "Gradients | None"]
After = Callable[[Gradients, Gradients], "Gradients | None"]

_sequence = itertools.count()
# Most nodes never have any, and there are many nodes.
_NO_HOOKS: Mapping[int, Any] = MappingProxyType({})


class Node:
    """A step of the graph: it turns the gradients of its outputs into those of its inputs.

    Attributes:
        next_functions: for each input the node that made it, None if it needs no gradient, and which of its results
            it is.
        output_shapes: the shapes of the results.
    """

    # What users see of an array; the room of the tensors sets it.
    tensor_of: ClassVar[staticmethod[[Any], Any]]

    # Hooks on the gradient of one output, then on all of them before the node runs, then after it ran.
    output_hooks: Mapping[int, list[GradientHook]] = _NO_HOOKS
    before: Mapping[int, Before] = _NO_HOOKS
    after: Mapping[int, After] = _NO_HOOKS

    # Whether there is nothing to do where no gradient arrives at all.
    needs_gradients: ClassVar[bool] = True

    def __init__(self, next_functions: tuple[Edge, ...], output_shapes: tuple[tuple[int, ...], ...]) -> None:
        self.next_functions = next_functions
        self.output_shapes = output_shapes
        self.sequence = next(_sequence)
        if anomalies.wanted:
            self.metadata["traceback_"] = calling_stack()

    def __init_subclass__(cls) -> None:
        # So that the class shows as PyTorch's does, which is part of no module.
        cls.__module__ = "builtins"

    @functools.cached_property
    def metadata(self) -> dict[Any, Any]:
        """Whatever somebody wants to note of this node."""
        return {}

    def name(self) -> str:
        """Return the name that PyTorch gives this kind of node."""
        return type(self).__name__

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"

    def run(self, grads: Gradients) -> Gradients:
        """Return the gradient of each input."""
        raise NotImplementedError

    def run_recorded(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the gradient of each input as one that is on the tape itself, given such gradients.

        Raises:
            NotImplementedError: that cannot be.
        """
        raise NotImplementedError(f"the derivative of {self.name()} cannot be differentiated")

    def kept(self) -> tuple[Array, ...]:
        """Return the arrays that wait for `run`."""
        return ()

    def free(self) -> None:
        """Let go of the values that were kept for `run`."""

    def __call__(self, *grads: Any) -> Any:
        """Return the gradient of each input, given that of each result: a single one, or a tuple."""
        if len(grads) != len(self.output_shapes):
            raise TypeError(f"expected {len(self.output_shapes)} arguments, got {len(grads)} instead")
        for number, grad in enumerate(grads):
            if not hasattr(grad, "array"):
                raise TypeError(f"argument {number} is not a Variable")
        results = as_tensors(self.tensor_of, self.run(tuple(grad.array for grad in grads)))
        return results[0] if len(results) == 1 else results

    # Hooks ----------------------------------------------------------------------------------------------

    def add_output_hook(self, output: int, hook: GradientHook) -> None:
        """Call `hook` with the gradient of an output, before all others hear of it."""
        self.output_hooks = hooks = dict(self.output_hooks)
        hooks.setdefault(output, []).append(hook)

    def add_before(self, hook: Before) -> RemovableHandle:
        """Call `hook` with the gradients of all outputs before the node runs; those that it returns replace them."""
        self.before, handle = _entered(self.before, hook)
        return handle

    def add_after(self, hook: After) -> RemovableHandle:
        """Call `hook` with the gradients of inputs and outputs after the node ran; it may return others for inputs."""
        self.after, handle = _entered(self.after, hook)
        return handle

    def register_prehook(self, hook: Callable[[tuple[Any, ...]], Any]) -> RemovableHandle:
        """Call `hook` with a tuple of the gradients of the results, which a tuple that it returns replaces."""

        def before(grads: Gradients) -> Gradients | None:
            return checked_gradients(hook, grads, hook(as_tensors(self.tensor_of, grads)))

        return self.add_before(before)

    def register_hook(self, hook: Callable[[tuple[Any, ...], tuple[Any, ...]], Any]) -> RemovableHandle:
        """Call `hook` with the gradients of inputs and results, two tuples; it may return a tuple for the inputs."""

        def after(inputs: Gradients, outputs: Gradients) -> Gradients | None:
            results = hook(as_tensors(self.tensor_of, inputs), as_tensors(self.tensor_of, outputs))
            return checked_gradients(hook, inputs, results)

        return self.add_after(after)


def _entered(hooks: Mapping[int, Any], hook: Any) -> tuple[dict[int, Any], RemovableHandle]:
    table = hooks if isinstance(hooks, dict) else {}
    handle = RemovableHandle(table)
    table[handle.id] = hook
    return table, handle


class OperationNode(Node):
    """A node made by an operation; the class of each kind of operation carries PyTorch's name."""

    def __init__(
        self,
        operation: Operation,
        next_functions: tuple[Edge, ...],
        inputs: Sequence[Kind | None],
        output_shapes: tuple[tuple[int, ...], ...],
        saved: tuple[Saved, ...],
    ) -> None:
        super().__init__(next_functions, output_shapes)
        self.operation = operation
        self.inputs = inputs
        self.saved = saved

    def name(self) -> str:
        """See `Node.name`."""
        return self.operation.node_name

    def run(self, grads: Gradients) -> Gradients:
        """See `Node.run`; gradients come back in the shape and type of the inputs."""
        for saved in self.saved:
            saved.check()
        return self.differentiated(self.operation, grads)

    def differentiated(self, operation: Operation, grads: Gradients) -> Gradients:
        """Return the gradients that the operation calculates, each in the shape and type of its input."""
        found = operation.backward(*grads)
        xp = operation.xp
        results: list[Array | None] = []
        for grad, kind in zip(found if isinstance(found, tuple) else (found,), self.inputs, strict=False):
            if grad is None or kind is None:
                results.append(None)
                continue
            shape, dtype = kind
            if type(grad) is not np.ndarray or grad.shape != shape or grad.dtype != dtype:
                grad = xp.asarray(sum_to(xp, xp.asarray(grad), shape)).astype(dtype, copy=False)
            results.append(grad)
        return tuple(results)

    def run_recorded(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """See `Node.run_recorded`."""
        for saved in self.saved:
            saved.check()
        recorded = next(grad for grad in grads if isinstance(grad, Recorded))
        return recorded.differentiated(self, grads)

    def kept(self) -> tuple[Array, ...]:
        """See `Node.kept`."""
        return self.operation.kept()

    def free(self) -> None:
        """See `Node.free`."""
        self.operation.free()
        self.saved = ()

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(f"_saved_{saved.name(self.operation)}" for saved in self.saved)]

    def __getattr__(self, name: str) -> Any:
        """Return what was kept for backward, under the names that PyTorch gives to it: `_saved_self`, `_saved_result`.

        Raises:
            RuntimeError: a backward pass has freed it.
        """
        if name.startswith("_saved_"):
            kept = self.operation.saved
            # An input that is never kept, such as the bias of a product, comes first.
            for saved_name, each in zip(self.operation.saved_names[-len(kept) :], kept, strict=False):
                if each is None and name == f"_saved_{saved_name}":
                    return None
            for saved in self.saved:
                if name == f"_saved_{saved.name(self.operation)}":
                    return saved.unpacked(self)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


_node_classes: dict[str, type[OperationNode]] = {}


def node_class(operation: type[Operation]) -> type[OperationNode]:
    """Return the class of the nodes of an operation, named as PyTorch names it."""
    found = _node_classes.get(operation.node_name)
    if found is None:
        name = operation.node_name.rpartition("::")[-1]
        found = type(name, (OperationNode,), {"__doc__": f"The node of {operation.__name__}."})
        _node_classes[operation.node_name] = found
    return found


class AccumulateGrad(Node):
    """The end of a path: adds what arrives to the `.grad` of a leaf."""

    def __init__(self, variable: Any) -> None:
        super().__init__((), (tuple(variable.shape),))
        self.variable = variable
        self.after_accumulation: list[Callable[[Any], None]] = []

    def name(self) -> str:
        """See `Node.name`."""
        return "torch::autograd::AccumulateGrad"

    def run(self, grads: Gradients) -> Gradients:
        """See `Node.run`."""
        (grad,) = grads
        if grad is not None:
            self.variable.accumulate_grad(grad)
            for hook in self.after_accumulation:
                hook(self.variable)
        return ()

    run_recorded = run
