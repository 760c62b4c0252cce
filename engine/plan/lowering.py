"""From the record of one step to a program: the operations' own code runs once more, on symbols.

There is no second copy of the calculus: forward is each operation's `forward`, backward is the tape's walk over each
operation's `backward`, and what they ask of their backend becomes an instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.plan.backend import PlanBackend
from nnkit.plan.integers import Counter, Labels, UnplannableError
from nnkit.plan.memory import Memory
from nnkit.plan.program import PlanProgram
from nnkit.plan.symbols import Rows, Symbol, Total
from nnkit.recording import Call, Recording
from nnkit.tape import AccumulateGrad, Edge, node_class, walk_backward
from nnkit.tensors import Tensor

NO_EDGE: Edge = (None, 0)


class Lowering:
    """The symbols that stand for the tensors of a recorded step, and the tape that connects them."""

    def __init__(self, program: PlanProgram, recording: Recording, labels: Tensor, classes: Labels) -> None:
        self.program = program
        self.backend = PlanBackend(program)
        self._recording = recording
        self._labels, self._classes = labels, classes
        # By identity; the recording keeps the tensors alive.
        self._values: dict[int, Any] = {id(tensor): tensor.array for tensor in recording.constants}
        self._values[id(labels)] = classes
        self._edges: dict[int, Edge] = {}
        self._undefined = {id(tensor) for tensor, _ in recording.remade}

    def define(self, tensor: Tensor, symbol: Symbol, edge: Edge = NO_EDGE) -> None:
        """Say which symbol stands for a tensor that no operation made."""
        self._values[id(tensor)] = symbol
        self._edges[id(tensor)] = edge

    def define_buffer(self, buffer: Tensor) -> None:
        """Define a tensor of the network that is no parameter, if a program can read it."""
        array = buffer.array
        if array.dtype == np.int64 and array.ndim == 0:
            operand = self.program.operand_in(Memory(1, of_images=False, array=array))
            self._values[id(buffer)] = Counter(operand)
        elif array.dtype == np.float32 and min(array.strides, default=0) >= 0:
            self.define(buffer, self.program.weights(array))

    @property
    def remade(self) -> list[tuple[Symbol, partial[Array]]]:
        """What stands for the tensors that differ each time, and what makes them, some of the labels."""
        found = [(self._values[id(tensor)], self._of_labels(make)) for tensor, make in self._recording.remade]
        return [*found, *self.backend.remade]

    def _of_labels(self, make: partial[Array]) -> partial[Array]:
        """Return what makes an array from the labels of each step, if it was made from labels."""
        given = [
            self._classes.array if isinstance(each, np.ndarray) and same_memory(each, self._labels.array) else each
            for each in make.args
        ]
        return partial(make.func, *given)

    def remade_with(self) -> list[Any]:
        """Return all that the functions of `remade` were given except for arrays."""
        parts = [part for _, make in self._recording.remade for part in make.args]
        return [part for part in parts if not isinstance(part, np.ndarray)]

    @property
    def classes(self) -> int:
        """How many classes the loss knows: another label must not come to the program."""
        return self._classes.classes

    def run(self) -> None:
        """Run all recorded operations on symbols.

        Raises:
            UnplannableError: one of them cannot be planned.
        """
        for number, call in enumerate(self._recording.calls, start=1):
            self.program.origin = number
            with self._unknown():
                self._run(call, number)

    def value(self, tensor: Tensor) -> Any:
        """Return what stands for a tensor.

        Raises:
            UnplannableError: nothing does, because something else than operations made it.
        """
        if id(tensor) not in self._values:
            if same_memory(tensor.array, self._labels.array):
                return self._classes
            raise UnplannableError("a tensor that was not made by operations on the images")
        return self._values[id(tensor)]

    def gradients(self, loss: Tensor, leaves: Sequence[AccumulateGrad]) -> list[Symbol | None]:
        """Differentiate, and return the gradient of each leaf.

        Raises:
            UnplannableError: one of the operations cannot be planned.
        """
        edge = self._edges.get(id(loss), NO_EDGE)
        with self._unknown():
            found = walk_backward(
                [(edge, np.ones((), np.float32))], retain_graph=False, wanted=[(leaf, 0) for leaf in leaves]
            )
        return [None if each is None else self._summed(each) for each in found]

    def _summed(self, gradient: Any) -> Symbol:
        """Return the gradient of a parameter, also where a batch of one image has its shape and was not summed."""
        if not isinstance(gradient, Symbol):
            raise UnplannableError("a gradient that is a constant")
        return self.program.sum_of_images(gradient, (0,), keepdims=True) if gradient.memory.of_images else gradient

    @contextmanager
    def _unknown(self) -> Iterator[None]:
        """Say what it means that a symbol has not all that an operation asks of arrays."""
        try:
            yield
        except (AttributeError, TypeError) as error:
            call = self._recording.calls[abs(self.program.origin) - 1]
            raise UnplannableError(f"{call.operation.__name__}, which plans do not know") from error

    def _define_remade(self, call: Call) -> None:
        """Define the tensors of a call that differ each time: their batch is where that of its other inputs is."""
        for tensor in call.inputs:
            if id(tensor) in self._undefined:
                others = (self._values.get(id(each)) for each in call.inputs)
                axes = (each.batch_axis for each in others if isinstance(each, Symbol) and each.ndim == tensor.ndim)
                self._undefined.remove(id(tensor))
                symbol = self.program.external(tensor.shape, next(axes, 0))
                self.define(tensor, self.program.filled_up(symbol))

    def _run(self, call: Call, number: int) -> None:
        self._define_remade(call)
        inputs = [self.value(each) if isinstance(each, Tensor) else each for each in call.inputs]
        if any(isinstance(value, np.ndarray) for value in call.options.values()):
            raise UnplannableError("an array in the place of a number")
        if not any(isinstance(each, Symbol | Rows | Total | Labels | Counter) for each in inputs):
            # Made of constants, it is a constant; its value is known from the recorded step.
            for result in call.results:
                self._values[id(result)] = result.array
            return
        operation = call.operation(self.backend, call.needs_input_grad)  # type: ignore[arg-type]
        found = operation.forward(*inputs, **call.options)
        values: tuple[Any, ...] = found if isinstance(found, tuple) else (found,)
        edge: Edge = NO_EDGE
        if any(isinstance(each, Total) for each in values) and any(isinstance(each, Symbol) for each in inputs):
            operation.backward = self._trimmed(operation.backward)  # type: ignore[method-assign]
        if True in call.needs_input_grad:
            span = operation.differentiable
            needed = tuple(zip(call.inputs[span], inputs[span], call.needs_input_grad[span], strict=True))
            edges = tuple(self._edges.get(id(tensor), NO_EDGE) if need else NO_EDGE for tensor, _, need in needed)
            kinds = [(value.shape, value.dtype) if need else None for _, value, need in needed]
            shapes = tuple(value.shape for value in values)
            node = node_class(call.operation)(operation, edges, kinds, shapes, ())
            node.add_before(lambda _: self._go_back_to(number))
            edge = (node, 0)
        for position, (result, value) in enumerate(zip(call.results, values, strict=True)):
            self._values[id(result)] = value
            self._edges[id(result)] = (edge[0], position)

    def _trimmed(self, backward: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
        """Return how a sum over the batch is differentiated: all gradients of images begin there."""

        def differentiate(*grads: Any) -> tuple[Any, ...]:
            found = backward(*grads)
            return tuple(map(self.program.trimmed, found if isinstance(found, tuple) else (found,)))

        return differentiate

    def _go_back_to(self, number: int) -> None:
        self.program.origin = -number


def same_memory(first: Array, second: Array) -> bool:
    """Return whether two arrays have the same elements in the same memory."""
    mine, theirs = first.__array_interface__, second.__array_interface__
    return all(mine[key] == theirs[key] for key in ("data", "shape", "typestr", "strides"))


def loss_of(value: Any) -> Total:
    """Return the symbol of a loss.

    Raises:
        UnplannableError: it is not a sum or mean of the losses of the images.
    """
    if not isinstance(value, Total):
        raise UnplannableError("a loss that is not the mean or sum over the images")
    return value
