"""A module with its children as a tree: walking it, and finding what is in it.

Source: the order and the messages are those of PyTorch's `torch.nn.Module`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nnkit.nn.parameter import Parameter
from nnkit.nn.registration import Registration
from nnkit.tensors import Tensor

if TYPE_CHECKING:
    from nnkit.nn.modules.module import Module


class Tree(Registration):
    """What is in a module and in those below it, with dotted names; every module is one."""

    def _get_name(self) -> str:
        return type(self).__name__

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the direct children with their names, each module once.

        Examples:
            >>> list(nn.Sequential(nn.ReLU(), nn.Tanh()).named_children())
            [('0', ReLU()), ('1', Tanh())]
        """
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """Yield the direct children.

        Examples:
            >>> [type(child).__name__ for child in nn.Sequential(nn.Sequential(nn.ReLU()), nn.Tanh()).children()]
            ['Sequential', 'Tanh']
        """
        for _, module in self.named_children():
            yield module

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yield this module and all below it, depth first, with dotted names ("" is this module).

        Args:
            memo: modules that are left out.
            prefix: put in front of every name.
            remove_duplicate: yield a module that is there under several names only once.

        Examples:
            >>> [name for name, _ in nn.Sequential(nn.Sequential(nn.ReLU()), nn.Tanh()).named_modules()]
            ['', '0', '0.0', '1']
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        itself: Any = self
        yield prefix, itself
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """Yield this module and all below it, depth first.

        Examples:
            >>> [type(module).__name__ for module in nn.Sequential(nn.ReLU(), nn.Tanh()).modules()]
            ['Sequential', 'ReLU', 'Tanh']
        """
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def _named_members(
        self, table: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules: Iterator[tuple[str, Any]] = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else iter([(prefix, self)])
        )
        for path, module in modules:
            for name, member in getattr(module, table).items():
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield (f"{path}.{name}" if path else name), member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield the parameters with their dotted names: a module's own before those of its children.

        Args:
            prefix: put in front of every name.
            recurse: go into the children.
            remove_duplicate: yield a parameter that is there under several names only once.

        Examples:
            >>> [(name, tuple(each.shape)) for name, each in nn.Sequential(nn.Linear(4, 2)).named_parameters()]
            [('0.weight', (2, 4)), ('0.bias', (2,))]
        """
        yield from self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield the parameters, each once; without `recurse` only those of this module itself.

        Examples:
            >>> sum(parameter.numel() for parameter in nn.Linear(4, 2).parameters())
            10
        """
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield the buffers with their dotted names, also those that `state_dict` leaves out.

        The arguments are those of `named_parameters`.

        Examples:
            >>> layer = nn.Identity()
            >>> layer.register_buffer("mean", torch.zeros(2))
            >>> list(layer.named_buffers(prefix="layer"))
            [('layer.mean', tensor([0., 0.]))]
        """
        yield from self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield the buffers, each once; without `recurse` only those of this module itself.

        Examples:
            >>> list(nn.Linear(4, 2).buffers())
            []
        """
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        """Return the module at a dotted path; "" is this one.

        Raises:
            AttributeError: there is nothing at the path, or it is not a Module.

        Examples:
            >>> nn.Sequential(nn.Sequential(nn.ReLU())).get_submodule("0.0")
            ReLU()
        """
        module: Any = self
        for name in target.split(".") if target else []:
            module = module._get_attribute(name)
            if not isinstance(module, Tree):
                raise AttributeError(f"`{name}` is not an nn.Module")
        found: Module = module
        return found

    def _get_attribute(self, name: str) -> Any:
        if not hasattr(self, name):
            raise AttributeError(f"{self._get_name()} has no attribute `{name}`")
        return getattr(self, name)

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter at a dotted path.

        Raises:
            AttributeError: there is nothing at the path, or it is not a Parameter.

        Examples:
            >>> nn.Sequential(nn.Linear(4, 2)).get_parameter("0.bias").shape
            torch.Size([2])
        """
        path, _, name = target.rpartition(".")
        parameter = self.get_submodule(path)._get_attribute(name)
        if not isinstance(parameter, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return parameter

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer at a dotted path.

        Raises:
            AttributeError: there is nothing at the path, or it is not a buffer.

        Examples:
            >>> layer = nn.Identity()
            >>> layer.register_buffer("mean", torch.zeros(2))
            >>> layer.get_buffer("mean")
            tensor([0., 0.])
        """
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        buffer: Tensor = module._get_attribute(name)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return buffer


# By its name PyTorch refuses the generator in an optimizer's list, `[model.parameters()]`.
Tree.parameters.__qualname__ = "Module.parameters"


def parameter_count(tree: Tree) -> int:
    """Return how many numbers all parameters of a module have together."""
    return sum(parameter.numel() for parameter in tree.parameters())
