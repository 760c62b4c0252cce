"""Modules whose loops depend on the data, or on chance: the graph is another one each time."""

import random

import nnkit as torch
import nnkit.nn as nn


class Polynomial(nn.Module):
    """A cubic polynomial, with up to two terms more that share a weight."""

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.randn(()))
        self.b = nn.Parameter(torch.randn(()))
        self.c = nn.Parameter(torch.randn(()))
        self.d = nn.Parameter(torch.randn(()))
        self.e = nn.Parameter(torch.randn(()))

    def forward(self, x):
        y = self.a + self.b * x + self.c * x**2 + self.d * x**3
        for power in range(4, random.randint(4, 6)):
            y = y + self.e * x**power
        return y

    def string(self):
        return " + ".join(f"{parameter.item():.3f}" for parameter in self.parameters())


class UntilLarge(nn.Module):
    """Applies one layer until its output is long enough."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.again = nn.Linear(8, 8)
        self.last = nn.Linear(8, 1)

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        rounds = 0
        while hidden.norm() < 20 and rounds < 50:
            hidden = hidden + torch.relu(self.again(hidden))
            rounds += 1
        return self.last(hidden), rounds


torch.manual_seed(2)
random.seed(2)
x = torch.linspace(-1, 1, 100)
y = torch.sin(3 * x)
model = Polynomial()
print(model, [name for name, _ in model.named_parameters()])
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
for step in range(200):
    loss = nn.MSELoss(reduction="sum")(model(x), y)
    if step % 50 == 49:
        print(step, f"{loss.item():.3f}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(model.string())

model = UntilLarge()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(5):
    for scale in (0.1, 1.0, 10.0):
        output, rounds = model(scale * torch.ones(2, 4))
        loss = output.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(step, scale, rounds, f"{loss.item():.4f}")
