"""The check of gradients, tried with right and wrong ones."""

from __future__ import annotations

import pytest
from autograd.scripts import cases, printed

import nnkit

SCRIPTS = {
    "a function with wrong gradients": """
        class Wrong(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            def backward(ctx, grad):
                return grad * 3
        attempt(lambda: t.autograd.gradcheck(Wrong.apply, (t.ones(2, dtype=t.float64, requires_grad=True),)))
    """,
    "right gradients": """
        def numbers(*values):
            return t.tensor(values, dtype=t.float64, requires_grad=True)
        check = autograd.gradcheck
        print(check(lambda a: a * 2, numbers(1.0, 2.0)))
        print(check(lambda a, b: (a * b, a + b), (numbers(1.0), numbers(3.0))))
        print(check(lambda a, k: a * k, (numbers(1.0), 3)), check(lambda a: [a * 2], [numbers(1.0)]))
        print(check(lambda a: (a * 2, a.detach()), numbers(1.0)), check(lambda a: a.detach() * 0, numbers(1.0)))
        print(check(lambda a: a[:0], numbers(1.0)), check(lambda a: a * 2, numbers()))
        print(check(t.exp, numbers(1.0), fast_mode=True, masked=False, check_grad_dtypes=True))
    """,
    "what cannot be checked": """
        def numbers(*values):
            return t.tensor(values, dtype=t.float64, requires_grad=True)
        check = autograd.gradcheck
        attempt(lambda: check(lambda a: a * 2, t.ones(2)))
        attempt(lambda: check(lambda a: a * 2, ()))
        attempt(lambda: check(lambda a: a * 2, numbers(1.0).expand(3)))
        attempt(lambda: check(lambda a: a.detach(), numbers(1.0)))
        attempt(lambda: check(lambda a: 3, numbers(1.0)))
        attempt(lambda: check(t.exp, numbers(1.0), check_backward_ad=False))
        forward = {"check_backward_ad": False, "check_forward_ad": True}
        attempt(lambda: check(t.exp, numbers(1.0), check_batched_grad=True, **forward))
        attempt(lambda: check(t.exp, numbers(1.0), check_batched_forward_grad=True))
        attempt(lambda: check(lambda a: a if a[0] > 1 else a[:1], numbers(1.0, 2.0)))
        attempt(lambda: check(lambda a: a * 2, t.ones(2, requires_grad=True)))
        print(check(lambda a: a * 2, t.ones(2, requires_grad=True), eps=1e-2))
    """,
    "faults": """
        def numbers(*values):
            return t.tensor(values, dtype=t.float64, requires_grad=True)
        def attempted(backward, forward=lambda ctx, a: a * 2, **options):
            class Wrong(autograd.Function):
                pass
            Wrong.forward, Wrong.backward = staticmethod(forward), staticmethod(backward)
            print(attempt(lambda: autograd.gradcheck(Wrong.apply, numbers(1.0, 2.0), **options)))
        attempted(lambda ctx, grad: grad * 2 + 1)
        attempted(lambda ctx, grad: grad * 2 + 1, raise_exception=False)
        attempted(lambda ctx, grad: grad * 2.001, atol=1e-2)
        attempted(lambda ctx, grad: None)
        attempted(lambda ctx, grad: t.where(grad == 0, t.full_like(grad, 5.0), grad * 2))
        passes = []
        def drifting(ctx, grad):
            passes.append(grad)
            return grad * 2 * (1 + 1e-9 * len(passes))
        attempted(drifting)
        attempted(drifting, nondet_tol=1e-6)
        def unfilled(ctx, a):
            ctx.set_materialize_grads(False)
            return a * 2
        def invented(ctx, grad):
            return t.ones(2, dtype=t.float64) if grad is None else grad * 2
        def refusing(ctx, grad):
            if grad is None:
                raise RuntimeError("no gradient")
            return grad * 2
        for backward in (invented, refusing):
            attempted(backward, unfilled)
            attempted(backward, unfilled, check_undefined_grad=False)
    """,
}


@pytest.mark.parametrize("script", cases(SCRIPTS))
def test_prints_the_same(script: str) -> None:
    assert printed(script, "nnkit") == printed(script, "torch")


@pytest.mark.parametrize("option", ["check_forward_ad", "check_batched_grad"])
def test_what_there_is_not_cannot_be_checked(option: str) -> None:
    x = nnkit.ones(1, dtype=nnkit.float64, requires_grad=True)
    with pytest.raises(NotImplementedError, match="one at a time"):
        nnkit.autograd.gradcheck(nnkit.exp, x, **{option: True})
