"""Gradients, step by step: what is recorded, what is accumulated, and what is not recorded at all."""

import nnkit as torch

x = torch.ones(2, 3, requires_grad=True)
print(x)
y = x * 2 + 1
print(y)
print(y.grad_fn)
z = y * y * 3
out = z.mean()
print(z, out)

out.backward()
print(x.grad)

# Gradients add up until they are cleared.
(x * 4).sum().backward()
print(x.grad)
x.grad.zero_()
print(x.grad)

# Of a vector, a gradient needs a vector.
v = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
w = v**3
try:
    w.backward()
except RuntimeError as error:
    print(error)
w.backward(torch.tensor([1.0, 1.0, 0.1]))
print(v.grad)
try:
    w.backward(torch.ones(3))
except RuntimeError as error:
    print(error)

a = torch.randn(3, 3, generator=torch.Generator().manual_seed(5))
print(a.requires_grad)
a.requires_grad_(True)
b = (a * a).sum()
print(b.requires_grad, b.is_leaf, a.is_leaf)

with torch.no_grad():
    print((a * 2).requires_grad)
c = a.detach()
print(c.requires_grad, c.eq(a).all())

try:
    a.numpy()
except RuntimeError as error:
    print(error)
try:
    a += 1
except RuntimeError as error:
    print(error)

# A polynomial for the sine, fitted with gradients alone.
torch.manual_seed(0)
inputs = torch.linspace(-3, 3, 200)
targets = torch.sin(inputs)
weights = [torch.randn((), requires_grad=True) for _ in range(4)]
rate = 1e-5
for step in range(300):
    prediction = weights[0] + weights[1] * inputs + weights[2] * inputs**2 + weights[3] * inputs**3
    loss = (prediction - targets).pow(2).sum()
    if step % 100 == 99:
        print(step, f"{loss.item():.3f}")
    loss.backward()
    with torch.no_grad():
        for weight in weights:
            weight -= rate * weight.grad
            weight.grad = None
print(" ".join(f"{weight.item():.4f}" for weight in weights))

p, q = torch.tensor([2.0, 3.0], requires_grad=True), torch.tensor([6.0, 4.0], requires_grad=True)
error = 3 * p**3 - q**2
print(torch.autograd.grad(error, (p, q), torch.ones(2)))
