"""The module itself: hooks, registration, copies, state and text."""

from parity.cases import after

_HOOKS = """
h = m.register_forward_hook(note); list(m._forward_hooks) == [h.id], len(m._forward_pre_hooks)
h = m.register_full_backward_hook(note); list(m._backward_hooks) == [h.id], len(m._backward_pre_hooks)
h = m.register_forward_hook(note); m._forward_hooks.clear(); _ = m(x); h.remove(); log
h = m.register_forward_hook(note); m._forward_hooks = OrderedDict(); _ = m(x); log
h = m.register_forward_hook(note); k = m.register_forward_pre_hook(note); _ = m(x); h.remove(); _ = m(x); log
_ = m.register_forward_hook(note, always_call=True); m(torch.ones(1, 3))
_ = m.register_forward_hook(lambda *given: log.append(given[-1]), always_call=True); m(torch.ones(1, 3))
_ = m.register_forward_hook(lambda *given: 1 / 0, always_call=True); m(torch.ones(1, 3))
_ = m.register_forward_hook(lambda *given: 1 / 0, always_call=True); m(x)
_ = m.register_forward_hook(lambda *given: 1 / 0); h = m.register_forward_hook(note, always_call=True); m(x)
h = m.register_full_backward_hook(note); h.remove(); m.register_backward_hook(note)
h = m.register_backward_hook(note); h.remove(); m.register_full_backward_hook(note)
_ = m.register_full_backward_hook(lambda *given: [None]); m(x).sum().backward()
_ = m.register_full_backward_hook(lambda *given: (None,)); m(x).sum().backward(); m.bias.grad
_ = m.register_full_backward_hook(lambda *given: log.append(given[1:])); m(x.requires_grad_()).sum().backward(); log
_ = m.register_full_backward_hook(lambda *given: log.append('last')); \
_ = m.register_full_backward_hook(note, prepend=True); m(x.requires_grad_()).sum().backward(); log
_ = m.register_full_backward_pre_hook(lambda *given: log.append('last')); \
_ = m.register_full_backward_pre_hook(note, prepend=True); m(x).sum().backward(); log
_ = m.register_forward_hook(note); c = copy.deepcopy(m); _ = c(x); log, len(c._forward_hooks)
h = m.register_forward_hook(note); c = copy.deepcopy(m); h.remove(); _ = c(x); log.append('copied'); _ = m(x); log
_ = m.register_full_backward_hook(lambda m, inner, outer: inner[0] * 0); m(x.requires_grad_()).sum().backward()
_ = m.register_full_backward_hook(lambda m, inner, outer: (inner[0][:, :1],)); m(x.requires_grad_()).sum().backward()
_ = m.register_full_backward_hook(lambda m, inner, outer: (3,)); m(x.requires_grad_()).sum().backward()
_ = m.register_backward_hook(lambda m, inner, outer: inner[0]); m(x).sum().backward()
_ = m.register_full_backward_hook(note); m(x.requires_grad_()).add_(1)
_ = m.register_full_backward_pre_hook(note); m(x).mul_(2)
_ = m.register_full_backward_hook(note); m.forward = lambda x: x.mul_(2); m(x.requires_grad_() * 1)
_ = m.register_full_backward_hook(note); m.forward = lambda x, y: x + y; m(x, x.clone().requires_grad_()).sum(); log
m = nn.ReLU(inplace=True); _ = m.register_full_backward_hook(note); m(x.requires_grad_() * 1)
type(m.register_forward_hook(note)).__name__, str(type(m.register_forward_hook(note)))
Pair = __import__('collections').namedtuple('Pair', 'a b'); m.forward = lambda x: Pair(x * 2, x); \
_ = m.register_full_backward_hook(note); y = m(x.requires_grad_()); y.a.sum().backward(); type(y).__name__, log
"""
_GLOBAL_HOOKS = """
with M.register_module_forward_hook(note): _ = m(x)
with M.register_module_forward_pre_hook(note): _ = m(x)
with M.register_module_full_backward_hook(note): m(x).sum().backward()
with M.register_module_full_backward_pre_hook(note): m(x).sum().backward()
with M.register_module_forward_pre_hook(lambda m, given: given[0] + 1): log.append(m(x))
with M.register_module_forward_hook(lambda m, given, y: y * 2): log.append(m(x))
with M.register_module_forward_hook(lambda m, given, named, y: log.append(named), with_kwargs=True): _ = m[1](input=x)
"""
_ORDER = """
with M.register_module_forward_hook(note): m[0].register_forward_hook(own, prepend=True); _ = m(x)
with M.register_module_forward_pre_hook(note): m[0].register_forward_pre_hook(own, prepend=True); _ = m(x)
with M.register_module_full_backward_hook(note): m[0].register_full_backward_hook(own); m(x).sum().backward()
with M.register_module_full_backward_pre_hook(note): m[0].register_full_backward_pre_hook(own); m(x).sum().backward()
"""
_FAILURES = """
with M.register_module_forward_hook(note, always_call=True): m(torch.ones(1, 3))
with M.register_module_forward_hook(lambda *given: 1 / 0, always_call=True): m(torch.ones(1, 3))
with M.register_module_full_backward_hook(note): M.register_module_backward_hook(note)
"""
_COPIES = """
c = copy.copy(m); c.weight is m.weight, c._parameters is m._parameters, c
m.bias = nn.Parameter(m.weight[0] * 1, False); [each.requires_grad for each in copy.deepcopy(m).parameters()]
m.same = m.weight; c = copy.deepcopy(m); c.same is c.weight, c.weight is m.weight
m.eval(); copy.deepcopy(m).training
m.result = m(torch.ones(1, 2)); copy.deepcopy(m)
m.register_buffer('b', torch.ones(2), persistent=False); c = copy.deepcopy(m); c.b, list(c.state_dict()), c.b is m.b
m.x = [1, torch.ones(1)]; c = copy.deepcopy(m); c.x, c.x is m.x, c.x[1] is m.x[1]
m(torch.ones(1, 2)).sum().backward(); c = copy.deepcopy(m); c.weight.grad, m.bias.grad
x = torch.ones(2, requires_grad=True); c = copy.copy(x); c.requires_grad, c.is_leaf, c.data_ptr() == x.data_ptr()
p = nn.Parameter(torch.ones(2), requires_grad=False); copy.copy(p), copy.deepcopy(p)
b = nn.Buffer(torch.ones(2), persistent=False); copy.copy(b), copy.deepcopy(b).persistent
"""
_MEMBERS = """
m.b = 3; m.b = nn.Buffer(torch.ones(1))
m.weight = nn.Buffer(torch.ones(1))
m.register_buffer('b', torch.ones(1), persistent=False); m.b = torch.zeros(1); list(m.state_dict()), m.b
m.register_buffer('b', torch.ones(1), persistent=False); m.b = nn.Buffer(torch.zeros(1)); list(m.state_dict())
m.register_buffer('b', torch.ones(1)); m.b = nn.Parameter(torch.zeros(1)); list(m.state_dict()), len(list(m.buffers()))
m.register_buffer('b', torch.ones(1)); del m.b; hasattr(m, 'b')
m.register_parameter('p', None); m.p = nn.Parameter(torch.ones(1)); [name for name, _ in m.named_parameters()]
m.get_buffer('weight')
m.get_parameter('bias'), m.get_submodule('') is m
m.register_buffer('b', None); m.get_buffer('b'), list(m.named_buffers())
m.register_module('r', nn.ReLU()); m, list(m.children()), [name for name, _ in m.named_children()]
m.add_module('r', None); m
m.type(torch.float64).weight.dtype, m.float().bias.dtype, m.double().bias.dtype, m._get_name()
m.register_buffer('n', torch.tensor(3)); m.type(torch.float64).n.dtype, m.float().n.dtype, m.cpu() is m
m.nothing = torch.ones(1); list(m.state_dict()), 'nothing' in dir(m)
m.zero_grad(); m.weight.grad
m.requires_grad_().weight.requires_grad
m.apply(3)
m(1)
m('a')
m.train(1)
m.cuda()
m.to(torch.int32)
m.extra_repr(), m.eval().training, m.train(False).training
"""
_STATE = """
m.weight.requires_grad_(False); _ = m.load_state_dict(s, assign=True); m.weight is s['weight'], m.weight
_ = m.load_state_dict(s, assign=True); m.weight is s['weight'], m.weight, m.bias.data_ptr() == s['bias'].data_ptr()
_ = m.load_state_dict(s); m.weight is s['weight'], m.weight
type(m.load_state_dict(s)), m.load_state_dict(s) == ([], [])
missing, unexpected = m.load_state_dict({'weight': torch.ones(1, 2), 'x': 3}, strict=False); missing, unexpected
nn.Sequential(nn.ReLU(), m).load_state_dict({'1.weight': s['weight'], '1.bias': s['bias'], '0.y': 3, '1.0.x': 4})
d = OrderedDict(a=1); r = m.state_dict(destination=d, prefix='p.'); r is d, list(d)
list(m.state_dict(prefix='p.', keep_vars=True).values())[0] is m.weight
n = nn.Module(); n.register_buffer('n', torch.tensor(0.0)); n.load_state_dict({'n': torch.ones(1)}), n.n
n = nn.Module(); n.register_buffer('n', torch.tensor(0.0)); n.load_state_dict({'n': torch.ones(1)}, assign=True), n.n
m.load_state_dict(3)
m.load_state_dict({})
nn.Module().load_state_dict({}), nn.Module().state_dict()
"""
_SUBCLASSES = """
make(extra_repr=lambda self: 'a=1,\\nb=2')()
m = make(extra_repr=lambda self: 'a=1')(); m.s = nn.ReLU(); m.t = nn.Sequential(nn.Tanh()); m
m = make()(); m.x = make()(); m.x.y = nn.Linear(1, 1); m
make(__init__=lambda self: setattr(self, 't', torch.ones(1)))().t
make(__init__=lambda self: setattr(self, 'l', nn.ReLU()))()
make(__init__=lambda self: setattr(self, 'p', nn.Parameter(torch.ones(1))))()
make(__init__=lambda self: self.add_module('l', nn.ReLU()))()
make(__init__=lambda self: self.register_parameter('l', None))()
make(__init__=lambda self: self.register_buffer('l', None))()
list(make(__init__=lambda self: None)().parameters())
make(__init__=lambda self: None)()
make(forward=lambda self, x: x)()(x=3), make(forward=lambda self, x: x)()(4)
make(forward=lambda self, x: x)()()
make()().forward(1)
make()()(1)
m = nn.Sequential(make(train=lambda self, mode=True: nn.Module.train(self, False))(), nn.ReLU()); \
m.eval().train(); [each.training for each in m]
list(nn.Sequential(nn.ReLU()).modules(remove_duplicate=False))
"""
_LINEAR = "m = nn.Linear(2, 1); m.weight.data.fill_(2.0); m.bias.data.fill_(1.0); x = torch.ones(1, 2)"
_NOTE = "log = []; note = lambda m, *given: log.append([len(given), type(m).__name__])"
_CHAIN = "M = torch.nn.modules.module; m = nn.Sequential(nn.Linear(2, 2), nn.ReLU()); x = torch.ones(1, 2)"


PROGRAMS = [
    "M = nn.modules; isinstance(nn.Conv2d(1, 1, 1), M.conv._ConvNd), isinstance(nn.MaxPool2d(1), M.pooling._MaxPoolNd)"
    ", isinstance(nn.BatchNorm1d(1), M.batchnorm._BatchNorm), isinstance(nn.MSELoss(), M.loss._Loss), "
    "isinstance(nn.Dropout(), M.dropout._DropoutNd), isinstance(nn.ConvTranspose1d(1, 1, 1), M.conv._ConvTransposeNd)",
    "sorted(repr(each) for each in [*map(type, nn.Sequential(nn.Linear(1, 1), nn.Flatten())), nn.Identity, nn.RNN, "
    "nn.Module, nn.Sequential, nn.ModuleList, nn.ParameterList, nn.Conv2d, nn.MaxPool2d, nn.BatchNorm1d, nn.ReLU, "
    "nn.Dropout, nn.MSELoss, nn.NLLLoss, nn.Parameter, nn.Buffer])",
    *after(f"{_LINEAR}; {_NOTE}", _HOOKS),
    *after(_LINEAR, _COPIES),
    *after(_LINEAR, _MEMBERS),
    *after(f"{_LINEAR}; s = m.state_dict(); s['weight'] = nn.Parameter(torch.zeros(1, 2))", _STATE),
    *after("make = lambda **members: type('B', (nn.Module,), members)", _SUBCLASSES),
    *[
        f"{program}\nlog"
        for program in after(
            f"{_LINEAR}; {_NOTE}; {_CHAIN}; own = lambda *given: log.append('own')", _GLOBAL_HOOKS + _ORDER
        )
    ],
    *[f"{program}\nlog" for program in after(f"{_CHAIN}; {_NOTE}", _FAILURES)],
]
