"""Module, the base of all layers and networks: a tree of parameters, buffers and child modules.

Beside it are what `load_state_dict` returns and the hooks of all modules, as in PyTorch.

Source: the surface and the messages are those of PyTorch's `torch.nn.Module`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from nnkit.devices import available
from nnkit.devices import device as Device
from nnkit.dtypes import dtype as DType
from nnkit.dtypes import float16, float32, float64
from nnkit.nn.hooked import Hooked
from nnkit.nn.hooks import (
    HookedCall,
    everywhere,
    register_module_backward_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
)
from nnkit.nn.state import State, _IncompatibleKeys, collect_state, load_state
from nnkit.nn.tree import Tree
from nnkit.tensors import Tensor, no_grad

__all__ = [
    "Module",
    "_IncompatibleKeys",
    "register_module_backward_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
]

Self = TypeVar("Self", bound="Module")


def _forward_unimplemented(self: Module, *inputs: Any) -> None:
    """Calculate the output; every module that is called has its own.

    Raises:
        NotImplementedError: the module has none.

    Examples:
        >>> class Twice(nn.Module):
        ...     def forward(self, x):
        ...         return 2 * x
        >>> Twice()(torch.ones(2))
        tensor([2., 2.])
    """
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


def _indent(text: str) -> str:
    return text.replace("\n", "\n  ")


class Module(Hooked, Tree):
    """A layer or network: `forward` computes; attributes that are parameters or modules are registered.

    A module of one's own calls `super().__init__()` before it sets the first of them.

    Examples:
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.fc = nn.Linear(4, 2)
        ...
        ...     def forward(self, x):
        ...         return self.fc(x)
        >>> Net()
        Net(
          (fc): Linear(in_features=4, out_features=2, bias=True)
        )
        >>> Net()(torch.ones(3, 4)).shape
        torch.Size([3, 2])
    """

    training: bool
    _modules: dict[str, Module | None]
    _version = 1

    # A callable and not a method, so that every subclass may choose its own arguments.
    forward: Callable[..., Any] = _forward_unimplemented

    def __init__(self) -> None:
        super().__init__()
        self.training = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call `forward`, and the hooks around it."""
        if self._hooks is None and not everywhere.registered:
            return self.forward(*args, **kwargs)
        return HookedCall(self, args, kwargs).run()

    # Changing the tree

    def apply(self: Self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` with every module of the tree, children first, and return this module.

        Examples:
            >>> def start(module):
            ...     if isinstance(module, nn.Linear):
            ...         nn.init.ones_(module.weight)
            >>> nn.Sequential(nn.Linear(2, 1), nn.ReLU()).apply(start)[0].weight.tolist()
            [[1.0, 1.0]]
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self: Self, mode: bool = True) -> Self:
        """Set every module of the tree to training mode (or, with False, to evaluation), and return this module.

        Raises:
            ValueError: `mode` is not a boolean.

        Examples:
            >>> nn.Dropout().train(False).training
            False
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        # Each child is asked, because it may have a `train` of its own, which keeps something as it is.
        for child in self.children():
            child.train(mode)
        return self

    def eval(self: Self) -> Self:
        """Set every module of the tree to evaluation, and return this module.

        Examples:
            >>> nn.Dropout().eval()(torch.ones(2))
            tensor([1., 1.])
        """
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Say of all parameters whether gradients are computed for them, and return this module.

        Examples:
            >>> [each.requires_grad for each in nn.Linear(2, 1).requires_grad_(False).parameters()]
            [False, False]
        """
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or fill them with zeros.

        Examples:
            >>> layer = nn.Linear(2, 1)
            >>> layer(torch.ones(1, 2)).sum().backward()
            >>> layer.zero_grad()
            >>> print(layer.weight.grad)
            None
        """
        with no_grad():
            for parameter in self.parameters():
                if set_to_none:
                    parameter.grad = None
                elif parameter.grad is not None:
                    parameter.grad.zero_()

    # Converting

    def _apply(self: Self, convert: Callable[[Tensor], Tensor]) -> Self:
        """Replace the values of all parameters, their gradients, and the buffers."""
        for child in self.children():
            child._apply(convert)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    gradient = parameter.grad
                    # The Parameter stays the same object: optimizers hold it.
                    parameter.data = convert(parameter.data)
                    if gradient is not None:
                        parameter.grad = convert(gradient)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = convert(buffer)
        return self

    def _as_float(self: Self, dtype: DType) -> Self:
        return self._apply(lambda each: each.to(dtype) if each.is_floating_point() else each)

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

        Examples:
            >>> nn.Linear(2, 1).to("cpu").to(torch.float64).weight.dtype
            torch.float64
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
        return self._as_float(dtype)

    def cpu(self: Self) -> Self:
        """Move parameters and buffers to main memory.

        Examples:
            >>> nn.Linear(2, 1).cpu().weight.device
            device(type='cpu')
        """
        return self.to("cpu")

    def cuda(self: Self, device: int | Device | None = None) -> Self:
        """Move parameters and buffers to a GPU.

        Raises:
            AssertionError: there is no CUDA backend.

        Examples:
            >>> nn.Linear(2, 1).cuda()
            Traceback (most recent call last):
                ...
            AssertionError: Torch not compiled with CUDA enabled
        """
        return self.to("cuda" if device is None else device)

    def type(self: Self, dst_type: DType) -> Self:
        """Change all parameters and buffers to a dtype, whole numbers too.

        Examples:
            >>> nn.Linear(2, 1).type(torch.float64).bias.dtype
            torch.float64
        """
        return self._apply(lambda each: each.to(dst_type))

    def float(self: Self) -> Self:
        """Change the floating-point parameters and buffers to float32.

        Examples:
            >>> nn.Linear(2, 1).double().float().weight.dtype
            torch.float32
        """
        return self._as_float(float32)

    def double(self: Self) -> Self:
        """Change the floating-point parameters and buffers to float64.

        Examples:
            >>> nn.Linear(2, 1).double().weight.dtype
            torch.float64
        """
        return self._as_float(float64)

    def half(self: Self) -> Self:
        """Change the floating-point parameters and buffers to float16.

        Examples:
            >>> nn.Linear(2, 1).half().weight.dtype
            torch.float16
        """
        return self._as_float(float16)

    # State

    def state_dict(self, *, destination: State | None = None, prefix: str = "", keep_vars: bool = False) -> State:
        """Return the parameters and persistent buffers under their dotted names.

        The tensors share memory with the module: copy them to keep them.

        Args:
            destination: a dictionary to add to instead of a new one.
            prefix: put in front of every name.
            keep_vars: return the parameters themselves, not detached tensors.

        Examples:
            >>> list(nn.Sequential(nn.Linear(4, 2)).state_dict())
            ['0.weight', '0.bias']
        """
        return collect_state(self, destination, prefix, keep_vars)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
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

        Examples:
            >>> layer = nn.Linear(4, 2)
            >>> layer.load_state_dict(nn.Linear(4, 2).state_dict())
            <All keys matched successfully>
            >>> layer.load_state_dict({"weight": torch.ones(2, 4)}, strict=False)
            _IncompatibleKeys(missing_keys=['bias'], unexpected_keys=[])
        """
        return load_state(self, state_dict, strict, assign)

    def kept_by_older(self, version: int | None) -> Sequence[str]:
        """Return which own values stay as they are where a state of this version of the module does not have them.

        Examples:
            >>> nn.BatchNorm2d(3).kept_by_older(1)
            ('num_batches_tracked',)
        """
        return ()

    # Copying and printing

    def __copy__(self: Self) -> Self:
        # Without `__reduce_ex__`, which is what pickles are made of too.
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self: Self, memo: dict[int, Any]) -> Self:
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            f"cannot pickle '{self._get_name()}' object: keep its state_dict() instead, as in "
            "torch.save(model.state_dict(), path) and model.load_state_dict(torch.load(path))"
        )

    def extra_repr(self) -> str:
        """Return what is printed between the parentheses before the children; layers override it.

        Examples:
            >>> nn.Linear(4, 2).extra_repr()
            'in_features=4, out_features=2, bias=True'
        """
        return ""

    def _child_lines(self) -> list[str]:
        return [f"({name}): {_indent(repr(module))}" for name, module in self._modules.items()]

    def __repr__(self) -> str:
        extra = self.extra_repr()
        own = extra.split("\n") if extra else []
        lines = own + self._child_lines()
        name = self._get_name()
        if len(own) == 1 and len(lines) == 1:
            return f"{name}({extra})"
        return f"{name}(\n  " + "\n  ".join(lines) + "\n)" if lines else f"{name}()"
