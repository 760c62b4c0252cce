"""Modules that hold modules or parameters, and the layers that only give another shape."""

from parity.cases import N, after, layer

LAYERS = [
    layer("nn.Flatten(0, 1)", (N, 3, 2)),
    layer("nn.Flatten(2)", (N, 3, 2, 2)),
    layer("nn.Unflatten(1, (2, 3))", (N, 6)),
    layer("nn.Unflatten(-1, [2, -1])", (N, 2, 6)),
    layer("nn.Identity(3, unused=True)", (N, 2)),
    layer("nn.Sequential(OrderedDict(a=nn.Linear(3, 2), b=nn.Sequential(nn.Tanh(), nn.Linear(2, 2))))", (N, 3)),
    layer("nn.Sequential(nn.Linear(3, 3), nn.ReLU()) * 2 + nn.Sequential(nn.Flatten())", (N, 3)),
]
_PLAIN = """
nn.Sequential(nn.ReLU(), None)
nn.Sequential(None)(torch.ones(1))
nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh())) + nn.Sequential(nn.ReLU())
m = nn.Sequential(nn.ReLU()); m += nn.Sequential(nn.Tanh(), nn.Sigmoid()); m
m = nn.Sequential(nn.ReLU()); m += [nn.Tanh()]
nn.Sequential(nn.ReLU(), nn.Tanh()) * 2
2 * nn.Sequential(nn.ReLU(), nn.Tanh())
m = nn.Sequential(nn.ReLU()); m *= 3; m
m = nn.Sequential(nn.Linear(1, 1)) * 2; m[0] is m[1], len(list(m.parameters()))
m = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid()); m.pop(1), m, m.pop(-1), len(m)
m = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid()); m.pop(slice(0, 2)), m
nn.Sequential(nn.ReLU()).pop(3)
m = nn.Sequential(nn.ReLU(), nn.Tanh()); del m[5]
m = nn.Sequential(nn.ReLU(), nn.Tanh()); m[2] = nn.ReLU()
m = nn.Sequential(nn.ReLU(), nn.Tanh()); m[0] = 3
m = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid()); m[::2], m[-2:], m[5:]
m = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid()); m['0']
nn.Sequential(nn.ReLU()).extend(3)
nn.Sequential(nn.ReLU()).extend(nn.Sequential(nn.Tanh(), nn.Sigmoid()))
nn.Sequential(OrderedDict([('a.b', nn.ReLU())]))
nn.Sequential(OrderedDict([('', nn.ReLU())]))
nn.Sequential(OrderedDict([('forward', nn.ReLU())]))
nn.Sequential([nn.ReLU()])
list(nn.Sequential(nn.ReLU(), nn.Tanh())), nn.ReLU() in nn.Sequential(nn.ReLU())
list(reversed(nn.Sequential(nn.ReLU(), nn.Tanh())))
m = nn.Sequential(nn.Linear(2, 3), nn.ReLU()); [n for n in dir(m) if n.isdigit()]
m = nn.Sequential(nn.ReLU(), nn.Tanh()); m.insert(-1, nn.Sigmoid()); m
m = nn.Sequential(nn.ReLU(), nn.Tanh()); m.insert(2, nn.Sigmoid()); m
m = nn.Sequential(nn.ReLU(), nn.Tanh()); m.insert(-3, nn.Sigmoid())
m = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh(), c=nn.Sigmoid())); del m[0]; m
m = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh())); m.append(nn.Sigmoid())
m = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1)); del m[0]; list(m.state_dict())
m = nn.ModuleList([nn.ReLU(), nn.Tanh(), nn.Sigmoid()]); del m[0:2]; m
m = nn.ModuleList([nn.ReLU(), nn.Tanh(), nn.Sigmoid()]); del m[-1]; m
m = nn.ModuleList([nn.ReLU(), nn.Tanh()]); m[0] = nn.Sigmoid(); m
m = nn.ModuleList([nn.ReLU(), nn.Tanh()]); m[0] = None; m
m = nn.ModuleList([nn.ReLU(), nn.Tanh()]); m[2] = nn.Sigmoid()
m = nn.ModuleList([nn.ReLU(), nn.Tanh()]); m.pop(0), m
m = nn.ModuleList([nn.ReLU(), nn.Tanh()]); m['a']
m = nn.ModuleList([nn.ReLU(), nn.Tanh()]); m[1.0]
nn.ModuleList(nn.Linear(1, 1) for _ in range(2))
nn.ModuleList(3)
nn.ModuleList([3])
nn.ModuleList([nn.ReLU()]).extend(torch.ones(()))
nn.ModuleList(nn.ModuleList([nn.ReLU()]))
nn.ModuleList([nn.ReLU()]) + [nn.Tanh()]
nn.ModuleList([nn.ReLU()]) + 3
m = nn.ModuleList([nn.ReLU()]); m += 3
nn.ModuleList([nn.ReLU()]).forward(1)
nn.ModuleList([nn.ModuleList([nn.ReLU(), nn.ReLU()]), nn.ModuleList([nn.ReLU(), nn.ReLU()])])
nn.ModuleList([nn.Linear(1, 2), nn.Linear(1, 2), nn.Linear(2, 1), nn.Linear(1, 2)])
nn.ModuleDict(OrderedDict(b=nn.ReLU(), a=nn.Tanh()))
nn.ModuleDict(nn.ModuleDict({'a': nn.ReLU()}))
nn.ModuleDict({'a': nn.ReLU(), 'b': None})
nn.ModuleDict({'a.b': nn.ReLU()})
nn.ModuleDict({'': nn.ReLU()})
nn.ModuleDict({3: nn.ReLU()})
nn.ModuleDict({'keys': nn.ReLU()})
nn.ModuleDict({'type': nn.ReLU()})
nn.ModuleDict([3])
nn.ModuleDict([('a', nn.ReLU(), 3)])
nn.ModuleDict(['ab'])
m = nn.ModuleDict({'a': nn.ReLU()}); m.pop('b')
m = nn.ModuleDict({'a': nn.ReLU()}); del m['b']
m = nn.ModuleDict({'a': nn.ReLU()}); m.items(), m.keys(), m.values()
m = nn.ModuleDict({'a': nn.ReLU()}); m['a'] = 3
m = nn.ModuleDict({'a': nn.ReLU()}); m(1)
m = nn.ModuleDict({'a': nn.ReLU()}); m.a, m['a'] is m.a
nn.ParameterList([nn.Parameter(torch.zeros(2, 3)), torch.ones(1), 3, 'a'])
nn.ParameterList()
nn.ParameterList(3)
nn.ParameterList(torch.ones(2))
p = nn.ParameterList([torch.zeros(2, 3), torch.ones(())]); p[0], p[-1], len(p), list(p.state_dict()), p[1:]
p = nn.ParameterList([torch.zeros(2)]); p[5]
p = nn.ParameterList([torch.zeros(2)]); p['a']
p = nn.ParameterList([torch.zeros(2)]); p()
p = nn.ParameterList([torch.zeros(2, dtype=torch.int64)])
p = nn.ParameterList([torch.zeros(2)]); p[0] = 3
nn.ParameterDict({'b': nn.Parameter(torch.zeros(2, 3)), 'a': torch.ones(1), 'c': 3})
nn.ParameterDict()
nn.ParameterDict(3)
nn.ParameterDict([3])
nn.ParameterDict([('a', 1, 2)])
nn.ParameterDict({3: 3})
nn.ParameterDict({'a': torch.ones(1)})['b']
p = nn.ParameterDict({'a': torch.ones(1)}); del p['b']
p = nn.ParameterDict({'a': torch.ones(1)}); p | nn.ParameterDict({'b': torch.ones(2)}), {'c': 1} | p
p = nn.ParameterDict({'a': torch.ones(1)}); p.clear(); p, list(p.items()), list(p.values())
nn.ParameterDict().popitem()
p = nn.ParameterDict({'a': torch.ones(1)}); p(1)
p = nn.ParameterDict({'a': torch.ones(1)}); p.update(OrderedDict(z=1, b=2)); list(p)
p = nn.ParameterDict({'a': torch.ones(1)}); list(p.state_dict()), [n for n, _ in p.named_parameters()], p.a is p['a']
nn.Flatten(2, 1)(torch.ones(2, 3, 4))
nn.Flatten(0, -1)(torch.ones(2, 3, 4)).shape, nn.Flatten()(torch.ones(2)).shape
nn.Flatten(1, 5)(torch.ones(2, 3))
nn.Unflatten(1, 6)
nn.Unflatten(1, (2, 'a'))
nn.Unflatten(1, (2, 4))(torch.ones(2, 6))
nn.Unflatten(1, (4, -1))(torch.ones(2, 6))
nn.Unflatten(1, (-1, -1))(torch.ones(2, 6))
nn.Unflatten(1, ())(torch.ones(2, 6))
nn.Unflatten(3, (2, 3))(torch.ones(2, 6))
nn.Identity(54, unused=1), nn.Identity()(torch.ones(2)), nn.Identity(3)
nn.Identity()(1, 2)
"""
_LIST = """
p[0] = torch.ones(1); p += [torch.zeros(3)]; p.append(torch.ones(4)), len(list(p.parameters()))
p.append(torch.zeros(2, dtype=torch.float64)), [x.shape for x in p], [n for n, _ in p.named_parameters()]
p.extend([torch.ones(1, requires_grad=True), 3]), p[-2:], 3 in p
"""
_DICT = """
p['c'] = torch.ones(3); del p['a']; p, list(p), 'b' in p, 'a' in p, len(p), list(p.keys()), list(reversed(p))
p.pop('a'), p, p.setdefault('x', torch.zeros(1)), p.get('y'), p.get('y', 3), p.get('x')
p |= {'c': torch.ones(2)}; p, p.popitem(), p.copy(), p.fromkeys(['u', 'v'], 1)
"""
PROGRAMS = [
    *after("", _PLAIN),
    *after("p = nn.ParameterList([torch.zeros(2)])", _LIST),
    *after("p = nn.ParameterDict({'a': torch.ones(1), 'b': torch.zeros(2)})", _DICT),
]
