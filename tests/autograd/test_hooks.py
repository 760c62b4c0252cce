"""What users hang on gradients and nodes."""

from __future__ import annotations

import gc
import weakref

import pytest
from autograd.scripts import cases, printed

import nnkit

SCRIPTS = {
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
    "hooks on nodes": """
        x = t.ones(2, requires_grad=True)
        y = x * 2
        y.register_hook(lambda grad: print("tensor", grad))
        y.retain_grad()
        y.grad_fn.register_prehook(lambda outputs: print("before", outputs))
        y.register_hook(lambda grad: grad * 2)
        handle = y.grad_fn.register_hook(lambda inputs, outputs: print("after", inputs, outputs))
        print(type(handle))
        y.sum().backward()
        print(y.grad, x.grad)
        leaf = x.view_as(x).grad_fn.next_functions[0][0]
        leaf.register_hook(lambda inputs, outputs: print("leaf after", inputs, outputs))
        leaf.register_prehook(lambda outputs: print("leaf before", outputs))
        (x * 2).sum().backward()
        y = x * 2
        with y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 10, None)):
            y.sum().backward(retain_graph=True)
        y.sum().backward()
        print(x.grad)
    """,
    "hooks on nodes that misbehave": """
        x = t.ones(2, requires_grad=True)
        after = [
            lambda inputs, outputs: 3, lambda inputs, outputs: (3, None), lambda inputs, outputs: inputs[:1],
            lambda inputs, outputs: (t.ones(3), None), lambda inputs, outputs: [inputs[0], None],
            lambda inputs, outputs: (None, None), lambda inputs, outputs: (inputs[0], inputs[0]),
        ]
        before = [
            lambda outputs: 3, lambda outputs: (3,), lambda outputs: (), lambda outputs: (t.ones(3),),
            lambda outputs: outputs[0] * 2, lambda outputs: (None,), lambda outputs: (outputs[0] * 2,),
        ]
        for hooks, name in ((after, "register_hook"), (before, "register_prehook")):
            for hook in hooks:
                y = x * 2
                getattr(y.grad_fn, name)(hook)
                attempt(y.sum().backward)
                print(x.grad)
                x.grad = None
    """,
    "hooks that cannot be": """
        x = t.ones(2, requires_grad=True)
        y = x * 2
        attempt(lambda: y.register_post_accumulate_grad_hook(print))
        attempt(lambda: x.detach().register_post_accumulate_grad_hook(print))
        attempt(lambda: x.detach().register_hook(print))
        attempt(lambda: x.detach().retain_grad())
        x.retain_grad()
        print(x.retains_grad, y.retains_grad)
    """,
}
PROMISES = {
    "hooks on tensors": "A8",
    "hooks that misbehave": "A9",
}


@pytest.mark.parametrize("script", cases(SCRIPTS, PROMISES))
def test_prints_the_same(script: str) -> None:
    assert printed(script, "nnkit") == printed(script, "torch")


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


def test_handles_live_where_pytorch_has_them() -> None:
    handle = nnkit.ones(1, requires_grad=True).register_hook(print)
    assert isinstance(handle, nnkit.utils.hooks.RemovableHandle)
