"""The tape: short programs that print the same here and in PyTorch, and what only a look inside shows."""

from __future__ import annotations

import contextlib
import copy
import gc
import io
import re
import textwrap
import warnings
import weakref
from typing import Any

import numpy as np
import pytest
import torch

import nnkit
from nnkit.tape import reachable

PROGRAMS = {
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
    "modes": """
        x = t.ones(2, requires_grad=True)
        with t.no_grad():
            y = x * 2
            z = t.zeros(2, requires_grad=True)
            with t.enable_grad():
                w = x * 3
        print(y.requires_grad, y.grad_fn, y.is_leaf, z.requires_grad, w.requires_grad, t.is_grad_enabled())
        @t.no_grad()
        def double(value, depth=2):
            return value * 2 if depth == 0 else double(value, depth - 1)
        print(double(x).requires_grad, t.is_grad_enabled())
        try:
            with t.no_grad():
                raise ValueError
        except ValueError:
            print(t.is_grad_enabled())
        t.set_grad_enabled(False)
        print((x * 2).requires_grad)
        with t.set_grad_enabled(True):
            print((x * 2).requires_grad)
        print(t.is_grad_enabled())
        t.set_grad_enabled(True)
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
    "hooks on tensors": """
        x = t.ones(2, requires_grad=True)
        first = x.register_hook(lambda grad: print("first", grad))
        second = x.register_hook(lambda grad: grad * 2)
        x.register_hook(lambda grad: print("third", grad))
        x.register_post_accumulate_grad_hook(lambda leaf: print("after", leaf.grad))
        (x * 3).sum().backward()
        second.remove()
        second.remove()
        with x.register_hook(lambda grad: print("within")):
            (x * 3).sum().backward()
        (x * 3).sum().backward()
        y = x * 2
        y.register_hook(lambda grad: grad + 1)
        y.retain_grad()
        y.sum().backward()
        print(y.grad, x.grad)
    """,
    "hooks that misbehave": """
        x = t.ones(2, requires_grad=True)
        handle = x.register_hook(lambda grad: grad[:1])
        attempt((x * 3).sum().backward)
        handle.remove()
        handle = x.register_hook(lambda grad: 3)
        attempt((x * 3).sum().backward)
        handle.remove()
        x.register_hook(lambda grad: 1 / 0)
        attempt((x * 3).sum().backward)
    """,
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
    "what a function saved must not change": """
        class Square(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x
            @staticmethod
            def backward(ctx, grad):
                (x,) = ctx.saved_tensors
                return 2 * x * grad
        a = t.ones(2, requires_grad=True) * 3
        y = Square.apply(a)
        a.add_(1)
        attempt(y.sum().backward)
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
    "generators in a mode": """
        @t.no_grad()
        def steps():
            print(t.is_grad_enabled())
            got = yield 1
            print(got, t.is_grad_enabled())
            yield 2
        numbers = steps()
        print(next(numbers), t.is_grad_enabled(), numbers.send("back"), t.is_grad_enabled(), list(numbers))
    """,
    "indices of all kinds": """
        x = t.arange(24.0).view(2, 3, 4)
        mask = t.tensor([[True, False, True], [False, False, True]])
        print(x[mask, 1], x[mask].shape, x[[]].shape, x[t.tensor(1)].shape, x[:, t.tensor([2, 0]), 1])
        x[t.tensor(0)].add_(100)
        print(x[0, 0], x[1][mask[0]])
        def write(key, value):
            x[key] = value
        attempt(lambda: x[t.tensor([5])])
        attempt(lambda: x[t.tensor([True, False, True])])
        attempt(lambda: write(0, None))
        attempt(lambda: write(0, "3"))
        attempt(lambda: write([0, 1], t.ones(3, 2, 4)))
        attempt(lambda: write(0, t.ones(5)))
    """,
    "a function of one's own": """
        class Cube(t.autograd.Function):
            @staticmethod
            def forward(ctx, x, scale):
                ctx.save_for_backward(x)
                ctx.scale = scale
                return scale * x ** 3
            @staticmethod
            def backward(ctx, grad):
                (x,) = ctx.saved_tensors
                return grad * 3 * ctx.scale * x ** 2, None
        x = t.tensor([1.0, 2.0], requires_grad=True)
        y = Cube.apply(x, 2)
        print(y, type(y.grad_fn).__name__, [type(f).__name__ for f, _ in y.grad_fn.next_functions])
        y.sum().backward()
        print(x.grad)
        attempt(y.sum().backward)
        print(t.autograd.gradcheck(lambda v: Cube.apply(v, 3), t.ones(2, dtype=t.float64, requires_grad=True)))
    """,
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
}


def _printed(program: str, package: Any) -> str:
    def attempt(call: Any) -> None:
        try:
            call()
        except Exception as error:
            print(type(error).__name__, error)

    output = io.StringIO()
    with contextlib.redirect_stdout(output), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(textwrap.dedent(program), {"t": package, "attempt": attempt})
    return re.sub(r"0x[0-9a-f]+", "0x", output.getvalue())


CASES = {
    "backward twice": "A1",
    "two heads on one graph": "A1",
    "in place through views": "A4",
    "changed after it was saved": "A4",
    "views that must not be changed": "A4",
    "what a function saved must not change": "A4",
    "hooks on tensors": "A8",
    "hooks and changes in place": "A8",
    "hooks that misbehave": "A9",
    "corners": "N9",
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.case(CASES[name])] if name in CASES else []) for name in PROGRAMS]
)
def test_prints_the_same(name: str) -> None:
    assert _printed(PROGRAMS[name], nnkit) == _printed(PROGRAMS[name], torch)


@pytest.mark.case("A5")
def test_A5_gradient_of_a_non_leaf_warns() -> None:
    y = nnkit.ones(2, requires_grad=True) * 2
    with pytest.warns(UserWarning, match="not a leaf Tensor is being accessed"):
        assert y.grad is None


def test_number_with_gradient_warns() -> None:
    with pytest.warns(UserWarning, match="may lead to unexpected behavior"):
        assert float(nnkit.ones(1, requires_grad=True)) == 1.0


@pytest.mark.case("A7")
def test_A7_long_chains_do_not_recurse() -> None:
    x = nnkit.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y + 1
    assert sum(1 for _ in reachable([y.grad_fn])) == 20_001
    y.backward()
    assert x.grad.item() == 1.0
    del y


def test_a_shared_value_is_differentiated_once_for_all_its_uses() -> None:
    x = nnkit.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(60):  # walked path by path this would take 2 ** 60 steps
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**60


def test_graphs_die_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        x = nnkit.ones(3, requires_grad=True)
        y = (x.exp() * 2).relu().sum()
        node = weakref.ref(y.grad_fn)
        y.backward()
        del y
        assert node() is None
    finally:
        gc.enable()


def test_saved_arrays_are_let_go_after_backward() -> None:
    x = nnkit.ones(3, requires_grad=True)
    squared = x * x
    saved = weakref.ref(squared.exp().grad_fn.operation)
    assert saved() is None
    y = squared.exp()
    operation = y.grad_fn.operation
    assert operation.saved[0] is y.array
    y.sum().backward()
    with pytest.raises(RuntimeError, match="a second time"):
        _ = operation.saved


def test_copies_of_leaves_keep_their_gradient() -> None:
    x = nnkit.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    twin = copy.deepcopy(x)
    twin.grad.mul_(2)
    assert twin.requires_grad
    assert x.grad.tolist() == [3.0, 3.0]
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(x * 2)


def test_threads_record_apart() -> None:
    import threading

    seen = []
    with nnkit.no_grad():
        thread = threading.Thread(target=lambda: seen.append(nnkit.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_numpy_shares_memory() -> None:
    array = np.zeros(3, np.float32)
    tensor = nnkit.from_numpy(array)
    tensor.add_(1)
    assert array.tolist() == [1.0, 1.0, 1.0]
    assert np.shares_memory(tensor.numpy(), array)
    assert np.asarray(tensor).sum() == 3.0


def _convolved() -> Any:
    """Return a result that a kernel laid out with the batch innermost."""
    nnkit.manual_seed(0)
    layer = nnkit.nn.Conv2d(1, 2, 2)
    return layer(nnkit.randn(3, 1, 3, 3, requires_grad=True))


@pytest.mark.parametrize("flat", [lambda x: x.view(-1), lambda x: x.reshape(-1), lambda x: x.flatten()])
def test_a_view_of_a_kernels_result_shares_its_memory(flat: Any) -> None:
    y = _convolved()
    expected = (y * 2).tolist()
    flat(y).mul_(2)
    assert y.tolist() == expected


def test_a_view_that_cannot_share_memory_refuses_to_be_written_to() -> None:
    y = _convolved()
    first = y[0]  # from here on the memory cannot be put in order
    flat = y.view(-1)
    np.testing.assert_array_equal(flat.detach().numpy(), y.detach().numpy().reshape(-1))
    with pytest.raises(RuntimeError, match="cannot be written to"):
        flat.zero_()
    assert first.detach().numpy().any()


def test_hooks_hold_no_tensor_alive() -> None:
    gc.disable()
    try:
        x = nnkit.ones(3, requires_grad=True)
        y = x * 2
        y.retain_grad()
        y.register_hook(lambda grad: None)
        y.sum().backward()
        gone = weakref.ref(y)
        del y
        assert gone() is None
    finally:
        gc.enable()


def test_index_masks_are_kept_as_they_were() -> None:
    x = nnkit.ones(3, requires_grad=True)
    mask = nnkit.tensor([True, False, True])
    picked = x[mask]
    mask.zero_()
    picked.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]
