import copy

import pytest

import nnkit
from nnkit import nn

REGISTRATION = [
    "m = nn.Linear(1, 1); m.register_buffer('weight', torch.zeros(1))",
    "m = nn.Linear(1, 1); m.register_buffer('a.b', torch.zeros(1))",
    "m = nn.Linear(1, 1); m.register_buffer('', torch.zeros(1))",
    "m = nn.Linear(1, 1); m.register_buffer(3, torch.zeros(1))",
    "m = nn.Linear(1, 1); m.register_buffer('q', [1.0])",
    "m = nn.Linear(1, 1); m.register_parameter('q', torch.zeros(1))",
    "m = nn.Linear(1, 1); m.register_parameter('q', nn.Parameter(torch.zeros(1)) * 2)",
    "m = nn.Linear(1, 1); m.register_parameter('a.b', None)",
    "m = nn.Linear(1, 1); m.register_parameter('', None)",
    "m = nn.Linear(1, 1); m.register_parameter(3, None)",
    "m = nn.Linear(1, 1); m.register_parameter('forward', None)",
    "m = nn.Linear(1, 1); m.add_module('x', torch.zeros(1))",
    "m = nn.Linear(1, 1); m.add_module('weight', nn.ReLU())",
    "m = nn.Linear(1, 1); m.add_module('a.b', nn.ReLU())",
    "m = nn.Linear(1, 1); m.add_module('', nn.ReLU())",
    "m = nn.Linear(1, 1); m.add_module(3, nn.ReLU())",
    "m = nn.Sequential(nn.ReLU()); m.add_module('0', nn.Tanh()); m",
    "m = nn.Module(); m.a = nn.ReLU(); m.a = None; m, list(m.children()), m.a",
    "m = nn.Module(); m.add_module('a', None); m, m.a",
    "m = nn.Module(); m.p = nn.Parameter(torch.zeros(2)); m.p = None; list(m.parameters()), m.p",
    "m = nn.Module(); m.a = 3; m.a = nn.ReLU(); m, 'a' in m.__dict__",
    "m = nn.Module(); m.a = nn.ReLU(); m.a = nn.Parameter(torch.zeros(1)); m, [n for n, _ in m.named_parameters()]",
    "m = nn.Module(); m.a = nn.ReLU(); del m.a; m, hasattr(m, 'a')",
    "m = nn.Linear(1, 1); del m.bias; [n for n, _ in m.named_parameters()]",
    "m = nn.Module(); delattr(m, 'nothing')",
    "m = nn.Module(); m.b = nn.Buffer(torch.ones(1)); list(m.state_dict()), list(m.named_buffers())",
    "m = nn.Module(); m.b = nn.Buffer(torch.ones(1), persistent=False); list(m.state_dict()), len(list(m.buffers()))",
    "m = nn.Module(); m.register_buffer('b', None); m.b = torch.ones(1); list(m.state_dict())",
    "m = nn.Module(); m.register_buffer('b', torch.ones(1)); m.b = None; list(m.state_dict()), m.b",
    "m = nn.Linear(1, 1); m.register_buffer('b', torch.zeros(1)); m.b = 3.0; m",
    "m = nn.Linear(1, 1); m.weight = torch.zeros(1, 1); m",
    "m = nn.Module(); m.foo = nn.Linear(1, 1); m.foo = 3; m",
    "m = nn.Module(); m.nothing",
    "nn.Linear(1, 1).nothere",
    "nn.Module()(1)",
    "nn.Module(3)",
    "class Bad(nn.Module):\n    def __init__(self): self.fc = nn.Linear(1, 1)\nBad()",
    "class Bad(nn.Module):\n    def __init__(self): self.p = nn.Parameter(torch.zeros(1))\nBad()",
    "class Bad(nn.Module):\n    def __init__(self): self.register_buffer('p', torch.zeros(1))\nBad()",
    "nn.Parameter(torch.zeros(1, dtype=torch.int64))",
    "nn.Parameter(torch.zeros(1, dtype=torch.int64), requires_grad=False)",
    "nn.Parameter(torch.tensor([1.0, 2.0]))",
    "nn.Parameter(torch.zeros(2, 2), requires_grad=False)",
    "nn.Parameter()",
    "nn.Buffer(torch.zeros(2))",
    "nn.Parameter(torch.zeros(1)).data, nn.Parameter(torch.zeros(1)).detach(), nn.Parameter(torch.zeros(1)) * 2",
]

TREE = """
class O(nn.Module):
    def __init__(self):
        super().__init__()
        self.z = nn.Linear(1, 1)
        self.w = nn.Parameter(torch.zeros(1))
        self.register_buffer("buf", torch.zeros(1))
        self.a = nn.Sequential(OrderedDict([("l", nn.Linear(1, 1, bias=False)), ("r", nn.ReLU())]))
        self.b = nn.Parameter(torch.zeros(1))
        self.again = self.z
m = O()
"""

WALKS = [
    "[n for n, _ in m.named_parameters()]",
    "[n for n, _ in m.named_parameters(remove_duplicate=False)]",
    "[n for n, _ in m.named_parameters(prefix='net', recurse=False)]",
    "[n for n, _ in m.named_buffers(prefix='net')]",
    "[n for n, _ in m.named_modules()]",
    "[n for n, _ in m.named_modules(prefix='net', remove_duplicate=False)]",
    "[n for n, _ in m.named_children()]",
    "[type(c).__name__ for c in m.modules()]",
    "list(m.state_dict())",
    "list(m.state_dict(prefix='net.'))",
    "m.state_dict()._metadata",
    "seen = []; r = m.apply(lambda c: seen.append(type(c).__name__)); seen, r is m",
    "m.eval() is m, m.training, m.a.r.training, m.train() is m, m.a.training",
    "m.train('yes')",
    "m.requires_grad_(False) is m, [p.requires_grad for p in m.parameters()]",
    "m.double() is m, [p.dtype for p in m.parameters()], [b.dtype for b in m.buffers()]",
    "m.to(torch.float64).w.dtype, m.float().w.dtype, m.to('cpu') is m, m.to('cpu', torch.float64).buf.dtype",
    "m.to(torch.zeros(1, dtype=torch.float64)).w.dtype, m.to(device='cpu', dtype=torch.float32).w.dtype",
    "m.to(torch.int64)",
    "m.to('cuda')",
    "m.to(torch.device('cuda:0'))",
    "m.cuda()",
    "m.to('bogus')",
    "m.cpu() is m",
    "m.get_submodule('a.l'), m.get_submodule('') is m, m.get_parameter('a.l.weight').shape, m.get_buffer('buf')",
    "m.get_parameter('q')",
    "m.get_parameter('a.q')",
    "m.get_parameter('x.q')",
    "m.get_parameter('training')",
    "m.get_submodule('a.x')",
    "m.get_submodule('a.training')",
    "m.get_buffer('w')",
    "m.get_buffer('q')",
    "[name in dir(m) for name in ('w', 'buf', 'a', 'forward', 'training')]",
    "m",
]


@pytest.mark.parametrize("source", REGISTRATION)
def test_registration_is_pytorchs(same_as_torch, source):
    same_as_torch(source)


@pytest.mark.parametrize("source", WALKS)
def test_walking_the_tree_is_pytorchs(same_as_torch, source):
    same_as_torch(TREE + source)


def test_gradients_are_dropped_or_zeroed(same_as_torch):
    same_as_torch(
        "m = nn.Linear(1, 1)\n"
        "m(torch.ones(1, 1)).sum().backward(); before = m.bias.grad\n"
        "m.zero_grad(set_to_none=False); zeroed = m.bias.grad\n"
        "m.zero_grad(); before is zeroed, zeroed, m.bias.grad"
    )


def test_conversion_keeps_the_parameter_objects_and_converts_gradients():
    module = nn.Linear(2, 1)
    parameters = list(module.parameters())
    module(nnkit.ones(1, 2)).sum().backward()
    module.double()
    assert all(now is before for now, before in zip(module.parameters(), parameters, strict=True))
    assert module.weight.grad.dtype is nnkit.float64
    module(nnkit.ones(1, 2, dtype=nnkit.float64)).sum().backward()
    assert module.weight.grad.tolist() == [[2.0, 2.0]]


def test_a_registered_buffer_that_returns_none_can_be_assigned():
    # As in one of the tutorials: self.ratio = self.register_buffer("ratio", ...)
    module = nn.Module()
    module.ratio = module.register_buffer("ratio", nnkit.ones(1))
    assert module.ratio is None


def test_a_copy_of_a_module_is_independent():
    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    module.register_forward_hook(lambda *_: None)
    twin = copy.deepcopy(module)
    twin(nnkit.ones(1, 2)).sum().backward()
    assert module[0].weight.grad is None
    assert twin[0].weight.grad is not None
    twin[0].weight.data.zero_()
    assert module[0].weight.abs().sum().item() > 0


def test_a_module_cannot_take_the_name_of_a_parameter():
    module = nn.Linear(1, 1)
    with pytest.raises(TypeError, match=r"cannot assign 'nnkit\.nn\.modules\.activation\.ReLU' as parameter 'weight'"):
        module.weight = nn.ReLU()


def test_forward_is_called_with_all_arguments():
    class Two(nn.Module):
        def forward(self, a, *, b):
            return a, b

    assert Two()(1, b=2) == (1, 2)
