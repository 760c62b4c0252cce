"""Functions of one's own."""

from __future__ import annotations

import pytest
from autograd.scripts import cases, printed

SCRIPTS = {
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
    "contexts": """
        class Scale(autograd.Function):
            @staticmethod
            def forward(ctx, x, factor):
                print(type(ctx), ctx, ctx.needs_input_grad, t.is_grad_enabled())
                ctx.save_for_backward(x, None)
                ctx.factor = factor
                return x * factor
            @staticmethod
            def backward(ctx, grad):
                print(ctx.needs_input_grad, grad, ctx.saved_tensors[0] is x, t.is_grad_enabled(), grad.requires_grad)
                return grad * ctx.factor, None
        x = t.ones(2, requires_grad=True)
        y = Scale.apply(x, 3)
        node = y.grad_fn
        print(y, node, type(node), node.name(), node.factor, node.saved_tensors, node.needs_input_grad, node.metadata)
        y.sum().backward()
        print(x.grad, Scale.apply(x.detach(), 3))
        attempt(y.sum().backward)
        attempt(lambda: node.saved_tensors)
        attempt(lambda: node.missing)
        with t.no_grad():
            print(Scale.apply(x, 3))
    """,
    "what is missing": """
        Function = autograd.Function
        x = t.ones(2, requires_grad=True)
        class Forward(Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
        class Backward(Function):
            @staticmethod
            def backward(ctx, grad):
                return grad
        attempt(lambda: Function.apply(x))
        attempt(lambda: Backward.apply(x))
        attempt(lambda: Forward.apply(x).sum().backward())
        attempt(lambda: Function.setup_context(None, None, None))
        attempt(lambda: Forward.apply())
        attempt(lambda: Forward())
        attempt(lambda: Forward()(x))
        print(Function, Forward.apply(x.detach()))
    """,
    "wrong gradients": """
        x = t.ones(2, requires_grad=True)
        def attempted(backward, *inputs):
            class Mine(autograd.Function):
                forward = staticmethod(lambda ctx, *inputs: inputs[0] * 2)
            Mine.backward = staticmethod(backward)
            x.grad = None
            attempt(lambda: Mine.apply(*inputs).sum().backward())
            print(x.grad)
        attempted(lambda ctx, grad: (grad, grad), x)
        attempted(lambda ctx, grad: (grad, None), x)
        attempted(lambda ctx, grad: None, x)
        attempted(lambda ctx, grad: (), x)
        attempted(lambda ctx, grad: 3, x)
        attempted(lambda ctx, grad: [grad], x)
        for shape in ((3,), (1,), (2, 1), (2, 2)):
            attempted(lambda ctx, grad: t.ones(shape), x)
        for kind in (t.float64, t.int64):
            attempted(lambda ctx, grad: t.ones(2, dtype=kind), x)
        attempted(lambda ctx, grad: 1 / 0, x)
        attempted(lambda ctx, grad: grad, x, x)
        attempted(lambda ctx, grad: (grad, None), x, x)
        attempted(lambda ctx, grad: (grad, grad, grad), x, x)
        attempted(lambda ctx, grad: grad, x, 3)
        attempted(lambda ctx, grad: (grad, None), x, 3)
        attempted(lambda ctx, grad: (grad, 3), x, 3)
    """,
    "results of all kinds": """
        x = t.ones(2, requires_grad=True)
        def made(forward, backward=lambda ctx, *grads: print(grads) or grads[0]):
            class Mine(autograd.Function):
                pass
            Mine.forward, Mine.backward = staticmethod(forward), staticmethod(backward)
            return Mine.apply
        for result in (None, 3.5, ()):
            print(made(lambda ctx, x: result)(x))
        print(made(lambda ctx, x: [x * 2])(x), made(lambda ctx, x: t.tensor([1, 2]))(x))
        several = made(lambda ctx, x: (x * 2, 3, None, x * 4))(x)
        print(several)
        several[0].sum().backward()
        def unfilled(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3
        made(unfilled)(x)[1].sum().backward()
        def marked(ctx, x):
            mask, constant = x > 0, x * 5
            ctx.mark_non_differentiable(mask, constant)
            return x * 2, mask, constant
        several = made(marked)(x)
        print(several)
        several[0].sum().backward()
        def returned(ctx, x):
            ctx.mark_non_differentiable(x)
            return x
        stopped = made(returned)(x)
        print(stopped, stopped is x)
    """,
    "results that share memory": """
        x = t.ones(2, requires_grad=True)
        def made(forward):
            class Mine(autograd.Function):
                backward = staticmethod(lambda ctx, grad: grad * 2)
            Mine.forward = staticmethod(forward)
            return Mine.apply
        for forward in (lambda ctx, x: x, lambda ctx, x: x.view(2, 1), lambda ctx, x: x.detach()):
            y = made(forward)(x)
            print(y is x, y)
            attempt(lambda: y.mul_(2))
        base = x * 1
        y = made(lambda ctx, x: x)(base)
        base.mul_(2)
        attempt(lambda: y.grad_fn)
        def dirty(ctx, x):
            ctx.mark_dirty(x)
            x.mul_(2)
            return x
        base = x * 1
        y = made(dirty)(base)
        print(y is base, base.grad_fn, base._version)
        base.sum().backward()
        print(x.grad)
        base = x * 1
        made(dirty)(base[:1])
        print(base)
        attempt(lambda: made(dirty)(x.detach().requires_grad_()))
        attempt(lambda: made(dirty)((x * 1).unbind(0)[0]))
        def kept(ctx, x):
            ctx.mark_dirty(x)
            return x * 2
        attempt(lambda: made(kept)(x * 1))
    """,
    "what is kept": """
        x = t.ones(2, requires_grad=True)
        def made(*kept):
            class Mine(autograd.Function):
                @staticmethod
                def forward(ctx, x):
                    y = x * 2
                    ctx.save_for_backward(*[y if each == "result" else each for each in kept])
                    return y
                @staticmethod
                def backward(ctx, grad):
                    print(ctx.saved_tensors)
                    return grad
            return Mine.apply
        made(x, None, t.zeros(1))(x).sum().backward()
        made("result")(x).sum().backward()
        attempt(lambda: made(x, 3)(x))
        attempt(lambda: made([x])(x))
        y = made("result")(x)
        y.mul_(2)
        attempt(y.sum().backward)
        with t.inference_mode():
            inference = t.ones(2)
        attempt(lambda: made(inference)(x))
    """,
    "a context of its own": """
        from importlib import import_module
        once_differentiable = import_module(f"{autograd.__name__}.function").once_differentiable
        class Power(autograd.Function):
            @staticmethod
            def forward(x, exponent=2):
                return x**exponent
            @staticmethod
            def setup_context(ctx, inputs, output):
                print(inputs, output)
                x, ctx.exponent = inputs
                ctx.save_for_backward(x, output)
            @staticmethod
            @once_differentiable
            def backward(ctx, grad):
                x, output = ctx.saved_tensors
                print(output)
                return ctx.exponent * x ** (ctx.exponent - 1) * grad, None
        x = t.tensor([1.0, 2.0], requires_grad=True)
        Power.apply(x).sum().backward()
        Power.apply(x, exponent=3).sum().backward()
        print(x.grad)
    """,
    "nothing comes back": """
        class Told(autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            def backward(ctx, grad):
                print("told", grad)
                return None
        x = t.ones(2, requires_grad=True)
        Told.apply(Told.apply(x)).sum().backward()
        print(x.grad)
        y = Told.apply(x)
        y.grad_fn.register_prehook(lambda outputs: print("before", outputs))
        y.grad_fn.register_hook(lambda inputs, outputs: print("after", inputs, outputs))
        y.sum().backward()
    """,
}
PROMISES = {
    "what a function saved must not change": "A4",
}


@pytest.mark.parametrize("script", cases(SCRIPTS, PROMISES))
def test_prints_the_same(script: str) -> None:
    assert printed(script, "nnkit") == printed(script, "torch")
