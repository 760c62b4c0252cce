"""Every public name explains itself, and its examples do what they say."""

import doctest
import inspect

import pytest
from public_names import IDS, NAMES, documented

import nnkit
from nnkit import nn

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def namespace():
    """Return what examples may name without importing it."""
    from nnkit import autograd, optim
    from nnkit.nn import functional, init
    from nnkit.optim import lr_scheduler

    known = {"torch": nnkit, "nnkit": nnkit, "nn": nn, "F": functional, "init": init, "optim": optim}
    return known | {"autograd": autograd, "lr_scheduler": lr_scheduler}


@pytest.mark.parametrize(("path", "name"), NAMES, ids=IDS)
def test_a_public_name_has_an_example_that_runs(path, name):
    text = inspect.getdoc(documented(path, name)) or ""
    assert text, "no docstring"
    examples = doctest.DocTestParser().get_doctest(text, namespace(), f"{path}.{name}", None, 0)
    assert examples.examples, "no example"
    nnkit.manual_seed(0)
    failures = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(examples, out=failures.append)
    assert not failures, "".join(failures)


# What has other modules in it, and takes what they take.
CONTAINERS = {"Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "RNNBase", "Sequential"}
LAYERS = {
    name: layer
    for path, name in NAMES
    if path == "nnkit.nn" and isinstance(layer := getattr(nn, name), type) and issubclass(layer, nn.Module)
}
TENSORS = [
    nnkit.tensor(True),
    nnkit.tensor(2),
    nnkit.arange(3),
    nnkit.ones(0),
    nnkit.ones(2, 3).double(),
    nnkit.ones(2, 3) > 0,
    nnkit.ones(1, 2, 3, 4, 5),
]


@pytest.mark.parametrize("name", sorted(LAYERS.keys() - CONTAINERS))
def test_a_layer_says_which_shapes_it_takes_and_what_it_refuses(name):
    text = inspect.getdoc(LAYERS[name])
    assert "\nShapes:\n" in text
    if "\nRaises:\n" not in text:
        for tensor in TENSORS:
            LAYERS[name]()(tensor)
