"""Modules by name, buffers, hooks, devices, containers, and the layers of a digit classifier."""

from collections import OrderedDict

import nnkit as torch
import nnkit.nn as nn
import nnkit.nn.functional as F
import nnkit.optim as optim

torch.manual_seed(2)


def show(module):
    print(module)


box = nn.Module()
box.add_module("conv1", nn.Conv2d(2, 2, 5))
box.add_module("linear", nn.Linear(2, 5))
box.apply(show)
assert [name for name, _ in box.named_children()] == ["conv1", "linear"]

box.eval()
print(box.training, box.conv1.training)
box.train(mode=True)
print(box.training, box.linear.training)
for name, entry in box.state_dict().items():
    print(name, entry.size())


class Watched(nn.Module):
    """A convolution and an affine layer; the affine layer reports when its forward pass is over."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 5, 2)
        self.fc1 = nn.Linear(45, 8)
        # register_buffer returns nothing, and the assignment then empties the buffer that it made.
        self.ratio = self.register_buffer("ratio", torch.randn(1))
        self.register_buffer("scale", torch.randn(1))
        self.fc1.register_forward_hook(self.report)

    def report(self, module, inputs, output):
        print("forward end:", type(module).__name__, len(inputs), inputs[0].size(), output.size())

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = x.view(1, -1)
        return F.relu(self.fc1(x))


model = Watched()
print(model)
print(model.ratio, model.scale)
print([name for name, _ in model.named_buffers()], list(model.state_dict()))
activation = model.forward(torch.rand(1, 1, 4, 4))
print(activation)
assert activation.size() == (1, 8)
model.cpu()
try:
    model.to(torch.device("cuda:0"))
except AssertionError as error:
    print("AssertionError:", error)


class Contained(nn.Module):
    """The same in two containers; the report comes from the second one."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 5, 2), nn.ReLU())
        self.lin = nn.Sequential(nn.Linear(45, 8), nn.ReLU())
        self.ratio = self.register_buffer("ratio", torch.randn(1))
        self.lin.register_forward_hook(self.report)

    def report(self, module, inputs, output):
        print("forward end:", type(module).__name__, output.size())

    def forward(self, x):
        x = self.conv(x)
        x = x.view(1, -1)
        return self.lin(x)


contained = Contained()
print(contained)
print([name for name, _ in contained.named_modules()])
batch = torch.rand(1, 1, 4, 4)
print(contained(batch))
contained.load_state_dict(
    OrderedDict(
        [
            ("conv.0.weight", model.conv1.weight),
            ("conv.0.bias", model.conv1.bias),
            ("lin.0.weight", model.fc1.weight),
            ("lin.0.bias", model.fc1.bias),
        ]
    )
)
assert torch.equal(contained(batch), model(batch))
named = nn.Sequential(OrderedDict([("hidden", nn.Linear(3, 4)), ("relu", nn.ReLU()), ("out", nn.Linear(4, 2))]))
print(named)
print(named[0] is named.hidden, len(named))


def extent(size, kernel_size, stride, padding, dilation):
    """Return the extent of a convolution's result along one axis, as the documents give it."""
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


image = torch.randn(2, 4, 17, 17)
for options in (
    {"kernel_size": 3},
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": 5, "stride": 2, "padding": 2},
    {"kernel_size": 3, "dilation": 2},
    {"kernel_size": 2, "stride": 3, "padding": 1, "dilation": 3},
    {"kernel_size": 3, "groups": 2},
    {"kernel_size": 3, "groups": 4, "bias": False},
):
    layer = nn.Conv2d(4, 8, **options)
    result = layer(image)
    side = extent(17, layer.kernel_size[0], layer.stride[0], layer.padding[0], layer.dilation[0])
    print(layer, layer.weight.size(), result.size())
    assert result.size() == (2, 8, side, side)
    # One filter sees the input channels of its group only.
    assert layer.weight.size(1) == 4 // layer.groups
print(nn.MaxPool2d(2), nn.MaxPool2d(2)(image).size())
affine = nn.Linear(3, 2)
row = torch.randn(1, 3)
print(affine(row), row @ affine.weight.t() + affine.bias)
assert torch.allclose(affine(row), row.matmul(affine.weight.t()) + affine.bias)


class LeNet(nn.Module):
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
        for size in x.size()[1:]:
            length *= size
        return length


net = LeNet()
input = torch.randn(1, 1, 32, 32)
out = net(input)
net.zero_grad()
target = torch.randn(10).view(1, -1)
criterion = nn.MSELoss()
optimizer = optim.SGD(net.parameters(), lr=0.01)
print(optimizer.state_dict()["param_groups"][0]["lr"], optimizer.state_dict()["state"])

optimizer.zero_grad()
output = net(input)
assert torch.equal(output, out)
loss = criterion(output, target)
loss.backward()
optimizer.step()
print(loss, criterion(net(input), target))
