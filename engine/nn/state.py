"""A module's values by name: collected for saving, and loaded without ever changing half of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from nnkit.nn.parameter import Parameter
from nnkit.tensors import Tensor, no_grad

if TYPE_CHECKING:
    from nnkit.nn.modules.module import Module

State = OrderedDict[str, Any]


class _IncompatibleKeys(NamedTuple):
    """The names that a state dictionary lacked, and those that the module does not know."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"


# Where PyTorch has it, which is what its type shows.
_IncompatibleKeys.__module__ = "nnkit.nn.modules.module"


def _own_state(module: Module) -> Iterator[tuple[str, Tensor]]:
    for name, parameter in module._parameters.items():
        if parameter is not None:
            yield name, parameter
    for name, buffer in module._buffers.items():
        if buffer is not None and name not in module._non_persistent_buffers_set:
            yield name, buffer


def _children(module: Module, prefix: str) -> Iterator[tuple[str, Module]]:
    for name, child in module._modules.items():
        if child is not None:
            yield f"{prefix}{name}.", child


def collect_state(module: Module, destination: State | None, prefix: str, keep_vars: bool) -> State:
    """Enter the module's values into `destination`, or a new dictionary, with `prefix` before each name."""
    if destination is None:
        destination = OrderedDict()
        # PyTorch keeps the version of each module's format here, beside the values.
        destination._metadata = OrderedDict()  # type: ignore[attr-defined]
    metadata = getattr(destination, "_metadata", None)
    if metadata is not None:
        metadata[prefix[:-1]] = {"version": module._version}
    for name, value in _own_state(module):
        destination[prefix + name] = value if keep_vars else value.detach()
    for path, child in _children(module, prefix):
        collect_state(child, destination, path, keep_vars)
    return destination


class _Loading:
    """What the first pass over the modules found: what to write where, and what is wrong."""

    def __init__(self, state: Mapping[str, Any], assign: bool) -> None:
        self.state = state
        self.metadata: Mapping[str, Any] = getattr(state, "_metadata", None) or {}
        self.assign = assign
        self.accepted: list[tuple[Module, str, Tensor]] = []
        self.missing: list[str] = []
        self.unexpected: list[str] = []
        self.errors: list[str] = []

    def visit(self, module: Module, prefix: str) -> None:
        expected = dict(_own_state(module))
        version = self.metadata.get(prefix[:-1], {}).get("version")
        kept = () if all(prefix + name in self.state for name in expected) else module.kept_by_older(version)
        for name, value in expected.items():
            key = prefix + name
            if key not in self.state and name in kept:
                continue
            if key not in self.state:
                self.missing.append(key)
                continue
            given = self.given(key, value)
            if problem := self.problem(key, given, value):
                self.errors.append(problem)
            else:
                self.accepted.append((module, name, given))
        for key in self.state:
            if key.startswith(prefix):
                first, dot, _ = key[len(prefix) :].partition(".")
                if first not in module._modules if dot else first not in expected:
                    self.unexpected.append(key)
        for path, child in _children(module, prefix):
            self.visit(child, path)

    def given(self, key: str, expected: Tensor) -> Any:
        """Return the value of a name; what is a single number now was once saved as a list of one."""
        value = self.state[key]
        return value[0] if isinstance(value, Tensor) and value.shape == (1,) and expected.dim() == 0 else value

    def problem(self, key: str, value: Any, expected: Tensor) -> str | None:
        if not isinstance(value, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object '
                f"from checkpoint but received {type(value)}"
            )
        if value.shape != expected.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
                f"the shape in current model is {expected.shape}."
            )
        if value.dtype != expected.dtype and not self.assign:
            # PyTorch casts here without a word, and integers or halved precision pass for weights.
            return (
                f"dtype mismatch for {key}: copying a param with dtype {value.dtype} from checkpoint, "
                f"the dtype in current model is {expected.dtype}; convert one of them first."
            )
        refusal = self.refusal(value, expected)
        return refusal and (
            f'While copying the parameter named "{key}", whose dimensions in the model are {expected.shape} and whose '
            f"dimensions in the checkpoint are {value.shape}, an exception occurred : {(refusal,)}."
        )

    def refusal(self, value: Tensor, expected: Tensor) -> str | None:
        """Return what writing would raise, so that it is known before anything is written."""
        if self.assign:
            refused = expected.requires_grad and not value.is_floating_point()
            return "Only Tensors of floating point and complex dtype can require gradients" if refused else None
        target = expected.array
        if any(stride == 0 and size > 1 for stride, size in zip(target.strides, target.shape, strict=True)):
            return (
                "unsupported operation: more than one element of the written-to tensor refers to a single memory "
                "location. Please clone() the tensor before performing the operation."
            )
        return None if target.flags.writeable else "the memory of the tensor is read-only; give the module a copy first"

    def write(self) -> None:
        for module, name, value in self.accepted:
            current = getattr(module, name)
            if not self.assign:
                current.copy_(value)
            elif not isinstance(current, Parameter):
                setattr(module, name, value)
            elif isinstance(value, Parameter):
                setattr(module, name, value.requires_grad_(current.requires_grad))
            else:
                setattr(module, name, Parameter(value, current.requires_grad))


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def load_state(module: Module, state: Mapping[str, Any], strict: bool, assign: bool) -> _IncompatibleKeys:
    """Check everything, then write everything; see `Module.load_state_dict`."""
    if not isinstance(state, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state)}.")
    loading = _Loading(state, assign)
    loading.visit(module, "")
    errors = loading.errors
    if strict and loading.unexpected:
        errors.insert(0, f"Unexpected key(s) in state_dict: {_quoted(loading.unexpected)}. ")
    if strict and loading.missing:
        errors.insert(0, f"Missing key(s) in state_dict: {_quoted(loading.missing)}. ")
    if errors:
        listed = "\n\t".join(errors)
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t{listed}")
    with no_grad():
        loading.write()
    return _IncompatibleKeys(loading.missing, loading.unexpected)
