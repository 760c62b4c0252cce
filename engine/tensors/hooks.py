"""Functions that users hang on the gradient of a tensor."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nnkit.kernels.layout import Array
from nnkit.tape import AccumulateGrad, Node, Recorded, RemovableHandle, checked_gradient, shown

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor


class GradientHooks:
    """The hooks on the gradient of one tensor, in the order of their registration."""

    def __init__(self, wrap: Callable[[Array], Tensor]) -> None:
        self._wrap = wrap
        self._hooks: dict[int, Callable[[Tensor], Any]] = {}
        self._after: dict[int, Callable[[Any], Any]] = {}
        self.retain: weakref.WeakMethod[Callable[[Array], None]] | None = None

    def add(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call the hook with each gradient."""
        handle = RemovableHandle(self._hooks)
        self._hooks[handle.id] = hook
        return handle

    def add_after(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call the hook with the leaf after each accumulation."""
        handle = RemovableHandle(self._after)
        self._after[handle.id] = hook
        return handle

    def attach(self, node: Node, output: int) -> None:
        """Run the hooks on what arrives at an output of the node."""
        node.add_output_hook(output, self.run)
        if isinstance(node, AccumulateGrad):
            node.after_accumulation.append(self.run_after)

    def run(self, grad: Array) -> Array:
        """Return the gradient as the hooks leave it.

        Raises:
            TypeError: a hook returned something other than a tensor or None.
            RuntimeError: a hook changed the shape.
        """
        if self._hooks and not isinstance(grad, Recorded) and not grad.flags.writeable:
            grad = grad.copy()  # a hook may change it in place
        for hook in list(self._hooks.values()):
            changed = checked_gradient(hook, grad, hook(shown(self._wrap, grad)))
            grad = grad if changed is None else changed
        keep = None if self.retain is None else self.retain()
        if keep is not None:
            keep(grad)
        return grad

    def run_after(self, variable: Any) -> None:
        """Call the hooks that wait for an accumulation."""
        for hook in list(self._after.values()):
            hook(variable)
