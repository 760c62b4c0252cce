"""Scripts that print the same in nnkit and in PyTorch: several steps, where `parity.programs` has one result."""

from __future__ import annotations

import contextlib
import io
import re
import textwrap
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from parity.programs import namespace


def attempt(call: Callable[..., Any], *arguments: Any) -> Any:
    """Call something, and print the error if there is one."""
    try:
        return call(*arguments)
    except Exception as error:
        print(type(error).__name__, error)


def printed(script: str, library: str) -> str:
    """Return what a script prints and warns of; it may use `attempt`, and the names of `parity.programs`."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(textwrap.dedent(script), {**namespace(library), "attempt": attempt})
    # PyTorch says where in its C++ code a warning comes from.
    said = [f"{each.category.__name__}: {str(each.message).split(' (Triggered internally')[0]}" for each in caught]
    shown = "\n".join([output.getvalue(), *said])
    return re.sub(r"0x[0-9a-f]+", "0x", shown).replace("nnkit.", "torch.")


def cases(scripts: dict[str, str], promises: dict[str, str] | None = None) -> list[Any]:
    """Return the scripts as parameters of a test, marked with the promises that they hold."""
    marks = {name: [pytest.mark.case(promise)] for name, promise in (promises or {}).items()}
    return [pytest.param(script, id=name, marks=marks.get(name, [])) for name, script in scripts.items()]
