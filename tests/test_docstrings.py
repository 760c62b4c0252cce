"""Every public name explains itself, and its examples do what they say."""

import doctest
import inspect

import pytest
from public_names import IDS, NAMES, documented

import nnkit

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def namespace():
    """Return what examples may name without importing it."""
    from nnkit import autograd, nn, optim
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
