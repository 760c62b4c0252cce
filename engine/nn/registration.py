"""What happens when a module's attribute is set, found or deleted.

Source: the rules and the messages are those of PyTorch's `torch.nn.Module`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnkit.nn.parameter import Buffer, Parameter
from nnkit.tensors import Tensor
from nnkit.tensors.naming import typename


class Registration:
    """The tables of a module: its parameters, buffers and children, each by name.

    Setting an attribute to a parameter or module enters it into its table, reading one finds it there.
    `Module` is the only class made from this one; "a module" below means either.
    """

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _non_persistent_buffers_set: set[str]
    _modules: dict[str, Any]

    def __init__(self) -> None:
        # Past __setattr__, which needs these tables to exist.
        self.__dict__.update(_parameters={}, _buffers={}, _non_persistent_buffers_set=set(), _modules={})

    def _check_name(self, kind: str, name: str, table: Mapping[str, object], dot: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."{dot}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in table:
            raise KeyError(f"attribute '{name}' already exists")

    def _table(self, table: str, what: str) -> dict[str, Any]:
        if table not in self.__dict__:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")
        found: dict[str, Any] = self.__dict__[table]
        return found

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or None to reserve its name.

        Raises:
            TypeError: `param` is not a Parameter, or `name` is not text.
            ValueError: `param` is the result of a calculation.
            KeyError: the name is taken, empty or contains a dot.

        Examples:
            >>> layer = nn.Identity()
            >>> layer.register_parameter("scale", nn.Parameter(torch.ones(1)))
            >>> list(layer.state_dict())
            ['scale']
        """
        table = self._table("_parameters", "parameter")
        self._check_name("parameter", name, table, "")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                f"explicitly. To express '{name}' as a function of another Tensor, compute the value in "
                "the forward() method."
            )
        table[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the module's state but is not trained.

        Args:
            name: attribute under which the tensor is found.
            tensor: the tensor, or None to reserve the name.
            persistent: whether `state_dict` has it.

        Raises:
            TypeError: `tensor` is not a Tensor, or `name` is not text.
            KeyError: the name is taken, empty or contains a dot.

        Examples:
            >>> layer = nn.Identity()
            >>> layer.register_buffer("mean", torch.zeros(2))
            >>> layer.mean, list(layer.state_dict())
            (tensor([0., 0.]), ['mean'])
        """
        table = self._table("_buffers", "buffer")
        self._check_name("buffer", name, table, "")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        table[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Registration | None) -> None:
        """Add a child, reached as the attribute `name`.

        Raises:
            TypeError: `module` is not a Module, or `name` is not text.
            KeyError: the name is taken, empty or contains a dot.

        Examples:
            >>> net = nn.Sequential()
            >>> net.add_module("activation", nn.ReLU())
            >>> net.activation
            ReLU()
        """
        if module is not None and not isinstance(module, Registration):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_name("module", name, self._modules, f", got: {name}")
        self._modules[name] = module

    register_module = add_module

    def _forget(self, name: str, *, keep: str) -> None:
        """Remove `name` wherever it lives but in the table `keep`, which is about to take it."""
        for table in ("_parameters", "_buffers", "_modules"):
            if table != keep:
                self.__dict__.get(table, {}).pop(name, None)
        if keep != "_buffers":
            self.__dict__.get("_non_persistent_buffers_set", set()).discard(name)
        self.__dict__.pop(name, None)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self._table("_parameters", "parameters")
            self._forget(name, keep="_parameters")
            self.register_parameter(name, value)
        elif name in self.__dict__.get("_parameters", ()):
            self._require(name, value, None, "parameter", "(torch.nn.Parameter or None expected)")
            self._parameters[name] = None
        elif isinstance(value, Registration):
            self._table("_modules", "module")
            self._forget(name, keep="_modules")
            self._modules[name] = value
        elif name in self.__dict__.get("_modules", ()):
            self._require(name, value, None, "child module", "(torch.nn.Module or None expected)")
            self._modules[name] = None
        elif isinstance(value, Buffer):
            self.register_buffer(name, value, value.persistent)
        elif name in self.__dict__.get("_buffers", ()):
            self._require(name, value, Tensor, "buffer", "(torch.nn.Buffer, torch.Tensor or None expected)")
            self._buffers[name] = value
        else:
            object.__setattr__(self, name, value)

    @staticmethod
    def _require(name: str, value: Any, kind: type | None, role: str, expected: str) -> None:
        """Raise PyTorch's TypeError unless the value of a registered name is None or of a kind."""
        if value is not None and (kind is None or not isinstance(value, kind)):
            raise TypeError(f"cannot assign '{typename(value)}' as {role} '{name}' {expected}")

    def __getattr__(self, name: str) -> Any:
        # Only names that ordinary look-up does not find come here.
        for table in ("_parameters", "_buffers", "_modules"):
            members = self.__dict__.get(table, {})
            if name in members:
                return members[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for table in (self._parameters, self._buffers, self._modules):
            if name in table:
                del table[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*super().__dir__(), *self._parameters, *self._buffers, *self._modules}
        # The numbers of a list's members are no attributes that one could write.
        return sorted(name for name in names if not name[0].isdigit())
