"""A convolutional network with hooks that look inside it, and a recurrent one: a loop over linear layers."""

import warnings

import nnkit as torch
import nnkit.nn as nn
import nnkit.nn.functional as F

torch.manual_seed(3)


class MNISTConvNet(nn.Module):
    """The constructor makes the layers, forward says what happens to an input (N, 1, 28, 28)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, 5)
        self.pool1 = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(10, 20, 5)
        self.pool2 = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, input):
        x = self.pool1(F.relu(self.conv1(input)))
        x = self.pool2(F.relu(self.conv2(x)))
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        return F.relu(self.fc2(x))


net = MNISTConvNet()
print(net)

input = torch.randn(1, 1, 28, 28)
out = net(input)
print(out.size())
assert out.size() == torch.Size([1, 10])

target = torch.tensor([3], dtype=torch.long)
loss_fn = nn.CrossEntropyLoss()
err = loss_fn(out, target)
err.backward()
print(err)
print(err.grad_fn, err.grad_fn.next_functions[0][0])

print(net.conv1.weight.grad.size())
print(net.conv1.weight.data.norm())
print(net.conv1.weight.grad.data.norm())

# Containers of the past are expressions now, and control flow is Python's.
left, right = torch.randn(2, 3), torch.randn(2, 3)
print(left + right, left * 0.5)
print(left.gt(0).sum() > left.numel() / 2)
grown = torch.ones(1, 1, 4, 4)
same = nn.Conv2d(1, 1, 3, padding=1)
rounds = 0
while grown.norm(2) > 0.1 and rounds < 5:
    grown = same(grown)
    rounds += 1
print(rounds, grown.norm(2))


def describe_forward(module, inputs, output):
    print("forward of", module.__class__.__name__)
    print("inputs:", type(inputs), type(inputs[0]))
    print("output:", type(output))
    print("sizes:", inputs[0].size(), output.data.size())
    print("output norm:", output.data.norm())


def describe_backward(module, grad_inputs, grad_outputs):
    print("backward of", module.__class__.__name__)
    print("grad_input:", type(grad_inputs), [type(gradient) for gradient in grad_inputs])
    print("grad_output:", type(grad_outputs), type(grad_outputs[0]))
    print("sizes:", [gradient.size() for gradient in grad_inputs], grad_outputs[0].size())
    print("grad_input norm:", grad_inputs[0].norm())


net.conv2.register_forward_hook(describe_forward)
out = net(input)

handle = net.conv2.register_backward_hook(describe_backward)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    out = net(input)
    err = loss_fn(out, target)
    err.backward()
for warning in caught:
    print(warning.category.__name__, warning.message)
try:
    net.conv2.register_full_backward_hook(describe_backward)
except RuntimeError as error:
    print("RuntimeError:", error)
handle.remove()
net.pool2.register_full_backward_hook(describe_backward)
loss_fn(net(input), target).backward()

# A hook on a tensor sees its gradient, and can replace it.
leaf = torch.ones(3, requires_grad=True)
product = leaf * torch.tensor([1.0, 2.0, 3.0])
product.register_hook(lambda gradient: print("gradient of the product:", gradient))
product.register_hook(lambda gradient: gradient * 10)
product.sum().backward()
print(leaf.grad)


class RNN(nn.Module):
    """One step of an Elman network without a nonlinearity; the state lives in the graph, not here."""

    def __init__(self, data_size, hidden_size, output_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(data_size + hidden_size, hidden_size)
        self.h2o = nn.Linear(hidden_size, output_size)

    def forward(self, data, last_hidden):
        joined = torch.cat((data, last_hidden), 1)
        hidden = self.i2h(joined)
        return hidden, self.h2o(hidden)


rnn = RNN(50, 20, 10)
print(rnn)
loss_fn = nn.MSELoss()
batch = torch.randn(10, 50)
hidden = torch.zeros(10, 20)
target = torch.zeros(10, 10)
steps = 5

loss = 0
for _ in range(steps):
    hidden, output = rnn(batch, hidden)
    loss += loss_fn(output, target)
print(hidden.size(), output.size(), loss)

# The same four parameters stand behind every step of the graph.
seen, waiting, names = set(), [loss.grad_fn], []
while waiting:
    node = waiting.pop()
    if node in seen:
        continue
    seen.add(node)
    names.append(type(node).__name__)
    waiting.extend(inner for inner, _ in node.next_functions if inner is not None)
print({name: names.count(name) for name in sorted(names)})
assert names.count("AccumulateGrad") == 4
assert names.count("MseLossBackward0") == steps

loss.backward()
for name, parameter in rnn.named_parameters():
    print(name, parameter.grad.size(), parameter.grad.norm())
