"""Numbers one at a time: an expression of two, and a small network whose neurons are sums of single numbers."""

import itertools
import random

import nnkit as torch

a = torch.tensor(-4.0, requires_grad=True)
b = torch.tensor(2.0, requires_grad=True)
c = a + b
d = a * b + b**3
c = c + c + 1
c = c + 1 + c + (-a)
d = d + d * 2 + (b + a).relu()
d = d + 3 * d + (b - a).relu()
e = c - d
f = e**2
g = f / 2.0
g = g + 10.0 / f
print(f"{g.item():.4f}")
g.backward()
print(f"{a.grad.item():.4f} {b.grad.item():.4f}")


class Neuron:
    def __init__(self, count, last=False):
        self.weights = [torch.tensor(random.uniform(-1, 1), requires_grad=True) for _ in range(count)]
        self.bias = torch.tensor(0.0, requires_grad=True)
        self.last = last

    def __call__(self, inputs):
        total = sum((weight * x for weight, x in zip(self.weights, inputs, strict=True)), self.bias)
        return total if self.last else total.tanh()

    def parameters(self):
        return [*self.weights, self.bias]


class Network:
    def __init__(self, *sizes):
        pairs = list(itertools.pairwise(sizes))
        self.layers = [
            [Neuron(before, last=number == len(pairs) - 1) for _ in range(after)]
            for number, (before, after) in enumerate(pairs)
        ]

    def __call__(self, values):
        for layer in self.layers:
            values = [neuron(values) for neuron in layer]
        return values[0]

    def parameters(self):
        return [parameter for layer in self.layers for neuron in layer for parameter in neuron.parameters()]


random.seed(1337)
network = Network(2, 4, 4, 1)
print(len(network.parameters()))
points = [(0.0, 0.0, -1), (0.0, 1.0, 1), (1.0, 0.0, 1), (1.0, 1.0, -1)]
for step in range(11):
    margins = [(1 - label * network([x, y])).relu() for x, y, label in points]
    loss = sum(margins) / len(margins) + 1e-4 * sum(parameter * parameter for parameter in network.parameters())
    for parameter in network.parameters():
        parameter.grad = None
    loss.backward()
    for parameter in network.parameters():
        parameter.data -= 0.2 * parameter.grad
    if step % 5 == 0:
        print(step, f"{loss.item():.5f}")
print([network([x, y]).item() > 0 for x, y, _ in points])
