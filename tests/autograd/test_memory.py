"""Graphs of any depth, and that nothing of them stays."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

import nnkit
from nnkit.tape import reachable

DEEP = 20_000


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Nothing but counts of references frees memory, so that no cycle hides behind the collector."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.case("A7")
def test_A7_long_chains_do_not_recurse() -> None:
    x = nnkit.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(DEEP):
        y = y + 1
    assert sum(1 for _ in reachable([y.grad_fn])) == DEEP + 1
    assert nnkit.autograd.grad(y, x, retain_graph=True)[0].item() == 1.0
    y.backward()
    assert x.grad.item() == 1.0


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("differentiated", [False, True])
def test_long_chains_are_let_go_without_recursion(differentiated: bool) -> None:
    class Scale(nnkit.autograd.Function):
        """A node that holds on to its function's context, too."""

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return grad

    y = nnkit.ones(1, requires_grad=True)
    nodes = []
    for step in range(DEEP):
        # Each way in which a node holds on to the one behind it: an edge, a saved input, a view's base.
        y = Scale.apply(y) if step % 500 == 0 else y[:] if step % 500 == 1 else y * 1.0 if step % 2 else y.exp() * 0
        nodes.append(weakref.ref(y.grad_fn))
    if differentiated:
        y.sum().backward()
    del y
    assert not any(node() is not None for node in nodes)


@pytest.mark.usefixtures("no_collector")
def test_graphs_die_without_the_garbage_collector() -> None:
    x = nnkit.ones(3, requires_grad=True)
    y = (x.exp() * 2).relu().sum()
    node = weakref.ref(y.grad_fn)
    y.backward()
    del y
    assert node() is None


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


@pytest.mark.usefixtures("no_collector")
def test_memory_stays_flat_over_ten_thousand_steps() -> None:
    weight = nnkit.ones(3, requires_grad=True)

    def steps(count: int) -> int:
        for _ in range(count):
            hidden = weight * 2
            hidden[0] += 1
            weight.grad = None
            hidden.relu().sum().backward()
            with nnkit.no_grad():
                weight.sub_(weight.grad, alpha=1e-6)
        return sys.getallocatedblocks()

    # What is made once and kept, such as the classes of nodes, is made in the first steps; and Python keeps up to 2,000
    # tuples of each size for later.
    before = steps(2_500)
    assert steps(7_500) - before < 750, "more than one step in ten leaves something behind"
