"""Module, the base of all layers and networks: a tree of parameters, buffers and child modules.

Source: the surface and the messages are those of PyTorch's `torch.nn.Module`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from nnkit.devices import available
from nnkit.devices import device as Device
from nnkit.dtypes import dtype as DType
from nnkit.dtypes import float32, float64
from nnkit.nn.hooks import Hook, ModuleHooks
from nnkit.nn.parameter import Parameter
from nnkit.nn.registration import Registration
from nnkit.nn.state import IncompatibleKeys, State, collect_state, load_state
from nnkit.tensors import RemovableHandle, Tensor, no_grad

Self = TypeVar("Self", bound="Module")


def _forward_unimplemented(self: Module, *inputs: Any) -> None:
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


def _indent(text: str) -> str:
    return text.replace("\n", "\n  ")


class Module(Registration):
    """A layer or network: `forward` computes; attributes that are parameters or modules are registered.

    Example:
        >>> import nnkit
        >>> from nnkit import nn
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.fc = nn.Linear(4, 2)
        ...
        ...     def forward(self, x):
        ...         return self.fc(x)
        >>> Net()(nnkit.ones(3, 4)).shape
        torch.Size([3, 2])
    """

    training: bool
    _modules: dict[str, Module | None]
    _version = 1
    # None until the first hook, so that a call without hooks costs one look-up more than `forward`.
    _hooks: ModuleHooks | None = None

    # A callable and not a method, so that every subclass may choose its own arguments.
    forward: Callable[..., Any] = _forward_unimplemented

    def __init__(self) -> None:
        super().__init__()
        self.training = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call `forward`, and the hooks around it."""
        if self._hooks is None:
            return self.forward(*args, **kwargs)
        return self._hooks.call(self, args, kwargs)

    # Walking the tree

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the direct children with their names, each module once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """Yield the direct children."""
        for _, module in self.named_children():
            yield module

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yield this module and all below it, depth first, with dotted names ("" is this module)."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """Yield this module and all below it."""
        for _, module in self.named_modules():
            yield module

    def _named_members(
        self, table: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else iter([(prefix, self)])
        )
        for path, module in modules:
            for name, member in module.__dict__[table].items():
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield (f"{path}.{name}" if path else name), member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield the parameters with their dotted names: a module's own before those of its children."""
        yield from self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield the parameters, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield the buffers with their dotted names, also those that `state_dict` leaves out."""
        yield from self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield the buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        """Return the module at a dotted path; "" is this one.

        Raises:
            AttributeError: there is nothing at the path, or it is not a Module.
        """
        module = self
        for name in target.split(".") if target else []:
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def _get_member(self, target: str) -> tuple[Module, str]:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        return module, name

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter at a dotted path.

        Raises:
            AttributeError: there is nothing at the path, or it is not a Parameter.
        """
        module, name = self._get_member(target)
        parameter = getattr(module, name)
        if not isinstance(parameter, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return parameter

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer at a dotted path.

        Raises:
            AttributeError: there is nothing at the path, or it is not a buffer.
        """
        module, name = self._get_member(target)
        buffer = module._buffers.get(name)
        if buffer is None:
            raise AttributeError(f"`{name}` is not a buffer")
        return buffer

    # Changing the tree

    def apply(self: Self, fn: Callable[[Module], None]) -> Self:
        """Call `fn` with every module of the tree, children first, and return this module."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self: Self, mode: bool = True) -> Self:
        """Set every module of the tree to training mode (or, with False, to evaluation).

        Raises:
            ValueError: `mode` is not a boolean.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Set every module of the tree to evaluation: dropout, for one, lets everything through."""
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Say of all parameters whether gradients are computed for them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or fill them with zeros."""
        with no_grad():
            for parameter in self.parameters():
                if set_to_none:
                    parameter.grad = None
                elif parameter.grad is not None:
                    parameter.grad.zero_()

    def to(
        self: Self,
        device: Device | DType | Tensor | str | int | None = None,
        dtype: DType | None = None,
        non_blocking: bool = False,
    ) -> Self:
        """Move parameters and buffers to a device, or change the floating-point ones to a dtype.

        Args:
            device: a device; or, as in PyTorch, a dtype or a tensor whose dtype and device are taken.
            dtype: `nnkit.float32` or `nnkit.float64`.
            non_blocking: accepted and without effect.

        Raises:
            TypeError: `dtype` is not a floating-point type.
            AssertionError: the device is CUDA, for which there is no backend.
        """
        if isinstance(device, Tensor):
            dtype, device = device.dtype, device.device
        elif isinstance(device, DType):
            device, dtype = None, device
        if device is not None:
            available(device)
        if dtype is None:
            return self
        if not dtype.is_floating_point:
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        return self._convert(dtype)

    def _convert(self: Self, dtype: DType) -> Self:
        with no_grad():
            for parameter in self.parameters():
                if parameter.dtype.is_floating_point:
                    # The Parameter stays the same object: optimizers hold it.
                    parameter.data = parameter.data.to(dtype)
                    if parameter.grad is not None:
                        parameter.grad = parameter.grad.to(dtype)
            for module in self.modules():
                for name, buffer in module._buffers.items():
                    if buffer is not None and buffer.dtype.is_floating_point:
                        module._buffers[name] = buffer.to(dtype)
        return self

    def cpu(self: Self) -> Self:
        """Move parameters and buffers to main memory."""
        return self.to("cpu")

    def cuda(self: Self, device: int | Device | None = None) -> Self:
        """Move parameters and buffers to a GPU.

        Raises:
            AssertionError: there is no CUDA backend.
        """
        return self.to("cuda" if device is None else device)

    def float(self: Self) -> Self:
        """Change the floating-point parameters and buffers to float32."""
        return self._convert(float32)

    def double(self: Self) -> Self:
        """Change the floating-point parameters and buffers to float64."""
        return self._convert(float64)

    # State

    def state_dict(self, *, destination: State | None = None, prefix: str = "", keep_vars: bool = False) -> State:
        """Return the parameters and persistent buffers under their dotted names.

        The tensors share memory with the module: copy them to keep them.

        Args:
            destination: a dictionary to add to instead of a new one.
            prefix: put in front of every name.
            keep_vars: return the parameters themselves, not detached tensors.
        """
        return collect_state(self, destination, prefix, keep_vars)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values into the parameters and buffers; on any error nothing is changed.

        Args:
            state_dict: values by name, as `state_dict` returns them.
            strict: refuse missing and unexpected names instead of reporting them.
            assign: use the given tensors themselves instead of copying their values.

        Returns:
            The names that were missing and those that were unexpected.

        Raises:
            TypeError: `state_dict` is not a mapping.
            RuntimeError: names, shapes or dtypes differ; the message lists all of them.
        """
        return load_state(self, state_dict, strict, assign)

    def kept_by_older(self, version: int | None) -> Sequence[str]:
        """Return which own values stay as they are where a state of this version of the module does not have them."""
        return ()

    # Hooks

    def _own_hooks(self) -> ModuleHooks:
        if self._hooks is None:
            self._hooks = ModuleHooks()
        return self._hooks

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; what it returns replaces the arguments.

        With `with_kwargs` it is called as `hook(module, args, kwargs)` and returns both or None.
        """
        return self._own_hooks().add("forward_pre", hook, prepend, with_kwargs)

    def register_forward_hook(self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; what it returns replaces the output.

        With `with_kwargs` it is called as `hook(module, args, kwargs, output)`.
        """
        return self._own_hooks().add("forward", hook, prepend, with_kwargs)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the gradients of the outputs are known.

        A tuple that it returns replaces them for the calculation that follows.
        """
        return self._own_hooks().add("full_backward_pre", hook, prepend)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are known.

        A tuple that it returns replaces `grad_input`.

        Raises:
            RuntimeError: the module has hooks of `register_backward_hook`.
        """
        return self._own_hooks().add("full_backward", hook, prepend)

    def register_backward_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` at the last operation of `forward`, as PyTorch once did.

        `grad_input` are then the gradients of that operation's inputs, for a convolution those of input,
        weight and bias. `register_full_backward_hook` gives those of the module's inputs.

        Raises:
            RuntimeError: the module has hooks of `register_full_backward_hook`.
        """
        return self._own_hooks().add("backward", hook)

    # Printing

    def extra_repr(self) -> str:
        """Return what is printed between the parentheses before the children; layers override it."""
        return ""

    def _child_lines(self) -> list[str]:
        return [f"({name}): {_indent(repr(module))}" for name, module in self._modules.items()]

    def __repr__(self) -> str:
        extra = self.extra_repr()
        own = extra.split("\n") if extra else []
        lines = own + self._child_lines()
        name = type(self).__name__
        if len(own) == 1 and len(lines) == 1:
            return f"{name}({extra})"
        return f"{name}(\n  " + "\n  ".join(lines) + "\n)" if lines else f"{name}()"
