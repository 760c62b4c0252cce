"""The part of a module that takes hooks."""

from __future__ import annotations

from nnkit.nn.hooks import Hook, ModuleHooks
from nnkit.tensors import RemovableHandle


def _table(name: str) -> property:
    """Return an attribute that is one table of a module's hooks, which PyTorch's users empty or replace."""
    return property(
        lambda module: getattr(module._own_hooks(), name),
        lambda module, hooks: setattr(module._own_hooks(), name, hooks),
    )


class Hooked:
    """The hooks of a module, and how they are registered."""

    # None until the first hook, so that a call without hooks costs two look-ups more than `forward`.
    _hooks: ModuleHooks | None = None

    _forward_pre_hooks = _table("forward_pre")
    _forward_hooks = _table("forward")
    _backward_pre_hooks = _table("backward_pre")
    _backward_hooks = _table("backward")

    def _own_hooks(self) -> ModuleHooks:
        if self._hooks is None:
            self._hooks = ModuleHooks()
        return self._hooks

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; what it returns replaces the arguments.

        Args:
            hook: gets the positional arguments as a tuple, and returns None, a tuple, or a single argument.
            prepend: call it before the hooks that are there already.
            with_kwargs: call it as `hook(module, args, kwargs)`; it returns None or both.

        Returns:
            A handle whose `remove()` takes the hook off again.

        Raises:
            RuntimeError: at the call, where a hook `with_kwargs` returned something else.

        Example:
            >>> layer = nn.ReLU()
            >>> handle = layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
            >>> layer(torch.tensor([-3.0, 0.0]))
            tensor([0., 1.])
        """
        hooks = self._own_hooks()
        return hooks.add(hooks.forward_pre, hook, prepend=prepend, with_kwargs=with_kwargs)

    def register_forward_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; what it returns replaces the output.

        Args:
            hook: gets the positional arguments as a tuple, and returns None or another output.
            prepend: call it before the hooks that are there already.
            with_kwargs: call it as `hook(module, args, kwargs, output)`.
            always_call: call it also where something raises, with None for an output that there is not.

        Returns:
            A handle whose `remove()` takes the hook off again; it is a context manager, too.

        Example:
            >>> layer = nn.Linear(4, 2)
            >>> with layer.register_forward_hook(lambda module, args, output: print(args[0].shape, output.shape)):
            ...     _ = layer(torch.ones(3, 4))
            torch.Size([3, 4]) torch.Size([3, 2])
        """
        hooks = self._own_hooks()
        return hooks.add(hooks.forward, hook, prepend=prepend, with_kwargs=with_kwargs, always_call=always_call)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the gradients of the outputs are known.

        A tuple that it returns replaces them for the calculation that follows.

        Raises:
            RuntimeError: in the backward pass, where the tuple has another length.

        Example:
            >>> layer = nn.Linear(1, 1)
            >>> handle = layer.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 10,))
            >>> layer(torch.ones(1, 1, requires_grad=True)).sum().backward()
            >>> layer.bias.grad
            tensor([10.])
        """
        hooks = self._own_hooks()
        return hooks.add(hooks.backward_pre, hook, prepend=prepend)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are known.

        Both are tuples with a place for each positional argument and each output, None where that is no tensor.
        A tuple that the hook returns replaces `grad_input`.

        Raises:
            RuntimeError: there have been hooks of `register_backward_hook`; or, in the backward pass, the tuple has
                another length.

        Example:
            >>> layer = nn.ReLU()
            >>> handle = layer.register_full_backward_hook(lambda module, inward, outward: print(inward, outward))
            >>> layer(torch.tensor([-1.0, 1.0], requires_grad=True)).sum().backward()
            (tensor([0., 1.]),) (tensor([1., 1.]),)
        """
        return self._own_hooks().add_backward(hook, full=True, prepend=prepend, where="on a single Module")

    def register_backward_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` at the last operation of `forward`, as PyTorch once did.

        `grad_input` are then the gradients of that operation's inputs, for a convolution those of input,
        weight and bias. `register_full_backward_hook` gives those of the module's inputs.

        Raises:
            RuntimeError: there have been hooks of `register_full_backward_hook`.

        Example:
            >>> layer = nn.Tanh()
            >>> handle = layer.register_backward_hook(lambda module, inward, outward: print(inward[0]))
            >>> layer(torch.zeros(1, requires_grad=True) * 1).backward()
            tensor([1.])
        """
        return self._own_hooks().add_backward(hook, full=False, where="on a single Module")
