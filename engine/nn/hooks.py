"""Functions that run around a module's forward and backward pass.

Source: the order, the arguments and the messages are those of PyTorch's `torch.nn.Module`.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nnkit.autograd import Function
from nnkit.dtypes import dtype as DType
from nnkit.kernels.layout import Array
from nnkit.tape import Node, is_grad_enabled
from nnkit.tensors import RemovableHandle, Tensor, zeros

if TYPE_CHECKING:
    from nnkit.nn.module import Module

Hook = Callable[..., Any]
Kind = Literal["forward_pre", "forward", "full_backward_pre", "full_backward", "backward"]
Gradients = tuple["Tensor | None", ...]


class _Entry(NamedTuple):
    function: Hook
    with_kwargs: bool


class ModuleHooks:
    """The hooks of one module, and the call of a module that has some."""

    def __init__(self) -> None:
        self.forward_pre: OrderedDict[int, _Entry] = OrderedDict()
        self.forward: OrderedDict[int, _Entry] = OrderedDict()
        self.full_backward_pre: OrderedDict[int, _Entry] = OrderedDict()
        self.full_backward: OrderedDict[int, _Entry] = OrderedDict()
        self.backward: OrderedDict[int, _Entry] = OrderedDict()

    def add(self, kind: Kind, function: Hook, prepend: bool = False, with_kwargs: bool = False) -> RemovableHandle:
        """Enter a hook after the others of its kind, or before them; its handle removes it.

        Raises:
            RuntimeError: it is a full backward hook where there are old ones, or the reverse.
        """
        if (kind == "full_backward" and self.backward) or (kind == "backward" and self.full_backward):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. "
                "Please use only one of them."
            )
        table: OrderedDict[int, _Entry] = getattr(self, kind)
        handle = RemovableHandle(table)
        table[handle.id] = _Entry(function, with_kwargs)
        if prepend:
            table.move_to_end(handle.id, last=False)
        return handle

    def call(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call `module.forward` with everything that is hooked to it."""
        args, kwargs = self._before(module, args, kwargs)
        watch = None
        if self.full_backward or self.full_backward_pre:
            watch = _BackwardWatch(module, self)
            args = watch.enter(args)
        result = module.forward(*args, **kwargs)
        for hook in list(self.forward.values()):
            arguments = (args, kwargs, result) if hook.with_kwargs else (args, result)
            replaced = hook.function(module, *arguments)
            if replaced is not None:
                result = replaced
        if watch is not None:
            result = watch.leave(result)
        if self.backward:
            self._hook_last_operation(module, args, result)
        return result

    def _before(
        self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for hook in list(self.forward_pre.values()):
            replaced = hook.function(module, args, kwargs) if hook.with_kwargs else hook.function(module, args)
            if replaced is None:
                continue
            if not hook.with_kwargs:
                args = replaced if isinstance(replaced, tuple) else (replaced,)
            elif isinstance(replaced, tuple) and len(replaced) == 2:
                args, kwargs = replaced
            else:
                raise RuntimeError(
                    f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                )
        return args, kwargs

    def _hook_last_operation(self, module: Module, args: tuple[Any, ...], result: Any) -> None:
        node = _first_tensor(result).grad_fn
        if node is None:
            return
        for hook in self.backward.values():
            _call_after(node, _bound_to(module, hook.function))
        _warn_of_missing_gradients(args, result, node)


def _call_after(node: Node, function: Hook) -> None:
    """Call `function(grad_inputs, grad_outputs)` after the node; gradients that it returns replace the first."""

    def run(inputs: tuple[Array | None, ...], outputs: tuple[Array | None, ...]) -> tuple[Array | None, ...] | None:
        replaced = function(_as_tensors(inputs), _as_tensors(outputs))
        return None if replaced is None else tuple(None if each is None else each.array for each in replaced)

    node.add_after(run)


def _as_tensors(arrays: tuple[Array | None, ...]) -> Gradients:
    return tuple(None if array is None else Tensor(array) for array in arrays)


def _bound_to(module: Module, function: Hook) -> Hook:
    return lambda grad_input, grad_output: function(module, grad_input, grad_output)


def _first_tensor(result: Any) -> Tensor:
    while not isinstance(result, Tensor):
        if isinstance(result, dict):
            result = next(value for value in result.values() if isinstance(value, Tensor))
        else:
            result = result[0]
    return result


def _all_tensors(values: Any) -> bool:
    return isinstance(values, Tensor) or (
        isinstance(values, tuple) and all(isinstance(value, Tensor) for value in values)
    )


def _nodes_of(values: Any) -> set[Any]:
    tensors = (values,) if isinstance(values, Tensor) else values
    return {tensor.grad_fn for tensor in tensors if tensor.grad_fn is not None}


def _warn_of_missing_gradients(args: tuple[Any, ...], result: Any, node: Node) -> None:
    """Warn where an old backward hook, which sees one operation, does not see the whole module."""
    full = "Please use register_full_backward_hook to get the documented behavior."
    removed = "is deprecated and will be removed in future versions. This hook will be missing"
    if not _all_tensors(result):
        problem = (
            "Using non-full backward hooks on a Module that does not return a single Tensor or a tuple of "
            f"Tensors {removed} some of the grad_output. {full}"
        )
    elif not _all_tensors(args):
        problem = (
            "Using non-full backward hooks on a Module that does not take as input a single Tensor or a "
            f"tuple of Tensors {removed} some of the grad_input. {full}"
        )
    elif len(_nodes_of(result)) > 1:
        problem = (
            "Using a non-full backward hook when outputs are generated by different autograd Nodes "
            f"{removed} some grad_output. {full}"
        )
    elif _nodes_of(args) != {following for following, _ in node.next_functions}:
        problem = (
            "Using a non-full backward hook when the forward contains multiple autograd Nodes "
            f"{removed} some grad_input. {full}"
        )
    else:
        return
    warnings.warn(problem, FutureWarning, stacklevel=5)


class BackwardHookFunction(Function):
    """The identity: a node through which the gradients of a module's inputs or outputs pass."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Return the tensors as they are."""
        ctx.mark_non_differentiable(*[tensor for tensor in tensors if not tensor.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        """Return the gradients as they are."""
        return gradients


def _through_identity(values: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int], Node | None]:
    """Send the tensors among `values` through one node, if the tape is on and any of them has a gradient.

    Returns:
        The values, the positions of the tensors among them, and the node.
    """
    positions = [position for position, value in enumerate(values) if isinstance(value, Tensor)]
    if not is_grad_enabled() or not any(values[position].requires_grad for position in positions):
        return values, positions, None
    outputs = BackwardHookFunction.apply(*[values[position] for position in positions])
    node = next(output.grad_fn for output in outputs if output.grad_fn is not None)
    replaced = list(values)
    for position, output in zip(positions, outputs, strict=True):
        replaced[position] = output
    return tuple(replaced), positions, node


class _BackwardWatch:
    """The full backward hooks of one call of a module.

    Gradients of the outputs arrive first, at the identity behind the module; they wait here until those of
    the inputs arrive at the identity in front of it. Then the hooks get both.
    """

    def __init__(self, module: Module, hooks: ModuleHooks) -> None:
        self.module = module
        self.pre_hooks = [entry.function for entry in hooks.full_backward_pre.values()]
        self.hooks = [entry.function for entry in hooks.full_backward.values()]
        self.input_count = 0
        self.input_positions: list[int] = []
        self.input_types: list[tuple[tuple[int, ...], DType]] = []
        self.inputs_have_gradients = False
        self.output_count = 0
        self.output_positions: list[int] = []
        self.grad_output: Gradients | None = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        args, self.input_positions, node = _through_identity(args)
        self.input_count = len(args)
        self.inputs_have_gradients = node is not None
        if node is not None:
            tensors = [args[position] for position in self.input_positions]
            self.input_types = [(tensor.shape, tensor.dtype) for tensor in tensors]
            _call_after(node, self._inputs_arrived)
        return args

    def leave(self, result: Any) -> Any:
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors "
                f"but received {type(result)}",
                stacklevel=4,
            )
        outputs = result if isinstance(result, tuple) else (result,)
        replaced, self.output_positions, node = _through_identity(outputs)
        self.output_count = len(outputs)
        if node is None:
            return result
        _call_after(node, self._outputs_arrived)
        return replaced if isinstance(result, tuple) else replaced[0]

    def _outputs_arrived(self, _: Gradients, gradients: Gradients) -> Gradients:
        grad_output = _at_positions(self.output_positions, gradients, self.output_count)
        for hook in self.pre_hooks:
            replaced = hook(self.module, grad_output)
            if replaced is None:
                continue
            if len(replaced) != len(grad_output):
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(replaced)}, but expected {len(grad_output)}"
                )
            grad_output = replaced
        if self.inputs_have_gradients:
            self.grad_output = grad_output
        else:
            self._call_without_inputs(grad_output)
        return tuple(grad_output[position] for position in self.output_positions)

    def _call_without_inputs(self, grad_output: Gradients) -> None:
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since "
            "no inputs require gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module"
            ".html#torch.nn.Module.register_full_backward_hook for more details.",
            stacklevel=2,
        )
        grad_input = (None,) * self.input_count
        for hook in self.hooks:
            replaced = hook(self.module, grad_input, grad_output)
            if replaced is not None and any(gradient is not None for gradient in replaced):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None "
                    "or None for all gradients."
                )

    def _inputs_arrived(self, gradients: Gradients, _: Gradients) -> Gradients | None:
        grad_output = self.grad_output
        if grad_output is None:
            # The gradient came to the inputs past the module's outputs.
            return None
        # As in PyTorch: zeros for a tensor that needs no gradient, None only for what is not a tensor.
        filled = tuple(
            zeros(shape, dtype=dtype) if gradient is None else gradient
            for gradient, (shape, dtype) in zip(gradients, self.input_types, strict=True)
        )
        grad_input = _at_positions(self.input_positions, filled, self.input_count)
        for hook in self.hooks:
            replaced = hook(self.module, grad_input, grad_output)
            if replaced is None:
                continue
            if len(replaced) != len(grad_input):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(replaced)}, but expected {len(grad_input)}"
                )
            grad_input = replaced
        self.grad_output = None
        return tuple(grad_input[position] for position in self.input_positions)


def _at_positions(positions: list[int], gradients: Gradients, count: int) -> Gradients:
    """Spread the gradients of the tensors over all arguments; what is not a tensor has None."""
    spread: list[Tensor | None] = [None] * count
    for position, gradient in zip(positions, gradients, strict=True):
        spread[position] = gradient
    return tuple(spread)
