"""Define a network, look at it, push gradients through it, and update it: by hand, then with an optimizer."""

import nnkit as torch
import nnkit.nn as nn
import nnkit.nn.functional as F
import nnkit.optim as optim

torch.manual_seed(20200917)


class DigitNet(nn.Module):
    """Two 3x3 convolutions with pooling, then three affine layers, for one 32x32 grey image."""

    def __init__(self):
        super(DigitNet, self).__init__()  # noqa: UP008 - the tutorials call it in the old form
        self.conv1 = nn.Conv2d(1, 6, 3)
        self.conv2 = nn.Conv2d(6, 16, 3)
        self.fc1 = nn.Linear(16 * 6 * 6, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, self.features_per_sample(x))
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)

    def features_per_sample(self, x):
        count = 1
        for extent in x.size()[1:]:
            count *= extent
        return count


net = DigitNet()
print(net)

weights = list(net.parameters())
print("parameters:", len(weights))
print("first kernel:", weights[0].size())
assert weights[0].size() == torch.Size([6, 1, 3, 3])
assert [name for name, _ in net.named_parameters()][:2] == ["conv1.weight", "conv1.bias"]

image = torch.randn(1, 1, 32, 32)
scores = net(image)
print(scores)
assert scores.size() == (1, 10)

# A vector of outputs needs a vector of gradients.
net.zero_grad()
scores.backward(torch.randn(1, 10))
print("gradient norms:", [round(float(weight.grad.norm()), 4) for weight in weights])

# One image is a batch of one.
assert image[0].unsqueeze(0).size() == image.size()
print(torch.equal(net(image[0].unsqueeze(0)), net(image)))

scores = net(image)
wanted = torch.randn(10)
wanted = wanted.view(1, -1)
criterion = nn.MSELoss()
loss = criterion(scores, wanted)
print(loss)

# Backwards from the loss: the mean squared error, the last affine layer, and what it was fed with.
print(loss.grad_fn)
print(loss.grad_fn.next_functions[0][0])
print(loss.grad_fn.next_functions[0][0].next_functions[0][0])
names = []
step = loss.grad_fn
while step is not None:
    names.append(type(step).__name__)
    inner = [node for node, _ in step.next_functions if node is not None]
    inner = [node for node in inner if type(node).__name__ not in ("AccumulateGrad", "TBackward0")]
    step = inner[0] if inner else None
print(" <- ".join(names))
assert names == [
    "MseLossBackward0",
    *("AddmmBackward0", "ReluBackward0", "AddmmBackward0", "ReluBackward0", "AddmmBackward0"),
    "ViewBackward0",
    *("MaxPool2DWithIndicesBackward0", "ReluBackward0", "ConvolutionBackward0"),
    *("MaxPool2DWithIndicesBackward0", "ReluBackward0", "ConvolutionBackward0"),
]

net.zero_grad()
print("before:", net.conv1.bias.grad)
assert net.conv1.bias.grad is None
loss.backward()
print("after:", net.conv1.bias.grad)
assert net.conv1.bias.grad.size() == (6,)

learning_rate = 0.01
old = net.fc3.bias.data.clone()
for weight in net.parameters():
    weight.data.sub_(weight.grad.data * learning_rate)
assert torch.equal(net.fc3.bias.data, old - net.fc3.bias.grad * learning_rate)
print(net.fc3.bias.data)

optimizer = optim.SGD(net.parameters(), lr=0.01)
history = []
for _ in range(3):
    optimizer.zero_grad()
    scores = net(image)
    loss = criterion(scores, wanted)
    loss.backward()
    optimizer.step()
    history.append(loss.item())
print(["%.4f" % value for value in history])  # noqa: UP031 - what a reader of the tutorials would write
assert history == sorted(history, reverse=True)
