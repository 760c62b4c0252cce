"""LeNet on one random image; a graph that is walked a second time is an error with an explanation."""

import nnkit as torch
import nnkit.nn as nn
import nnkit.nn.functional as F
import nnkit.optim as optim

torch.manual_seed(13)


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
        for extent in x.size()[1:]:
            length *= extent
        return length


net = LeNet()
print(net)
parameters = list(net.parameters())
print(len(parameters), parameters[0].size(), parameters[2].size())
assert len(parameters) == 10
assert parameters[2].size() == torch.Size([16, 6, 5, 5])

image = torch.randn(1, 1, 32, 32)
prediction = net(image)
print(prediction)

net.zero_grad()
prediction.backward(torch.randn(1, 10))
once = net.fc3.bias.grad.clone()
message = "no error"
try:
    prediction.backward(torch.randn(1, 10))
except RuntimeError as error:
    message = str(error)
print(message)
assert message.startswith("Trying to backward through the graph a second time")

# What the message advises works, and gradients of several walks add up.
net.zero_grad()
prediction = net(image)
direction = torch.ones(1, 10)
prediction.backward(direction, retain_graph=True)
assert torch.equal(net.fc3.bias.grad, direction[0])
prediction.backward(direction)
print(net.fc3.bias.grad)
assert once.size() == net.fc3.bias.grad.size()

output = net(image)
target = torch.randn(10)
target = target.view(1, -1)
criterion = nn.MSELoss()
loss = criterion(output, target)
print(loss)

head = loss.grad_fn
print(head)
print(head.next_functions[0][0])
print(head.next_functions[0][0].next_functions[0][0])
print([(type(node).__name__, index) for node, index in head.next_functions[0][0].next_functions])
assert head.next_functions[0][0].next_functions[0][0].variable is net.fc3.bias

# Zeros in place are the older habit; both kinds of zero_grad are there.
net.zero_grad(set_to_none=False)
print("conv1.bias.grad before:", net.conv1.bias.grad)
loss.backward()
print("conv1.bias.grad after:", net.conv1.bias.grad)
assert float(net.conv1.bias.grad.norm()) > 0

step_size = 0.01
for parameter in net.parameters():
    parameter.data.sub_(parameter.grad.data * step_size)
print("loss after a step by hand:", criterion(net(image), target))

optimizer = optim.SGD(net.parameters(), lr=0.01)
optimizer.zero_grad()
output = net(image)
loss = criterion(output, target)
loss.backward()
optimizer.step()
print("loss after a step of the optimizer:", criterion(net(image), target))
