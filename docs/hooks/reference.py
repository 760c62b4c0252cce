"""The pages of the reference: one for each part of the public names, made from their docstrings."""

from __future__ import annotations

import inspect

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from public_names import documented, public_names

import nnkit

# The pages, with their titles and the namespaces on them.
PAGES = {
    "tensors": ("Tensors and functions", ["nnkit"]),
    "tensor": ("Tensor", ["nnkit.Tensor"]),
    "autograd": ("Differentiation", ["nnkit.autograd"]),
    "layers": ("Layers and losses", ["nnkit.nn", "nnkit.nn.Module", "nnkit.nn.utils"]),
    "functional": ("Layers as functions", ["nnkit.nn.functional"]),
    "init": ("Starting values", ["nnkit.nn.init"]),
    "optim": ("Optimizers", ["nnkit.optim", "nnkit.optim.Optimizer"]),
    "lr_scheduler": ("Schedules", ["nnkit.optim.lr_scheduler"]),
    "data": ("Data", ["nnkit.utils.data", "nnkit.vision.datasets", "nnkit.vision.transforms"]),
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for page, (title, namespaces) in PAGES.items():
        content = f"# {title}\n\n" + "\n".join(_section(path) for path in namespaces)
        files.append(File.generated(config, f"reference/{page}.md", content=content))
    return files


def _section(path: str) -> str:
    lines = [f"## {path}", ""]
    for name in public_names(path):
        lines += [f"::: {_home(path, name)}", "    options:", f"      heading: {path}.{name}"]
        # The methods of these have entries of their own.
        if f"{path}.{name}" in ("nnkit.Tensor", "nnkit.nn.Module", "nnkit.optim.Optimizer"):
            lines.append("      members: []")
        lines.append("")
    return "\n".join(lines)


def _home(path: str, name: str) -> str:
    """Return where a name is written: a method may come from a base class, a function from a method."""
    value = documented(path, name)
    if inspect.isfunction(value):
        # Methods of tensors call themselves those of Tensor, whatever base class they come from.
        owners = (base for base in nnkit.Tensor.__mro__ if vars(base).get(value.__name__) is value)
        qualname = next((f"{owner.__name__}.{value.__name__}" for owner in owners), value.__qualname__)
        return f"{value.__module__}.{qualname}"
    return f"{nnkit.home_of(name) if path == 'nnkit' else path}.{name}"
