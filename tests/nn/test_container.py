import pytest

from nnkit import nn

CASES = [
    "nn.Sequential()",
    "nn.Sequential(nn.ReLU(), nn.Tanh())",
    "nn.Sequential(OrderedDict([('conv1', nn.Conv2d(1, 20, 5)), ('relu1', nn.ReLU())]))",
    "nn.Sequential(3)",
    "nn.Sequential(nn.ReLU())[3]",
    "nn.Sequential(nn.ReLU())[-2]",
    "nn.Sequential(nn.ReLU())['a']",
    "m = nn.Sequential(nn.ReLU(), nn.Tanh()); m[0], m[-1], m[0:1], len(m), [type(c).__name__ for c in m]",
    "m = nn.Sequential(nn.ReLU()); m.append(nn.Tanh()).insert(0, nn.Sigmoid())",
    "m = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid()); del m[0]; m",
    "m = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid()); del m[0:2]; m",
    "m = nn.Sequential(nn.ReLU(), nn.Tanh()); m[1] = nn.Sigmoid(); m",
    "m = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh())); m[1:], m.b",
    "nn.Sequential(nn.ReLU()).append(3)",
    "nn.Sequential(nn.ReLU()).extend([nn.Tanh(), nn.Tanh()])",
    "nn.Sequential(nn.ReLU()).extend([3])",
    "nn.Sequential(nn.ReLU()).insert(5, nn.ReLU())",
    "nn.Sequential(nn.ReLU()).insert(-1, nn.Tanh())",
    "nn.Sequential(nn.ReLU()) + nn.Sequential(nn.Tanh())",
    "nn.Sequential(nn.ReLU()) + 3",
    "nn.Sequential(nn.Flatten(), nn.ReLU())(torch.tensor([[[1.0, -1.0], [2.0, 3.0]]]))",
    "m = nn.Linear(2, 2); s = nn.Sequential(m, m); list(s.state_dict()), [n for n, _ in s.named_parameters()]",
    "m = nn.Sequential(nn.Linear(1, 1)); m.add_module('self', m); len(list(m.modules()))",
    "nn.ModuleList()",
    "nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])",
    "nn.ModuleList([nn.ReLU(), nn.Linear(1, 1), nn.Linear(1, 1), nn.ReLU()])",
    "nn.ModuleList([nn.Sequential(nn.ReLU(), nn.Tanh()) for _ in range(3)])",
    "nn.ModuleList([nn.ReLU()])[3]",
    "nn.ModuleList([nn.ReLU(), nn.Tanh()])[1:]",
    "nn.ModuleList([nn.ReLU()]).extend(3)",
    "nn.ModuleList([nn.ReLU()]).append(3)",
    "m = nn.ModuleList([nn.ReLU()]); m += [nn.Tanh()]; m.insert(0, nn.Sigmoid()); m, len(m)",
    "nn.ModuleList([nn.ReLU()]) + nn.ModuleList([nn.Tanh()])",
    "nn.ModuleList([nn.ReLU()])(1)",
    "[n for n, _ in nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)]).named_parameters()]",
    "nn.ModuleDict()",
    "nn.ModuleDict({'a': nn.ReLU(), 'b': nn.ReLU()})",
    "nn.ModuleDict([['a', nn.ReLU()]])",
    "nn.ModuleDict({'a': 3})",
    "nn.ModuleDict({'a': nn.ReLU()})['b']",
    "nn.ModuleDict(3)",
    "nn.ModuleDict([['a']])",
    "m = nn.ModuleDict({'a': nn.ReLU()}); m['b'] = nn.Tanh(); del m['a']; m, 'b' in m, len(m), list(m), list(m.keys())",
    "m = nn.ModuleDict({'a': nn.ReLU()}); m.update({'a': nn.Tanh()}); list(m.items()), list(m.values()), m.pop('a'), m",
    "m = nn.ModuleDict({'a': nn.ReLU()}); m.clear(); m",
]


@pytest.mark.parametrize("source", CASES)
def test_containers_are_pytorchs(same_as_torch, source):
    same_as_torch(source)


def test_a_module_list_takes_modules_wherever_a_list_would():
    # PyTorch keeps whatever it is given, and raises KeyError for a negative index, halfway through.
    layers = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    layers.insert(-1, nn.Sigmoid())
    assert repr(list(layers)) == "[ReLU(), Sigmoid(), Tanh()]"
    with pytest.raises(TypeError, match="int is not a Module subclass"):
        layers.insert(0, 3)
