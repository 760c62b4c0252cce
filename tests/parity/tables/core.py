"""What the networks of the first tutorials are made of."""

from parity.cases import N, layer, loss

LAYERS = [
    layer("nn.Linear(4, 3)", (N, 4)),
    layer("nn.Linear(4, 3, bias=False)", (N, 2, 4)),
    layer("nn.Conv2d(3, 4, 3)", (N, 3, 6, 7)),
    layer("nn.Conv2d(4, 6, (2, 3), stride=2, padding=1, groups=2, bias=False)", (N, 4, 6, 7)),
    layer("nn.MaxPool2d(2)", (N, 3, 6, 7)),
    layer("nn.Flatten()", (N, 3, 2)),
    layer("nn.ReLU()", (N, 5)),
    layer("nn.Dropout(0.25)", (N, 5)),
    layer("nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2), nn.LogSoftmax(dim=1))", (N, 4)),
]
LOSSES = [
    loss("nn.MSELoss()", (N, 3), "t.ones(n, 3)"),
    loss("nn.CrossEntropyLoss()", (N, 5), "t.arange(n) % 5"),
    loss("nn.NLLLoss(reduction='sum')", (N, 5), "t.arange(n) % 5"),
]
OPTIMIZERS = """
optim.SGD(p, lr=0.1)
optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01)
optim.Adam(p)
optim.RMSprop(p, lr=0.001)
"""
SCHEDULES = """
lr_scheduler.StepLR(o, 7, gamma=0.5)
lr_scheduler.CosineAnnealingLR(o, 50)
"""
PROGRAMS = """
torch.ones(2, 2) + 1
nn.Linear(2, 3)(torch.ones(4, 5))
torch.ones(2) @ torch.ones(3)
torch.absolute(torch.tensor([-1.5])), torch.tensor([-2]).absolute()
torch.divide(torch.tensor([3.0]), 2), torch.tensor([3.0]).divide(2)
torch.subtract(torch.tensor([3]), 2), torch.tensor([3]).subtract(2)
torch.swapaxes(torch.arange(6).view(2, 3), 0, 1), torch.arange(6).view(2, 3).swapaxes(0, -1)
torch.ones(2, 3).nelement(), isinstance(torch.float32, torch.dtype)
x = torch.full((2,), 1.0); x.add_(1); torch.full((2,), 1.0)
torch.full([2, 1], 3)
y = torch.empty(2, 2); torch.matmul(torch.ones(2, 2), torch.ones(2, 2), out=y) is y, y
y = torch.ones(3, 2); torch.mul(torch.ones(2, 2), 3, out=y[1:]), y
torch.mul(torch.ones(2, 2), 3, out=torch.empty(0))
torch.add(torch.ones(2), 1, out=torch.zeros(3))
torch.add(torch.ones(2), 1, out=torch.zeros(2, dtype=torch.int64))
torch.add(torch.ones(2, requires_grad=True), 1, out=torch.zeros(2))
torch.exp(1)
torch.sum([1, 2])
torch.relu(np.ones(2))
torch.add(1, 2), torch.mul(2, 2.5), torch.pow(2, torch.arange(3)), torch.pow(2.0, torch.arange(3))
torch.sum(input=torch.ones(2, 2), dim=0)
torch.rand_like(torch.arange(3))
torch.randn(3, dtype=torch.int64)
torch.tensor(None)
torch.tensor([None])
torch.tensor({1: 2})
torch.tensor([1, "a"])
torch.tensor(["a"])
torch.tensor([[1], 2])
torch.tensor([1, [2]])
torch.tensor([[[1, 2], [3]]])
torch.tensor([torch.ones(2), torch.ones(2)])
torch.tensor([torch.ones(1), torch.tensor(2.0)])
torch.tensor([np.ones(2), np.ones(2)])
torch.tensor([np.ones(2), np.ones(3)])
torch.zeros(2.5)
torch.ones("2")
torch.zeros([2.5])
torch.meshgrid(torch.arange(2), torch.arange(3))
nn.Linear(2, 2).half().weight.dtype
nn.CrossEntropyLoss(torch.ones(2, 3), torch.tensor([0, 1]))
nn.MSELoss(True, False), nn.MSELoss(False, True), nn.MSELoss(reduce=True)
[torch.linspace(-math.pi, math.pi, n).tolist() for n in (0, 1, 2, 7, 2000)]
torch.linspace(0.1, 0.7, 31).tolist(), torch.linspace(3, 10, 7, dtype=torch.float64, requires_grad=True)
"""
