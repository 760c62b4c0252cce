"""What users can name: the reference has an entry for each of it, and the tests want a docstring and an example."""

from __future__ import annotations

import functools
import importlib
import inspect
import types
from typing import Any

import nnkit

# Namespaces by the path that users write. Their own parts that PyTorch does not have are among them.
NAMESPACES = (
    "nnkit",
    "nnkit.Tensor",
    "nnkit.autograd",
    "nnkit.nn",
    "nnkit.nn.Module",
    "nnkit.nn.functional",
    "nnkit.nn.init",
    "nnkit.nn.utils",
    "nnkit.optim",
    "nnkit.optim.Optimizer",
    "nnkit.optim.lr_scheduler",
    "nnkit.utils.data",
    "nnkit.vision.datasets",
    "nnkit.vision.transforms",
)

# What the engine's own rooms do with tensors; users have no need of it.
_INTERNAL = frozenset(
    {"accumulate_grad", "backend", "become", "check_change", "detached", "edge", "set_node", "settle"}
)


def namespace(path: str) -> Any:
    """Return the module or class of a path."""
    module, _, name = path.rpartition(".")
    return getattr(namespace(module), name) if name[:1].isupper() else importlib.import_module(path)


@functools.cache
def public_names(path: str) -> tuple[str, ...]:
    """Return the names of functions, classes, methods and properties that a namespace offers, in alphabetical order."""
    home = namespace(path)
    names = nnkit.public_names() if path == "nnkit" else getattr(home, "__all__", None) or dir(home)
    return tuple(sorted(name for name in names if _is_documented(path, home, name)))


def _is_documented(path: str, home: Any, name: str) -> bool:
    if name.startswith("_") or (path == "nnkit.Tensor" and name in _INTERNAL):
        return False
    value = inspect.getattr_static(home, name, None) if isinstance(home, type) else getattr(home, name)
    if isinstance(home, type):
        return callable(value) or isinstance(value, property | staticmethod | classmethod)
    if isinstance(value, types.ModuleType) or not (inspect.isroutine(value) or isinstance(value, type)):
        return False
    return path == "nnkit" or hasattr(home, "__all__") or value.__module__ == path


def documented(path: str, name: str) -> Any:
    """Return what has the docstring of a name: the function behind a property or a method."""
    value = inspect.getattr_static(namespace(path), name) if path[path.rfind(".") + 1].isupper() else None
    value = getattr(namespace(path), name) if value is None else value
    return inspect.unwrap(getattr(value, "fget", None) or getattr(value, "__func__", None) or value)
