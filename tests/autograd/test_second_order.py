"""Gradients of gradients."""

from __future__ import annotations

import numpy as np
import pytest
from autograd.scripts import cases, printed
from parity.test_operations import CASES, Case

import nnkit
from nnkit import ops
from nnkit.autograd import gradgradcheck

SCRIPTS = {
    "again and again": """
        x = t.tensor(2.0, requires_grad=True)
        y = x**4
        while y.requires_grad:
            (y,) = autograd.grad(y, x, create_graph=True)
            print(y)
    """,
    "what is on the tape": """
        x = t.tensor([1.0, 2.0], requires_grad=True)
        (first,) = autograd.grad((x**3).sum(), x, create_graph=True)
        print(first, first.requires_grad)
        (unused,) = autograd.grad(x.sum(), t.ones(2, requires_grad=True), create_graph=True, materialize_grads=True)
        print(unused)
        first.sum().backward()
        print(x.grad)
        x.grad = None
        (x**3).sum().backward(create_graph=True)
        print(x.grad)
        x.grad.sum().backward()
        print(x.grad)
    """,
    "a penalty on gradients": """
        images = t.tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
        first, second = nn.Linear(2, 3), nn.Linear(3, 1)
        with t.no_grad():
            for number, parameter in enumerate([*first.parameters(), *second.parameters()]):
                parameter.fill_(0.25 * (number + 1))
        output = second(t.tanh(first(images)))
        (gradient,) = autograd.grad(output, images, t.ones(2, 1), create_graph=True)
        loss = ((gradient.norm(2, dim=1) - 1) ** 2).mean()
        loss.backward()
        print(loss, first.weight.grad, second.weight.grad, first.bias.grad)
    """,
    "functions of one's own": """
        from importlib import import_module
        once_differentiable = import_module(f"{autograd.__name__}.function").once_differentiable
        class Cube(autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = x**3
                ctx.save_for_backward(x, y)
                return y
            @staticmethod
            def backward(ctx, grad):
                x, y = ctx.saved_tensors
                print(t.is_grad_enabled(), grad.requires_grad)
                return grad * 3 * y / x
        class Once(Cube):
            backward = staticmethod(once_differentiable(Cube.backward))
        x = t.tensor([1.0, 2.0], requires_grad=True)
        (first,) = autograd.grad(Cube.apply(x).sum(), x, create_graph=True)
        print(first, autograd.grad(first.sum(), x))
        (first,) = autograd.grad(Once.apply(x * 2).sum(), x, t.ones(()).requires_grad_(), create_graph=True)
        print(first.requires_grad)
        attempt(lambda: autograd.grad(first.sum(), x))
        print(Once.apply(x).sum().backward(), x.grad)
    """,
    "hooks": """
        x = t.tensor([1.0, 2.0], requires_grad=True)
        x.register_hook(lambda grad: grad * x)
        y = x**2
        y.retain_grad()
        y.grad_fn.register_hook(lambda inputs, outputs: print(inputs, outputs))
        (first,) = autograd.grad((y * y).sum(), x, create_graph=True)
        print(first, autograd.grad(first.sum(), x))
    """,
    "wrong second derivatives": """
        class Wrong(autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x**3
            @staticmethod
            def backward(ctx, grad):
                (x,) = ctx.saved_tensors
                return grad * 3 * x.detach() ** 2
        x = t.tensor([1.0, 2.0], dtype=t.float64, requires_grad=True)
        weights = t.ones(2, dtype=t.float64, requires_grad=True)
        print(autograd.gradcheck(Wrong.apply, x), autograd.gradgradcheck(Wrong.apply, x, raise_exception=False))
        attempt(lambda: autograd.gradgradcheck(Wrong.apply, x, weights))
        attempt(lambda: autograd.gradgradcheck(t.exp, x, check_rev_over_rev=False))
        print(autograd.gradgradcheck(t.exp, x, gen_non_contig_grad_outputs=True))
    """,
}
# What nobody should find refused: the rest may be, but never wrong.
TWICE = """
    Abs Add Addmm Bmm Cat Clamp Clone Div Dot Exp Expand Log LogSoftmax MaskedFill Maximum Mean MeanDim Mm MseLoss Mul
    Mv Neg Norm Permute Pow PowScalar PowTensor Reciprocal Relu Rsub Select Sigmoid Slice Softmax Sqrt Squeeze Stack Sub
    Sum SumDim T Tanh Transpose Unbind Unsqueeze View Where
"""


@pytest.mark.parametrize("script", cases(SCRIPTS))
def test_prints_the_same(script: str) -> None:
    assert printed(script, "nnkit") == printed(script, "torch")


# A result of float32 does not show small changes.
@pytest.mark.parametrize("case", [case for case in CASES if case.operation is not ops.ToCopy], ids=str)
def test_second_derivatives_match_small_differences_or_are_refused(case: Case) -> None:
    nnkit.manual_seed(0)
    inputs = [nnkit.tensor(array, requires_grad=True) for array in case.arrays(3, np.float64)]
    try:
        refusal = None
        assert gradgradcheck(lambda *tensors: case.result("nnkit", *tensors), inputs)
    except NotImplementedError as error:
        refusal = str(error)
    if refusal is not None:
        assert "cannot be differentiated" in refusal
        assert case.operation.__name__ not in TWICE.split()
