"""Programs that are run in nnkit and in PyTorch, and what came of them."""

from __future__ import annotations

import ast
import collections
import copy
import importlib
import math
import warnings
from typing import Any

import numpy as np


def namespace(library: str) -> dict[str, Any]:
    """Return the names that a program may use, those of one of the two libraries."""
    package = importlib.import_module(library)
    modules = {
        "nn": "nn",
        "F": "nn.functional",
        "optim": "optim",
        "lr_scheduler": "optim.lr_scheduler",
        "autograd": "autograd",
    }
    return {
        "torch": package,
        "t": package,
        "np": np,
        "math": math,
        "copy": copy,
        "OrderedDict": collections.OrderedDict,
        **{name: importlib.import_module(f"{library}.{path}") for name, path in modules.items()},
    }


def evaluated(program: str, names: dict[str, Any]) -> Any:
    """Run a program and return the value of its last line, an expression."""
    tree = ast.parse(program)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr), "a program ends in an expression"
    exec(compile(tree, "<program>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<program>", "eval"), names)


def told(error: Exception) -> str:
    """Return the builtin type of an error and its message, without PyTorch's trace of its own C++ code."""
    kind = next(base for base in type(error).__mro__ if base.__module__ == "builtins")
    return f"{kind.__name__}: {str(error).split(chr(10) + 'Exception raised from')[0]}"


def _restore(package: Any) -> None:
    """Undo what a program may have switched for all that runs after it in this process."""
    package.set_default_device(None)
    package.use_deterministic_algorithms(False)
    package.set_grad_enabled(True)


def outcome(library: str, program: str) -> tuple[str, list[str]]:
    """Return what the last line of a program prints, or the error, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names = namespace(library)
        try:
            names["torch"].manual_seed(0)
            result = repr(evaluated(program, names))
        except Exception as error:
            result = told(error)
        finally:
            _restore(names["torch"])
    # PyTorch says where in its C++ code a warning comes from.
    shown = [f"{each.category.__name__}: {str(each.message).split(' (Triggered internally')[0]}" for each in caught]
    return result.replace("nnkit.", "torch."), [each.replace("nnkit.", "torch.") for each in shown]
