"""Recording, not recording and inference: as blocks, decorators and functions."""

from __future__ import annotations

import threading

import pytest
from autograd.scripts import cases, printed

import nnkit

SCRIPTS = {
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
    "what modes are": """
        x = t.ones(2, requires_grad=True)
        print(t.no_grad(), t.enable_grad(), t.inference_mode(), t.set_grad_enabled(True))
        print(t.no_grad, t.enable_grad, t.inference_mode, t.set_grad_enabled, type(t.no_grad()))
        print(t.inference_mode().mode, t.inference_mode(False).mode)
        attempt(lambda: t.set_grad_enabled("on"))
        attempt(lambda: t.set_grad_enabled(1))
        mode = t.no_grad()
        with mode:
            with t.enable_grad():
                print(t.is_grad_enabled())
            print(t.is_grad_enabled())
        with mode, t.no_grad():
            pass
        print(t.is_grad_enabled(), t.no_grad(lambda: t.is_grad_enabled())(), t.is_inference_mode_enabled())
    """,
    "decorators": """
        @t.set_grad_enabled(False)
        def plain():
            'What it does.'
            return t.is_grad_enabled()
        print(plain(), t.is_grad_enabled(), plain.__name__, plain.__doc__)
        @t.set_grad_enabled(mode=False)
        def steps():
            'What they do.'
            yield t.is_grad_enabled()
            print("got", (yield t.is_grad_enabled()))
            try:
                yield 5
            except ValueError as error:
                print("caught", error, t.is_grad_enabled())
                yield 6
            return 7
        running = steps()
        print(steps.__doc__, next(running), next(running), t.is_grad_enabled())
        print(running.send(3), running.throw(ValueError("mine")), t.is_grad_enabled())
        try:
            next(running)
        except StopIteration as stop:
            print(stop.value)
        @t.no_grad
        def closing():
            try:
                yield 1
            finally:
                print("closed", t.is_grad_enabled())
        running = closing()
        next(running)
        running.close()
        @t.no_grad()
        class Made:
            def __init__(self):
                print(t.is_grad_enabled())
        Made()
    """,
    "tensors made for inference": """
        x, b = t.ones(2, requires_grad=True), t.ones(2)
        with t.inference_mode():
            made = {
                "result": x * 2, "new": t.ones(2), "view": x[:1], "detached": x.detach(), "shape": b.view(2, 1),
                "leaf": t.ones(2, requires_grad=True), "data": x.data,
            }
            print(t.is_inference_mode_enabled(), t.is_grad_enabled(), made["result"], made["leaf"])
        for name, each in made.items():
            print(name, each.requires_grad, each.is_inference(), t.is_inference(each), each.is_leaf, each.grad_fn)
        new = made["new"]
        attempt(lambda: new._version)
        attempt(lambda: new.add_(1))
        attempt(lambda: new.view(2, 1).add_(1))
        attempt(lambda: new * x)
        print((new + x).grad_fn, new.clone().add_(1).shape, (new * 2).is_inference(), new.view(2, 1).is_inference())
        attempt(lambda: new.requires_grad_())
        attempt(lambda: made["view"].mul_(2))
        made["shape"].mul_(2)
        attempt(lambda: made["shape"].mul_(x))
        with t.no_grad():
            attempt(lambda: new.mul_(2))
        with t.inference_mode():
            x.mul_(2)
            x.detach().mul_(2)
            new.requires_grad_()
        print(x, x._version, new.requires_grad)
        attempt(lambda: new.detach().register_hook(print))
    """,
    "inference and gradients": """
        x = t.ones(2, requires_grad=True)
        def told():
            print(t.is_inference_mode_enabled(), t.is_grad_enabled(), (x * 2).requires_grad)
        with t.inference_mode(False):
            told()
        with t.inference_mode():
            told()
            with t.inference_mode(False):
                told()
            with t.enable_grad():
                told()
            attempt(lambda: (x * 2).sum().backward())
        told()
        @t.inference_mode()
        def with_parentheses():
            told()
        @t.inference_mode
        def without():
            told()
        @t.inference_mode(False)
        def switched_off():
            told()
        with_parentheses()
        without()
        switched_off()
        @t.inference_mode()
        def steps():
            yield t.is_inference_mode_enabled()
            yield t.is_inference_mode_enabled()
        for each in steps():
            print(each, t.is_inference_mode_enabled())
    """,
}


@pytest.mark.parametrize("script", cases(SCRIPTS))
def test_prints_the_same(script: str) -> None:
    assert printed(script, "nnkit") == printed(script, "torch")


def test_threads_have_modes_of_their_own() -> None:
    seen = []

    def look() -> None:
        seen.append((nnkit.is_grad_enabled(), nnkit.is_inference_mode_enabled()))

    with nnkit.inference_mode(), nnkit.no_grad():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        look()
    look()
    assert seen == [(True, False), (False, True), (True, False)]
