"""Tensors with gradients under their old name Variable, and a training step of LeNet."""

import nnkit as torch
import nnkit.nn as nn
import nnkit.nn.functional as F
import nnkit.optim as optim
from nnkit.autograd import Function, Variable

torch.manual_seed(4)

x = Variable(torch.ones(2, 2), requires_grad=True)
y = x * 3 + 1
print(x, y)
print(isinstance(x, torch.Tensor), isinstance(x, Variable), y.grad_fn)
y.sum().backward()
print(x.data, x.grad)
assert torch.equal(x.grad, torch.full((2, 2), 3.0))
try:
    (x * 2).backward()
except RuntimeError as error:
    print("RuntimeError:", error)
x.grad.zero_()
(x * 2).backward(torch.tensor([[1.0, 0.1], [0.01, 0.001]]))
print(x.grad)


class Cube(Function):
    """An operation with its own derivative: each call leaves one node in the graph."""

    @staticmethod
    def forward(ctx, value):
        ctx.save_for_backward(value)
        return value * value * value

    @staticmethod
    def backward(ctx, gradient):
        (value,) = ctx.saved_tensors
        return gradient * 3 * value * value


z = Variable(torch.tensor([1.0, 2.0, 3.0]), requires_grad=True)
cube = Cube.apply(z)
print(cube.data, type(cube.grad_fn).__name__)
cube.sum().backward()
print(z.grad)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, self.flat_length(x))
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)

    def flat_length(self, x):
        length = 1
        for extent in x.size()[1:]:
            length *= extent
        return length


net = Net()
print(net)
image = Variable(torch.randn(1, 32, 32)).unsqueeze(0)
out = net(image)
print(out)
params = list(net.parameters())
print(len(params), params[0].size())
for name, parameter in net.named_parameters():
    print(name, parameter.size(), isinstance(parameter, nn.Parameter), parameter.requires_grad)
assert isinstance(params[0], torch.Tensor)

net.zero_grad()
out.backward(torch.randn(1, 10))
print(net.conv2.bias.grad)

output = net(image)
target = torch.randn(10)
target = target.view(1, -1)
criterion = nn.MSELoss()
loss = criterion(output, target)
print(loss)

for make in (
    lambda parameters: optim.SGD(parameters, lr=0.01),
    lambda parameters: optim.SGD(parameters, lr=0.01, momentum=0.9, nesterov=True),
    lambda parameters: optim.Adam(parameters, lr=0.001),
    lambda parameters: optim.RMSprop(parameters, lr=0.0001),
):
    optimizer = make(net.parameters())
    for _ in range(2):
        optimizer.zero_grad()
        output = net(image)
        loss = criterion(output, target)
        loss.backward()
        optimizer.step()
    print(type(optimizer).__name__, loss)
