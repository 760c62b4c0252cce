"""A function with a derivative of one's own, checked and trained with."""

import nnkit as torch
from nnkit.autograd import Function, gradcheck


class Cubic(Function):
    """(5 x^3 - 3 x) / 2."""

    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input**3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input**2 - 1)


class Scaled(Function):
    """A tensor times a number, which has no gradient."""

    @staticmethod
    def forward(ctx, input, factor):
        ctx.factor = factor
        return input * factor

    @staticmethod
    def backward(ctx, grad_output):
        print(ctx.needs_input_grad)
        return grad_output * ctx.factor, None


x = torch.tensor([0.5, -1.0], requires_grad=True)
y = Cubic.apply(x)
print(y)
print(Scaled.apply(y, 3.0))
Scaled.apply(y, 3.0).sum().backward()
print(x.grad)
print(gradcheck(Cubic.apply, torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64, requires_grad=True)))

inputs = torch.linspace(-3, 3, 500)
targets = torch.sin(inputs)
a, b, c, d = (torch.full((), value, requires_grad=True) for value in (0.0, -1.0, 0.0, 0.3))
rate = 5e-6
for step in range(400):
    prediction = a + b * Cubic.apply(c + d * inputs)
    loss = (prediction - targets).pow(2).sum()
    if step % 100 == 99:
        print(step, f"{loss.item():.3f}")
    loss.backward()
    with torch.no_grad():
        for parameter in (a, b, c, d):
            parameter -= rate * parameter.grad
            parameter.grad = None
print(" ".join(f"{parameter.item():.4f}" for parameter in (a, b, c, d)))
