import ast
import collections
import importlib
import warnings

import pytest


def outcome(library, source):
    """Run a program on nnkit or torch; return what its last expression prints, or the error, and the warnings."""
    namespace = {
        "torch": importlib.import_module(library),
        "nn": importlib.import_module(f"{library}.nn"),
        "F": importlib.import_module(f"{library}.nn.functional"),
        "OrderedDict": collections.OrderedDict,
    }
    program = ast.parse(source)
    last = program.body.pop()
    assert isinstance(last, ast.Expr), "a program ends in an expression"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(program, "<program>", "exec"), namespace)
            result = repr(eval(compile(ast.Expression(last.value), "<program>", "eval"), namespace))
        except Exception as error:
            kind = next(base for base in type(error).__mro__ if base.__module__ == "builtins")
            result = f"{kind.__name__}: {error}"
    return result, [f"{each.category.__name__}: {each.message}" for each in caught]


@pytest.fixture
def same_as_torch():
    """Check that a program has the same outcome on nnkit as on PyTorch, and return that outcome."""

    def check(source):
        expected = outcome("torch", source)
        assert outcome("nnkit", source) == expected
        return expected[0]

    return check
