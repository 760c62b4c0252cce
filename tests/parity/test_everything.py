"""Whatever nnkit shares with PyTorch is compared with it: by the tables, by samples, by the examples of docstrings."""

import doctest
import functools
import importlib
import inspect
import re
from pathlib import Path

import pytest
import torch
from parity.cases import table
from parity.programs import namespace
from public_names import NAMES, documented

import nnkit
from nnkit import ops

# How a line names what is in a namespace; methods are named behind a dot, classes of data by themselves.
PREFIXES = {
    "nnkit": r"\b(t|torch)\.",
    "nnkit.autograd": r"\b(autograd|torch)\.",
    "nnkit.nn": r"\bnn\.",
    "nnkit.nn.functional": r"\bF\.",
    "nnkit.nn.init": r"\binit\.",
    "nnkit.nn.utils": r"\butils\.",
    "nnkit.optim": r"\boptim\.",
    "nnkit.optim.lr_scheduler": r"\blr_scheduler\.",
    "nnkit.Tensor": r"\.",
    "nnkit.nn.Module": r"\.",
    "nnkit.optim.Optimizer": r"\.",
}


@functools.cache
def compared():
    """Return all that is compared, as one text."""
    samples = [sample.program for operation in ops.operations() for sample in operation.samples]
    modules = [row.module for name in ("LAYERS", "LOSSES") for row in table(name)]
    lines = [line for name in ("OPTIMIZERS", "SCHEDULES", "PROGRAMS") for line in table(name)]
    examples = [example.source for path, name in SHARED for example in examples_of(path, name)]
    programs = (Path(__file__).parent.parent / "programs").glob("*.py")
    return "\n".join([*samples, *modules, *lines, *examples, *(path.read_text(encoding="utf-8") for path in programs)])


def is_pytorchs(path, name):
    """Return whether PyTorch has this name in the same place."""
    place = path.replace("nnkit", "torch", 1)
    module, _, last = place.rpartition(".")
    try:
        home = getattr(importlib.import_module(module), last) if last[0].isupper() else importlib.import_module(place)
    except ImportError:
        return False
    return hasattr(home, name)


def examples_of(path, name):
    """Return the examples in the docstring of a name."""
    return doctest.DocTestParser().get_examples(inspect.getdoc(documented(path, name)) or "")


SHARED = [(path, name) for path, name in NAMES if is_pytorchs(path, name)]
IDS = [f"{path}.{name}" for path, name in SHARED]


@pytest.mark.parametrize(("path", "name"), SHARED, ids=IDS)
def test_a_public_name_is_compared(path, name):
    # A function that is a method is compared where the method is.
    method = getattr(getattr(nnkit, name, None), "__wrapped__", None)
    is_method = path == "nnkit" and method is not None and method is getattr(nnkit.Tensor, name, None)
    prefix = PREFIXES["nnkit.Tensor"] if is_method else PREFIXES.get(path, "")
    assert re.search(rf"{prefix}{name}\b", compared()), "no case"


@pytest.mark.parametrize(("path", "name"), SHARED, ids=IDS)
@pytest.mark.filterwarnings("ignore")
def test_an_example_does_the_same_in_pytorch(path, name):
    examples = examples_of(path, name)
    if any("nnkit" in example.source for example in examples):
        pytest.skip("shows what PyTorch does not have")
    torch.manual_seed(0)
    test = doctest.DocTest(examples, namespace("torch"), f"{path}.{name}", None, 0, None)
    told = []
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    doctest.DocTestRunner(optionflags=options).run(test, out=told.append)
    assert not told, "".join(told)
