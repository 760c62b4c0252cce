"""Functions that run around a module's forward and backward pass.

Source: the order, the arguments and the messages are those of PyTorch's `torch.nn.Module`.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nnkit.nn.backward_hooks import BackwardWatch, hook_last_operation
from nnkit.tensors import RemovableHandle

if TYPE_CHECKING:
    from nnkit.nn.modules.module import Module

Hook = Callable[..., Any]
Hooks = OrderedDict[int, Hook]


class ModuleHooks:
    """The hooks of one module, or those of all modules, in the order in which they are called.

    Attributes:
        forward_pre: called before `forward`.
        forward: called after it.
        backward_pre: called when the gradients of the outputs are known.
        backward: called when those of the inputs are known.
        with_kwargs: numbers of the forward hooks that get the keyword arguments too.
        always_called: numbers of the forward hooks that are called although `forward` has raised.
        full: whether `backward` holds full hooks or those of the old kind; None before the first.
        registered: whether there ever was a hook; a look at it is all that the call of a module without hooks costs.
    """

    def __init__(self) -> None:
        self.forward_pre: Hooks = OrderedDict()
        self.forward: Hooks = OrderedDict()
        self.backward_pre: Hooks = OrderedDict()
        self.backward: Hooks = OrderedDict()
        self.with_kwargs: dict[int, bool] = {}
        self.always_called: dict[int, bool] = {}
        self.full: bool | None = None
        self.registered = False

    def __bool__(self) -> bool:
        return bool(self.forward_pre or self.forward or self.backward_pre or self.backward)

    def add(
        self, hooks: Hooks, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Enter a hook after the others of a table, or before them; its handle removes it."""
        handle = RemovableHandle(hooks, self.with_kwargs, self.always_called)
        hooks[handle.id] = hook
        if with_kwargs:
            self.with_kwargs[handle.id] = True
        if always_call:
            self.always_called[handle.id] = True
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        self.registered = True
        return handle

    def add_backward(self, hook: Hook, *, full: bool, prepend: bool = False, where: str) -> RemovableHandle:
        """Enter a backward hook of the full or of the old kind.

        Raises:
            RuntimeError: there were hooks of the other kind.
        """
        if self.full is not None and self.full != full:
            raise RuntimeError(
                f"Cannot use both regular backward hooks and full backward hooks {where}. Please use only one of them."
            )
        self.full = full
        return self.add(self.backward, hook, prepend=prepend)


# The hooks of all modules.
everywhere = ModuleHooks()


class HookedCall:
    """One call of a module that has hooks, or while all modules have some."""

    def __init__(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.module = module
        self.args = args
        self.kwargs = kwargs
        self.result: Any = None
        # Hooks of all modules come before the module's own.
        self.hooks = (everywhere,) if module._hooks is None else (everywhere, module._hooks)
        self.called: set[int] = set()

    def run(self) -> Any:
        """Call the module's `forward` with everything that is hooked to it."""
        try:
            return self._run()
        except Exception:
            self._call_those_left()
            raise

    def _run(self) -> Any:
        self._before()
        watch = None
        full, old = self._backward_hooks(full=True), self._backward_hooks(full=False)
        before = [hook for _, _, hook in self._listed("backward_pre")]
        if full or before:
            watch = BackwardWatch(self.module, full, before)
            self.args = watch.enter(self.args)
        self.result = self.module.forward(*self.args, **self.kwargs)
        for hooks, number, hook in self._listed("forward"):
            self.called.add(number)
            self._call_after(hooks, number, hook)
        if watch is not None:
            self.result = watch.leave(self.result)
        if old:
            hook_last_operation(self.module, old, self.args, self.result)
        return self.result

    def _backward_hooks(self, full: bool) -> list[Hook]:
        return [hook for hooks in self.hooks if hooks.full is full for hook in hooks.backward.values()]

    def _before(self) -> None:
        for hooks, number, hook in self._listed("forward_pre"):
            if number in hooks.with_kwargs:
                self.args, self.kwargs = self._arguments(hook(self.module, self.args, self.kwargs))
            elif (replaced := hook(self.module, self.args)) is not None:
                self.args = replaced if isinstance(replaced, tuple) else (replaced,)

    def _arguments(self, replaced: Any) -> tuple[Any, Any]:
        if replaced is None:
            return self.args, self.kwargs
        if isinstance(replaced, tuple) and len(replaced) == 2:
            return replaced
        raise RuntimeError(
            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
        )

    def _call_after(self, hooks: ModuleHooks, number: int, hook: Hook) -> None:
        given = (self.args, self.kwargs) if number in hooks.with_kwargs else (self.args,)
        replaced = hook(self.module, *given, self.result)
        if replaced is not None:
            self.result = replaced

    def _listed(self, table: str) -> list[tuple[ModuleHooks, int, Hook]]:
        return [(hooks, number, hook) for hooks in self.hooks for number, hook in getattr(hooks, table).items()]

    def _call_those_left(self) -> None:
        """Call the hooks that want to know of failures too, and let none of theirs hide the one that happened."""
        for hooks, number, hook in self._listed("forward"):
            if number not in hooks.always_called or number in self.called:
                continue
            try:
                self._call_after(hooks, number, hook)
            except Exception as error:
                kind = "global module forward hook" if hooks is everywhere else "module forward hook"
                warnings.warn(
                    f"{kind} with ``always_call=True`` raised an exception that was silenced as another error was "
                    f"raised in forward: {error}",
                    stacklevel=4,
                )


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, args)` before each module's `forward`; what it returns replaces the arguments.

    Examples:
        >>> from nnkit.nn.modules.module import register_module_forward_pre_hook
        >>> with register_module_forward_pre_hook(lambda module, args: print(type(module).__name__)):
        ...     _ = nn.Sequential(nn.Linear(2, 3), nn.ReLU())(torch.ones(1, 2))
        Sequential
        Linear
        ReLU
    """
    return everywhere.add(everywhere.forward_pre, hook)


def register_module_forward_hook(
    hook: Hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after each module's `forward`; what it returns replaces the output.

    The arguments are those of `Module.register_forward_hook`; hooks of a module itself are called later.

    Examples:
        >>> from nnkit.nn.modules.module import register_module_forward_hook
        >>> with register_module_forward_hook(lambda module, args, output: print(module, tuple(output.shape))):
        ...     _ = nn.Sequential(nn.Flatten(), nn.ReLU())(torch.ones(1, 2, 3))[0]
        Flatten(start_dim=1, end_dim=-1) (1, 6)
        ReLU() (1, 6)
        Sequential(
          (0): Flatten(start_dim=1, end_dim=-1)
          (1): ReLU()
        ) (1, 6)
    """
    return everywhere.add(everywhere.forward, hook, with_kwargs=with_kwargs, always_call=always_call)


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_output)` of each module when the gradients of its outputs are known.

    A tuple that it returns replaces them, as with `Module.register_full_backward_pre_hook`.

    Examples:
        >>> from nnkit.nn.modules.module import register_module_full_backward_pre_hook
        >>> with register_module_full_backward_pre_hook(lambda module, grad_output: print(module, grad_output)):
        ...     nn.Sequential(nn.Identity(), nn.ReLU())[1](torch.ones(1, requires_grad=True)).backward()
        ReLU() (tensor([1.]),)
    """
    return everywhere.add(everywhere.backward_pre, hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` of each module when the gradients of its inputs are known.

    A tuple that it returns replaces `grad_input`, as with `Module.register_full_backward_hook`.

    Raises:
        RuntimeError: there have been hooks of `register_module_backward_hook`.

    Examples:
        >>> from nnkit.nn.modules.module import register_module_full_backward_hook
        >>> with register_module_full_backward_hook(lambda module, inward, outward: print(inward, outward)):
        ...     nn.ReLU()(torch.tensor([-1.0, 1.0], requires_grad=True)).sum().backward()
        (tensor([0., 1.]),) (tensor([1., 1.]),)
    """
    return everywhere.add_backward(hook, full=True, where="as a global Module hook")


def register_module_backward_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` at the last operation of each module, as PyTorch once did.

    `Module.register_backward_hook` says what the hook gets.

    Raises:
        RuntimeError: there have been hooks of `register_module_full_backward_hook`.

    Examples:
        >>> from nnkit.nn.modules.module import register_module_backward_hook, register_module_full_backward_hook
        >>> with register_module_full_backward_hook(print):  # doctest: +ELLIPSIS
        ...     register_module_backward_hook(print)
        Traceback (most recent call last):
            ...
        RuntimeError: Cannot use both regular backward hooks and full backward hooks as a global Module hook. ...
    """
    return everywhere.add_backward(hook, full=False, where="as a global Module hook")
