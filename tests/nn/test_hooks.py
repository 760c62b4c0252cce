import pickle

import pytest
import torch

import nnkit
from nnkit import nn
from nnkit.nn.hooks import everywhere

SHAPES = "def sh(t): return tuple(None if v is None else tuple(v.shape) for v in t)"

PROGRAMS = {
    "forward hooks: order and returned values": """
m = nn.Linear(2, 3); m.weight.data.fill_(0.5); m.bias.data.zero_(); log = []
_ = m.register_forward_pre_hook(lambda mod, inp: log.append(("pre", mod is m, type(inp).__name__, sh(inp))))
_ = m.register_forward_hook(lambda mod, inp, out: log.append(("first", type(out.grad_fn).__name__, out)))
_ = m.register_forward_hook(lambda mod, inp, out: out * 2)
h = m.register_forward_hook(lambda mod, inp, out: log.append(("third", out)))
_ = m.register_forward_hook(lambda mod, inp, out: log.append("prepended"), prepend=True)
_ = m.register_forward_hook(lambda mod, args, kwargs, out: log.append((args, kwargs)), with_kwargs=True)
r = m(torch.ones(1, 2)); h.remove(); r2 = m(input=torch.ones(1, 2))
log, r, r2
""",
    "forward pre hooks replace arguments": """
m = nn.Identity(); m.forward = lambda x, scale=1: x * scale
_ = m.register_forward_pre_hook(lambda mod, inp: inp[0] + 1)
_ = m.register_forward_pre_hook(lambda mod, inp: (inp[0] * 10,))
_ = m.register_forward_pre_hook(lambda mod, args, kwargs: (args, {"scale": 3}), with_kwargs=True)
_ = m.register_forward_pre_hook(lambda mod, inp: inp[0] - 1, prepend=True)
m(torch.ones(1))
""",
    "forward pre hook with kwargs returns something else": """
m = nn.ReLU(); _ = m.register_forward_pre_hook(lambda mod, args, kwargs: 3, with_kwargs=True); m(torch.ones(1))
""",
    "a hook as a context, and not through forward": """
m = nn.ReLU(); log = []
with m.register_forward_hook(lambda *a: log.append("hook")): _ = m(torch.ones(1)), m.forward(torch.ones(1))
_ = m(torch.ones(1)); log
""",
    "wrong number of arguments": """
m = nn.ReLU(); _ = m.register_forward_hook(lambda mod, inp: None); m(torch.ones(1))
""",
    "full backward hooks of a chain": """
log = []
m = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
for i, c in enumerate(m):
    _ = c.register_full_backward_hook(lambda mod, gi, go, i=i: log.append((i, mod is m[i], sh(gi), sh(go))))
_ = m.register_full_backward_hook(lambda mod, gi, go: log.append(("root", sh(gi), sh(go))))
_ = m.register_full_backward_pre_hook(lambda mod, go: log.append(("pre root", sh(go))))
_ = m[0].register_full_backward_pre_hook(lambda mod, go: log.append(("pre 0", sh(go))))
m(torch.ones(4, 2)).sum().backward(); log.append("input requires grad")
x = torch.ones(4, 2, requires_grad=True); m(x).sum().backward(); out = m(x)
log, x.grad is not None, type(out.grad_fn).__name__, [type(f).__name__ for f, _ in out.grad_fn.next_functions]
""",
    "full backward hooks replace gradients": """
m = nn.Linear(2, 3); m.weight.data.fill_(1.0)
_ = m.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 0 + 5,))
_ = m.register_full_backward_pre_hook(lambda mod, go: (go[0] * 2,))
x = torch.ones(1, 2, requires_grad=True); m(x).sum().backward(); x.grad, m.bias.grad
""",
    "wrong number of gradients": """
m = nn.Linear(2, 3); _ = m.register_full_backward_hook(lambda mod, gi, go: (gi[0], gi[0]))
x = torch.ones(1, 2, requires_grad=True); m(x).sum().backward()
""",
    "wrong number of output gradients": """
m = nn.Linear(2, 3); _ = m.register_full_backward_pre_hook(lambda mod, go: (go[0], go[0]))
x = torch.ones(1, 2, requires_grad=True); m(x).sum().backward()
""",
    "a gradient for no input": """
m = nn.Linear(2, 3); _ = m.register_full_backward_hook(lambda mod, gi, go: (torch.ones(1),))
m(torch.ones(1, 2)).sum().backward()
""",
    "several inputs and outputs, some no tensors": """
class M(nn.Module):
    def forward(self, a, n, b): return a * n, "text", b * 3
log = []
m = M(); _ = m.register_full_backward_hook(lambda mod, gi, go: log.append((sh(gi), sh(go))))
a = torch.ones(2, requires_grad=True); b = torch.ones(3)
x, text, y = m(a, 2.0, b); x.sum().backward(); log, text, a.grad, y.requires_grad
""",
    "output that is not a tensor": """
class M(nn.Module):
    def forward(self, a): return {"a": a}
m = M(); _ = m.register_full_backward_hook(lambda *a: None); sorted(m(torch.ones(1, requires_grad=True)))
""",
    "no hook where the tape is off": """
m = nn.Linear(2, 3); _ = m.register_full_backward_hook(lambda *a: 1 / 0)
with torch.no_grad(): out = m(torch.ones(1, 2))
out.requires_grad
""",
    "old backward hook of a linear layer": """
log = []
m = nn.Linear(2, 3)
_ = m.register_backward_hook(lambda mod, gi, go: log.append((mod is m, sh(gi), sh(go))))
m(torch.ones(4, 2)).sum().backward()
x = torch.ones(4, 2, requires_grad=True); m(x).sum().backward(); log
""",
    "old backward hook of a convolution": """
log = []
c = nn.Conv2d(1, 2, 3); _ = c.register_backward_hook(lambda mod, gi, go: log.append((sh(gi), sh(go))))
c(torch.ones(1, 1, 5, 5)).sum().backward(); log
""",
    "old backward hook of a chain": """
log = []
m = nn.Sequential(nn.Linear(2, 3), nn.ReLU()); _ = m.register_backward_hook(lambda mod, gi, go: log.append(sh(gi)))
m(torch.ones(4, 2)).sum().backward(); log
""",
    "old backward hook of one operation, which is complete": """
log = []
m = nn.ReLU(); _ = m.register_backward_hook(lambda mod, gi, go: (gi[0] * 7,))
x = torch.ones(2, requires_grad=True) * 1; x.retain_grad(); m(x).sum().backward(); x.grad
""",
    "old and full hooks together": """
m = nn.Linear(2, 3); _ = m.register_full_backward_hook(lambda *a: None); m.register_backward_hook(lambda *a: None)
""",
    "full and old hooks together": """
m = nn.Linear(2, 3); _ = m.register_backward_hook(lambda *a: None); m.register_full_backward_hook(lambda *a: None)
""",
    "order of everything": """
order = []
class B(nn.Module):
    def __init__(s): super().__init__(); s.a = nn.Linear(2, 2); s.b = nn.Linear(2, 2)
    def forward(s, x): return s.b(s.a(x))
b = B()
for n, c in b.named_modules():
    _ = c.register_forward_pre_hook(lambda m, i, n=n: order.append(f"pre:{n}"))
    _ = c.register_forward_hook(lambda m, i, o, n=n: order.append(f"fwd:{n}"))
    _ = c.register_full_backward_hook(lambda m, i, o, n=n: order.append(f"bwd:{n}"))
    _ = c.register_full_backward_pre_hook(lambda m, o, n=n: order.append(f"bpre:{n}"))
b(torch.ones(1, 2, requires_grad=True)).sum().backward(); order
""",
}


@pytest.mark.case("A8")
@pytest.mark.parametrize("name", PROGRAMS)
def test_A8_hooks_are_pytorchs(same_as_torch, name):
    same_as_torch(f"{SHAPES}\n{PROGRAMS[name]}")


def test_a_removed_hook_is_not_called_and_may_be_removed_twice():
    module = nn.ReLU()
    handle = module.register_forward_hook(lambda *_: pytest.fail("called"))
    handle.remove()
    handle.remove()
    module(nnkit.ones(1))


def test_a_hook_may_remove_itself():
    module = nn.ReLU()
    calls = []

    def once(*_):
        calls.append(1)
        handle.remove()

    handle = module.register_forward_hook(once)
    module(nnkit.ones(1))
    module(nnkit.ones(1))
    assert calls == [1]


def test_hooks_of_the_old_kind_on_all_modules_are_pytorchs(same_as_torch, monkeypatch):
    # Both remember for ever which kind there was first.
    monkeypatch.setattr(everywhere, "full", None)
    monkeypatch.setattr(torch.nn.modules.module, "_global_is_full_backward_hook", None)
    same_as_torch(
        f"{SHAPES}\nlog = []; m = nn.Sequential(nn.Linear(2, 3), nn.Tanh())\n"
        "note = lambda mod, gi, go: log.append((type(mod).__name__, sh(gi), sh(go)))\n"
        "with torch.nn.modules.module.register_module_backward_hook(note): m(torch.ones(1, 2)).sum().backward()\n"
        "m(torch.ones(1, 2)).sum().backward(); log"
    )


def test_a_pickle_is_refused_with_what_to_do_instead():
    with pytest.raises(TypeError, match=r"cannot pickle 'Linear' object: keep its state_dict\(\) instead"):
        pickle.dumps(nn.Linear(2, 1))
    for tensor in (nnkit.ones(1), nn.Linear(2, 1).weight):
        with pytest.raises(TypeError, match=r"cannot pickle .* object: .* torch\.save"):
            pickle.dumps({"tensor": tensor})


def test_warnings_name_the_line_that_calls_the_module():
    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    module.register_backward_hook(lambda *_: None)
    module.register_forward_hook(lambda *_: 1 / 0, always_call=True)
    dictionary = nn.Identity()
    dictionary.forward = lambda x: {"x": x}
    dictionary.register_full_backward_hook(lambda *_: None)
    with pytest.warns(UserWarning, match="silenced") as silenced, pytest.raises(RuntimeError, match="shapes"):
        module(nnkit.ones(1, 3))
    module._forward_hooks.clear()
    with pytest.warns(FutureWarning, match="multiple autograd Nodes") as old:
        module(nnkit.ones(1, 2))
    with pytest.warns(UserWarning, match="module output should be") as no_tensor:
        dictionary(nnkit.ones(1, requires_grad=True))
    assert {each.filename for caught in (silenced, old, no_tensor) for each in caught} == {__file__}
