"""Whatever nnkit shares with PyTorch is compared with it by some line of the tables or sample of an operation."""

import functools
import importlib
import re
from pathlib import Path

import pytest
from parity.cases import table
from public_names import IDS, NAMES

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
    programs = (Path(__file__).parent.parent / "programs").glob("*.py")
    return "\n".join([*samples, *modules, *lines, *(path.read_text(encoding="utf-8") for path in programs)])


def is_pytorchs(path, name):
    """Return whether PyTorch has this name in the same place."""
    place = path.replace("nnkit", "torch", 1)
    module, _, last = place.rpartition(".")
    try:
        home = getattr(importlib.import_module(module), last) if last[0].isupper() else importlib.import_module(place)
    except ImportError:
        return False
    return hasattr(home, name)


@pytest.mark.parametrize(("path", "name"), NAMES, ids=IDS)
def test_a_public_name_is_compared(path, name):
    if not is_pytorchs(path, name):
        pytest.skip("PyTorch has no such name")
    assert re.search(rf"{PREFIXES.get(path, '')}{name}\b", compared()), "no case"
