"""Backward passes and gradients on request: the same as PyTorch's."""

from __future__ import annotations

import pytest
from autograd.scripts import cases, printed

import nnkit

SCRIPTS = {
    "backward twice": """
        x = t.ones(2, 2, requires_grad=True)
        y = (x * x).sum()
        y.backward(retain_graph=True)
        y.backward()
        print(x.grad)
        attempt(y.backward)
    """,
    "a graph that saves nothing can be walked again": """
        x = t.ones(2, 2, requires_grad=True)
        y = (x + 1).sum()
        y.backward()
        y.backward()
        print(x.grad)
    """,
    "two heads on one graph": """
        x = t.ones(2, requires_grad=True)
        h = x.exp()
        a, b = h.sum(), (h * 2).sum()
        a.backward()
        attempt(b.backward)
    """,
    "gradients accumulate in place": """
        x = t.ones(2, requires_grad=True)
        (x * 2).sum().backward()
        before = x.grad
        (x * 3).sum().backward()
        print(before is x.grad, before)
    """,
    "weights of another type": """
        x = t.ones(2, 2, requires_grad=True)
        (x * 2).backward(t.ones(2, 2, dtype=t.float64))
        print(x.grad, x.grad.dtype)
        (x * 2).backward(t.ones(2, 2, dtype=t.int64))
        print(x.grad)
        t.ones(1, 1, requires_grad=True).mul(2).backward()
    """,
    "leaves and others": """
        x = t.ones(2, requires_grad=True)
        y = x * 2
        y.sum().backward()
        print(x.grad, x.is_leaf, y.is_leaf, x.detach().is_leaf, x.retains_grad)
        y = x * 2
        y.retain_grad()
        y.sum().backward()
        print(y.grad, y.retains_grad)
        z = x.clone().detach().requires_grad_(True)
        print(z.is_leaf, z.grad_fn, x == x, x in [x])
    """,
    "gradients on request": """
        x = t.ones(2, requires_grad=True)
        z = t.ones(2, requires_grad=True)
        y = x * 3
        out = (y * y).sum()
        print(t.autograd.grad(out, [x, y], retain_graph=True), x.grad)
        print(t.autograd.grad(out, [x, z], allow_unused=True))
        t.autograd.backward([x * 1, x * 2], [t.ones(2), t.ones(2)])
        print(x.grad)
    """,
    "gradients in the middle leave the rest usable": """
        x = t.ones(2, requires_grad=True)
        y = x.exp()
        (middle,) = t.autograd.grad((y * y).sum(), y)
        y.backward(middle)
        print(x.grad)
        (whole,) = t.autograd.grad(x.sum(), x)
        print(whole.zero_())
        y = x * 2
        y.retain_grad()
        y.sum().backward()
        print(y.grad.zero_())
    """,
    "corners": """
        def slope(function, *values):
            x = t.tensor(list(values), requires_grad=True)
            function(x).sum().backward()
            print(x.grad)
        slope(lambda x: x.sqrt(), 0.0)
        slope(lambda x: x.norm(), 0.0)
        slope(lambda x: x.relu(), 0.0, float("nan"))
        slope(lambda x: x.abs(), 0.0)
        slope(lambda x: x ** 0.5, 0.0)
        slope(lambda x: x.clamp(0, 1), 0.0, 1.0, 2.0)
        slope(lambda x: x.max(), 1.0, 1.0)
        slope(lambda x: x.max(0)[0], 1.0, 1.0)
        slope(lambda x: t.maximum(x, x * 1), 1.0, 2.0)
        slope(lambda x: x.prod(), 0.0, 3.0, 2.0)
        slope(lambda x: x.prod(), 0.0, 0.0, 2.0)
    """,
    "the old name": """
        x = t.autograd.Variable(t.ones(2), requires_grad=True)
        print(x, isinstance(x, t.autograd.Variable), isinstance(x, t.Tensor))
        (x * 2).sum().backward()
        print(x.grad.data)
    """,
    "what grad takes": """
        x = t.ones(2, requires_grad=True)
        z = t.ones(2, requires_grad=True)
        grad = autograd.grad
        def out():
            return (x * x).sum()
        attempt(lambda: grad(out(), []))
        attempt(lambda: grad([], x))
        print(grad(out(), x, materialize_grads=True), grad(out(), [x, z], materialize_grads=True))
        attempt(lambda: grad(out(), [x, z], materialize_grads=True, allow_unused=False))
        print(grad(out(), {"x": x}), grad(out(), [x], [t.tensor(2.0)]), grad(out(), x, None))
        attempt(lambda: grad(out(), x, t.ones(3)))
        attempt(lambda: grad(out(), x, 3))
        attempt(lambda: grad(out(), x, [3]))
        attempt(lambda: grad([out(), out()], x, [None]))
        print(grad(out(), x, [None, None]), grad([out(), out()], x, [None, t.tensor(3.0)]))
        attempt(lambda: grad(out(), t.ones(2)))
        attempt(lambda: grad(t.ones(2), x))
        attempt(lambda: grad(out(), [x, 3]))
        attempt(lambda: grad(out(), OrderedDict(x=x)))
        print(grad(out(), x, only_inputs=False))
        o = out()
        print(grad(o, o), grad(x, x, t.ones(2)), grad([out(), x.sum()], x))
        y = x * 2
        print(grad((y * 3).sum(), [y, x]), x.grad)
    """,
    "what backward takes": """
        x = t.ones(2, requires_grad=True)
        z = t.ones(2, requires_grad=True)
        backward = autograd.backward
        backward((x * x).sum(), inputs=x)
        print(x.grad, z.grad)
        x.grad = None
        (x * z).sum().backward(inputs=[z])
        print(x.grad, z.grad)
        attempt(lambda: backward((x * x).sum(), inputs=[]))
        attempt(lambda: backward((x * x).sum(), inputs=OrderedDict(x=x)))
        attempt(lambda: backward((x * x).sum(), inputs=[3]))
        y = x * 2
        backward((y * z).sum(), inputs=[y])
        print(y.grad, y.retains_grad, x.grad)
        attempt(lambda: backward((x * z).sum(), inputs=[t.ones(2)]))
        w = t.ones(2, requires_grad=True)
        (x * z).sum().backward(inputs=[w])
        print(w.grad)
        attempt(lambda: backward([x.sum(), t.ones(2)]))
        backward([])
        attempt(lambda: backward([x.sum(), z * 2]))
        backward(x.sum(), grad_variables=t.tensor(2.0))
        attempt(lambda: backward(x.sum(), t.tensor(2.0), grad_variables=t.tensor(2.0)))
        print(x.grad)
        attempt(lambda: t.ones(2, dtype=t.int64).sum().backward())
        attempt(lambda: x.sum().backward(t.tensor([1.0])))
        attempt(lambda: backward([x * 2], [None]))
        attempt(lambda: backward(3))
    """,
    "what may be assigned": """
        x = t.ones(2, requires_grad=True)
        y = x * 2
        def assign(tensor, name, value):
            attempt(setattr, tensor, name, value)
        attempt(lambda: x.requires_grad_(1))
        assign(x, "requires_grad", 1)
        attempt(lambda: y.requires_grad_(False))
        assign(t.ones(2, dtype=t.int64), "requires_grad", True)
        assign(y, "grad", t.ones(2))
        print(y.grad, y.requires_grad_().requires_grad)
        assign(x, "grad", x)
        assign(x, "grad", t.ones(1, 2))
        assign(x, "grad", t.ones(2, dtype=t.float64))
        assign(x, "grad", "ones")
        x.grad = t.ones(2)
        del x.grad
        print(x.grad, x.detach_().is_leaf, (x.requires_grad_() * 2).detach_())
        attempt(lambda: (x * 2)[0].detach_())
        print(x._is_view(), x[0]._is_view(), x[0]._base is x, x.detach()._is_view(), x._base)
    """,
    "what nodes show": """
        x = t.ones(2, requires_grad=True)
        y = x * 2
        print(y.grad_fn, type(y.grad_fn), y.grad_fn.name(), y.grad_fn.next_functions, y.grad_fn.metadata)
        leaf = y.grad_fn.next_functions[0][0]
        print(leaf, type(leaf), leaf.name(), leaf.next_functions, leaf.variable is x)
        attempt(lambda: y.grad_fn.variable)
        print(y.grad_fn(t.ones(2)))
        attempt(lambda: y.grad_fn())
        attempt(lambda: y.grad_fn(3))
        y = x * 1
        y[0] = 2
        print(y.grad_fn.name(), type(y.grad_fn), y[0].grad_fn, y[0].mul_(2).grad_fn.name())
    """,
    "what nodes have saved": """
        x = t.tensor([0.5, 0.25], requires_grad=True)
        w = t.tensor([[0.5, 2.0], [3.0, 4.0]], requires_grad=True)
        def saved(y):
            names = [name for name in dir(y.grad_fn) if name.startswith("_saved_")]
            found = {name: getattr(y.grad_fn, name) for name in names}
            found = {name: value for name, value in found.items() if isinstance(value, t.Tensor)}
            print(y.grad_fn.name(), {name: (value is x, value.shape, value.grad_fn) for name, value in found.items()})
        for y in (x * x, x.exp(), x / x, x.sqrt(), x.log(), x.tanh(), x.sigmoid(), x.relu(), w @ w, w @ x, x @ x):
            saved(y)
        for y in (x + 1, -x, x**2, x**x, t.maximum(x, x), F.linear(w, w, x), F.softmax(x, 0), w.t(), x.max()):
            saved(y)
        y = x * x
        y.sum().backward()
        attempt(lambda: y.grad_fn._saved_self)
        attempt(lambda: (x + 1).grad_fn._saved_nothing)
    """,
}
PROMISES = {
    "backward twice": "A1",
    "two heads on one graph": "A1",
    "corners": "N9",
}


@pytest.mark.parametrize("script", cases(SCRIPTS, PROMISES))
def test_prints_the_same(script: str) -> None:
    assert printed(script, "nnkit") == printed(script, "torch")


@pytest.mark.case("A5")
def test_A5_gradient_of_a_non_leaf_warns() -> None:
    y = nnkit.ones(2, requires_grad=True) * 2
    with pytest.warns(UserWarning, match="not a leaf Tensor is being accessed"):
        assert y.grad is None


def test_number_with_gradient_warns() -> None:
    with pytest.warns(UserWarning, match="may lead to unexpected behavior"):
        assert float(nnkit.ones(1, requires_grad=True)) == 1.0


def test_a_shared_value_is_differentiated_once_for_all_its_uses() -> None:
    x = nnkit.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(60):  # walked path by path this would take 2 ** 60 steps
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**60


def test_gradients_are_not_batched() -> None:
    x = nnkit.ones(2, requires_grad=True)
    with pytest.raises(NotImplementedError, match="is_grads_batched=True is not supported"):
        nnkit.autograd.grad(x, x, nnkit.eye(2), is_grads_batched=True)
