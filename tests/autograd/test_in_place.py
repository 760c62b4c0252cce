"""Changes in place, of tensors and of views of them: what is recorded, what is refused, what is noticed."""

from __future__ import annotations

import pytest
from autograd.scripts import cases, printed

SCRIPTS = {
    "in place off the tape": """
        x = t.ones(2, 2, requires_grad=True)
        with t.no_grad():
            x.add_(1)
        print(x, x._version)
        x.data.mul_(3)
        print(x, x._version)
    """,
    "in place on the tape": """
        x = t.ones(2, 2, requires_grad=True)
        y = x * 3
        y.mul_(x)
        y += 1
        print(y)
        y.sum().backward()
        print(x.grad)
        y = x * 1
        y.mul_(2).relu_()
        y.sum().backward()
        print(x.grad)
    """,
    "in place through views": """
        x = t.ones(2, 3, requires_grad=True)
        y = x * 2
        row, column = y[0], y[:, 1]
        row.mul_(5)
        print(row, column, y)
        column.add_(row[0])
        print(row, column, y)
        (y * y).sum().backward()
        print(x.grad)
        flat = (x * 2).view(-1)
        flat[1:3] = x[0, 0]
        flat.exp().sum().backward()
        print(x.grad)
    """,
    "a constant that gets a gradient through a view": """
        w = t.tensor(3.0, requires_grad=True)
        y = t.zeros(3)
        y[1] = w * 2
        print(y, y.requires_grad)
        (y * t.arange(3.0)).sum().backward()
        print(w.grad)
    """,
    "changed after it was saved": """
        a = t.ones(2, 2, requires_grad=True)
        b = a * 1
        c = b * b
        b.add_(1)
        attempt(c.sum().backward)
        b = a.exp()
        b.add_(1)
        attempt(b.sum().backward)
        b = a + 1
        b.add_(1)
        b.sum().backward()
        print(a.grad)
        b = a.detach()
        c = a * a
        b.add_(1)
        attempt(c.sum().backward)
        c = (a * 1).view(4).sigmoid()
        c.view(2, 2).mul_(2)
        attempt(c.sum().backward)
    """,
    "values written over": """
        y = t.ones(2, requires_grad=True) * 1
        print(y.zero_(), y.fill_(3), y.copy_(t.ones(1)))
        y.sum().backward()
    """,
    "every change in place": """
        changes = {
            "neg_": (), "exp_": (), "sqrt_": (), "relu_": (), "sigmoid_": (), "tanh_": (), "pow_": (3,),
            "add_": (2,), "sub_": (2,), "mul_": (3,), "div_": (4,), "clamp_": (0.6, 1.2),
            "masked_fill_": (t.tensor([True, False, False]), 5.0),
        }
        for name, arguments in changes.items():
            x = t.tensor([0.5, 1.0, 2.0], requires_grad=True)
            y = x * 1
            print(name, getattr(y, name)(*arguments) is y, y)
            (y * y).sum().backward()
            print(x.grad)
        y = t.ones(2, requires_grad=True) * 3
        alias = y
        y **= 2
        y /= 2
        y -= 1
        y *= 2
        print(alias)
    """,
    "hooks and changes in place": """
        x = t.ones(2, requires_grad=True)
        y = x * 3
        y.register_hook(lambda grad: grad * 10)
        y.add_(1)
        y.sum().backward()
        print(x.grad)
        y = x * 3
        y.retain_grad()
        y.relu_()
        (y * 2).sum().backward()
        print(y.grad)
    """,
    "views notice that their base needs a gradient": """
        w = t.tensor(2.0, requires_grad=True)
        buffer = t.zeros(3)
        rows = [buffer[i] for i in range(3)]
        for i in range(3):
            buffer[i] = w * i
        print(rows[1].requires_grad, rows[1].is_leaf, rows[2])
        (rows[0] + rows[1] * 2 + rows[2] * 3).backward()
        print(w.grad)
        with t.no_grad():
            z = w * 1
        print(rows[0].requires_grad)
    """,
    "views that must not be changed": """
        x = t.ones(2, 2, requires_grad=True)
        y = x * 2
        with t.no_grad():
            v = y[0]
        attempt(lambda: v.mul_(3))
        attempt(lambda: y.unbind(0)[1].mul_(3))
    """,
    "views of every kind": """
        x = t.ones(3, requires_grad=True)
        b = t.ones(3)
        y = x * 2
        with t.no_grad():
            leaf_view, view, plain = x[:2], y[:2], b[:2]
        with t.inference_mode():
            late = y[:2]
        print(leaf_view.requires_grad, leaf_view.is_leaf, view.requires_grad, plain.requires_grad, late.requires_grad)
        for each in (leaf_view, view, late):
            attempt(lambda: each.mul_(2))
        attempt(lambda: plain.mul_(x[0]))
        print(plain.mul_(2), (leaf_view * 2).grad_fn.next_functions)
        with t.no_grad():
            view.mul_(2).mul_(2)
        print(y, y._version)
        y.mul_(2)
        for each in (view, late):
            attempt(lambda: each.grad_fn)
            print(each)
        rows = (x * 1).unbind(0)
        attempt(lambda: rows[0].mul_(2))
        base = x * 1
        rows = base.unbind(0)
        base.mul_(2)
        attempt(lambda: rows[0] + 1)
        rows = b.unbind(0)
        rows[0].mul_(2)
        attempt(lambda: rows[0].mul_(x[0]))
        free = b.detach()[:2]
        print(free.mul_(x[0]), b)
    """,
    "a leaf that was changed": """
        x = t.ones(2, 2, requires_grad=True)
        turned = x.t()
        print(turned.grad_fn)
        with t.no_grad():
            x.add_(1)
        print(turned.grad_fn, turned)
        row = x[0]
        with t.no_grad():
            row.add_(1)
        print(row.grad_fn, x, x.grad_fn, x._version, row._version)
        row.sum().backward()
        print(x.grad)
        linear = nn.Linear(2, 2)
        out = linear(linear(t.ones(1, 2)))
        with t.no_grad():
            linear.weight.mul_(2)
        attempt(out.sum().backward)
    """,
    "changed after it was saved, by whom": """
        x = t.ones(2, requires_grad=True)
        def attempted(change, make, value):
            result = make(value)
            change(value, result)
            attempt(result.sum().backward)
        attempted(lambda y, z: y.view(2).mul_(2), lambda y: y * y, x * 1)
        attempted(lambda y, z: y.add_(1), lambda y: y**3, x * 1)
        attempted(lambda y, z: y.add_(1), lambda y: x * y, t.ones(2))
        attempted(lambda y, z: y.t().add_(1), lambda y: y @ x.view(2, 1), t.ones(2, 2))
        attempted(lambda y, z: y.add_(1), lambda y: y.t() @ x.view(2, 1), t.ones(2, 2))
        attempted(lambda y, z: y.zero_(), lambda y: t.where(y, x, x * 2), t.tensor([True, False]))
        attempted(lambda y, z: y.zero_(), lambda y: x.masked_fill(y, 2.0), t.tensor([True, False]))
        for name in ("softmax", "sigmoid", "sqrt", "relu", "tanh", "exp", "max"):
            arguments = (0,) if name == "softmax" else ()
            attempted(lambda y, z: z.add_(1), lambda y: getattr(y, name)(*arguments), x * 1)
        y = x * 1
        z = y[0]
        w = z * z
        y.mul_(2)
        attempt(w.backward)
        y = x * 1
        attempt(y.mul_(y).sum().backward)
        attempt((x * 1).relu_().mul_(3).sum().backward)
        (x * 1).relu_().sum().backward()
        y = x.exp()
        y.data.mul_(3)
        y.sum().backward()
        print(x.grad)
    """,
}
PROMISES = {
    "in place through views": "A4",
    "changed after it was saved": "A4",
    "views that must not be changed": "A4",
    "hooks and changes in place": "A8",
}


@pytest.mark.parametrize("script", cases(SCRIPTS, PROMISES))
def test_prints_the_same(script: str) -> None:
    assert printed(script, "nnkit") == printed(script, "torch")
