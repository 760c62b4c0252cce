"""A network for digits of 32 x 32 pixels: its parts, one forward and backward pass, one step."""

import nnkit as torch
import nnkit.nn as nn
import nnkit.nn.functional as F
import nnkit.optim as optim


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
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


torch.manual_seed(0)
net = Net()
print(net)

params = list(net.parameters())
print(len(params), params[0].size(), sum(param.numel() for param in params))

image = torch.randn(1, 1, 32, 32)
out = net(image)
print(out)

net.zero_grad()
out.backward(torch.randn(1, 10))
print(net.conv1.bias.grad)

output = net(image)
target = torch.randn(10).view(1, -1)
criterion = nn.MSELoss()
loss = criterion(output, target)
print(loss)
node = loss.grad_fn
for _ in range(2):
    print(type(node).__name__)
    node = node.next_functions[0][0]

net.zero_grad()
print(net.conv1.bias.grad)
loss.backward()
print(net.conv1.bias.grad)

rate = 0.01
with torch.no_grad():
    for param in net.parameters():
        param.sub_(param.grad * rate)

optimizer = optim.SGD(net.parameters(), lr=rate)
for _ in range(5):
    optimizer.zero_grad()
    loss = criterion(net(image), target)
    loss.backward()
    optimizer.step()
    print(f"{loss.item():.5f}")

try:
    net(torch.randn(1, 32, 32, 1))
except RuntimeError as error:
    print(error)
