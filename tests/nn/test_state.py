import pytest

import nnkit
from nnkit import nn

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.fc1 = nn.Linear(3, 4)
        self.fc3 = nn.Linear(4, 10)
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("unsaved", torch.zeros(2), persistent=False)
_ = torch.manual_seed(0)
net = Net(); sd = net.state_dict()
"""

CASES = [
    "type(sd), list(sd), sd._metadata",
    "sd['conv1.weight'].requires_grad, sd['conv1.weight'].data_ptr() == net.conv1.weight.data_ptr()",
    "net.state_dict(keep_vars=True)['fc1.bias'] is net.fc1.bias",
    "net.load_state_dict(sd)",
    "del sd['fc3.bias'], sd['conv1.weight']\n"
    "sd.update({name: torch.zeros(1) for name in ('bogus.weight', 'fc1.extra', 'x')}); net.load_state_dict(sd)",
    "del sd['fc3.bias']; sd['bogus.weight'] = torch.zeros(1); net.load_state_dict(sd, strict=False)",
    "del sd['fc3.bias']; r = net.load_state_dict(sd, strict=False); r.missing_keys, r.unexpected_keys",
    "sd['fc3.weight'] = torch.zeros(11, 84); sd['fc3.bias'] = torch.zeros(11); net.load_state_dict(sd)",
    "sd['fc3.weight'] = torch.zeros(11, 84); net.load_state_dict(sd, strict=False)",
    "sd = dict(sd); sd['fc3.weight'] = torch.zeros(11, 84); _ = sd.pop('fc1.bias'); sd['zz'] = torch.zeros(1); "
    "net.load_state_dict(sd)",
    "net.load_state_dict([1])",
    "sd = dict(sd); sd['fc3.bias'] = [0.0] * 10; net.load_state_dict(sd)",
    "sd['fc3.bias'] = torch.full((10,), float('nan')); net.load_state_dict(sd), net.fc3.bias",
    "sd['mean'] = torch.ones(2); _ = net.load_state_dict(sd); net.mean",
    "s = nn.Sequential(nn.Linear(2, 2)); s.load_state_dict({'weight': torch.zeros(2, 2), 'bias': torch.zeros(2)})",
    "m = nn.Linear(2, 2); m.load_state_dict({'weight': torch.zeros(()), 'bias': torch.zeros(2)})",
    "a = nn.Linear(2, 2); b = nn.Linear(2, 2); r = b.load_state_dict(a.state_dict(), assign=True); "
    "b.weight.data_ptr() == a.weight.data_ptr(), b.weight",
    "state = {'weight': torch.ones(2, 1, dtype=torch.int64), 'bias': torch.ones(2)}\n"
    "nn.Linear(1, 2).load_state_dict(state, assign=True)",
    "m = nn.Linear(1, 2); m.bias.requires_grad_(False)\n"
    "_ = m.load_state_dict({'weight': torch.ones(2, 1), 'bias': torch.tensor([1, 2])}, assign=True); m.bias",
    "m = nn.Linear(2, 2); m.weight = nn.Parameter(torch.ones(1, 2).expand(2, 2))\n"
    "m.load_state_dict(nn.Linear(2, 2).state_dict())",
    "import copy; m = nn.Linear(2, 2); m(torch.ones(1, 2)).sum().backward(); copy.deepcopy(m).weight.grad, m.bias.grad",
]


@pytest.mark.parametrize("source", CASES)
def test_state_is_pytorchs(same_as_torch, source):
    same_as_torch(NET + source)


def test_nothing_changes_when_loading_fails():
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    before = {name: value.tolist() for name, value in module.state_dict().items()}
    state = {name: value.clone() + 1 for name, value in module.state_dict().items()}
    state["1.bias"] = nnkit.zeros(3)
    with pytest.raises(RuntimeError, match=r"size mismatch for 1\.bias"):
        module.load_state_dict(state)
    assert {name: value.tolist() for name, value in module.state_dict().items()} == before


@pytest.mark.parametrize("target", ["read-only", "repeated", "assigned integers"])
def test_nothing_changes_when_writing_would_fail(target):
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    state = {name: value.clone() + 1 for name, value in module.state_dict().items()}
    if target == "read-only":
        module[1].bias.array.flags.writeable = False
    elif target == "repeated":
        module[1].bias = nn.Parameter(nnkit.ones(1).expand(2))
    else:
        state["1.bias"] = nnkit.arange(2)
    before = {name: (value.data_ptr(), value.tolist()) for name, value in module.state_dict().items()}
    with pytest.raises(RuntimeError, match=r'While copying the parameter named "1\.bias"'):
        module.load_state_dict(state, assign=target == "assigned integers")
    assert {name: (value.data_ptr(), value.tolist()) for name, value in module.state_dict().items()} == before


def test_another_dtype_is_refused_and_not_cast():
    module = nn.Linear(2, 2)
    state = dict(module.state_dict(), bias=nnkit.arange(2))
    with pytest.raises(RuntimeError, match=r"dtype mismatch for bias: .* torch\.int64 .* torch\.float32; convert"):
        module.load_state_dict(state)


def test_loading_keeps_the_parameter_objects():
    module, other = nn.Linear(2, 2), nn.Linear(2, 2)
    weight = module.weight
    module.load_state_dict(other.state_dict())
    assert module.weight is weight
    assert weight.tolist() == other.weight.tolist()
    assert weight.requires_grad
    other.weight.data.zero_()
    assert weight.abs().sum().item() > 0
