"""Finding the operation whose backward fails."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from autograd.scripts import cases, printed

import nnkit

SCRIPTS = {
    "switches": """
        def told():
            print(t.is_anomaly_enabled(), t.is_anomaly_check_nan_enabled())
        told()
        with autograd.detect_anomaly(check_nan=False) as mode:
            told()
        print(mode)
        with autograd.set_detect_anomaly(True) as mode:
            told()
            with autograd.set_detect_anomaly(False, check_nan=False):
                told()
        print(mode)
        switched = autograd.set_detect_anomaly(True)
        told()
        autograd.set_detect_anomaly(False)
        told()
        print(switched)
    """,
    "what is found": """
        class Failing(autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x * y
            @staticmethod
            def backward(ctx, grad):
                return grad, grad * float("nan")
        zero = t.zeros(1, requires_grad=True)
        one = t.ones(1, requires_grad=True)
        def attempted(make, **options):
            with autograd.set_detect_anomaly(True, **options):
                attempt(lambda: make().backward())
        late = zero.sqrt() * 0
        attempt(late.backward)
        late = zero.sqrt() * 0
        with autograd.set_detect_anomaly(True):
            attempt(late.backward)
        attempted(lambda: one.exp() * float("nan"), check_nan=False)
        with autograd.set_detect_anomaly(True):
            print("traceback_" in one.exp().grad_fn.metadata)
        print(one.exp().grad_fn.metadata)
    """,
}


@pytest.mark.parametrize("script", cases(SCRIPTS))
def test_prints_the_same(script: str) -> None:
    assert printed(script, "nnkit") == printed(script, "torch")


def _found(library: Any) -> tuple[str, list[str]]:
    """Return the error of a backward pass that meets a NaN, and the lines of the warning."""
    x = library.zeros(1, requires_grad=True)
    with library.autograd.set_detect_anomaly(True):
        y = (x * 0).sqrt() * 0
        with pytest.warns(UserWarning, match="Error detected") as caught, pytest.raises(RuntimeError) as error:
            y.backward()
    return str(error.value), str(caught[0].message).split(" (Triggered internally")[0].splitlines()


def test_the_traceback_ends_where_the_operation_was_called() -> None:
    error, told = _found(nnkit)
    expected_error, expected = _found(torch)
    assert error == expected_error == "Function 'SqrtBackward0' returned nan values in its 0th output."
    assert told[0] == expected[0]
    assert told[-2:] == expected[-2:]
    assert told[-1] == "    y = (x * 0).sqrt() * 0"
    assert len(told) == len(expected)
