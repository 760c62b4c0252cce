"""Operators of tensors, also in place, with what they take and with what they do not."""

from parity.cases import after

OF_WHOLE_NUMBERS = """
y << 1, y >> 1, 1 << y, 8 >> y, y << torch.tensor([1, 2, 3]), y << 70, y << -1, y >> 70, -y >> 70, y >> -1
torch.tensor([True]) << 1, torch.tensor([200], dtype=torch.uint8) << 1, torch.tensor([64], dtype=torch.int8) << 1
y << 1.5
y << torch.ones(2)
y << None
"a" << y
1.5 >> y
torch.tensor([True]) << True
torch.ones(2) << 1
torch.ones(2, requires_grad=True) >> 1
z = y; y <<= 1; z, y is z
z = y; y >>= 1; z
z = y; y &= 1; z, y is z
z = y; y |= 1; z
z = y; y ^= torch.tensor([1, 1, 1]); z
y <<= "a"; y
y <<= 1.5; y
y &= [1]; y
y &= 1.5; y
y &= torch.tensor([1.0, 1, 1]); y
y |= torch.ones(2, 3, dtype=torch.int64); y
b = y > 1; z = b; b &= y > 2; z
b = y > 1; b &= 1; b
b = y > 1; b |= y; b
b = y > 1; b <<= 1; b
x = torch.ones(2); x &= 1; x
x = torch.ones(2); x <<= 1; x
y.__lshift__("a"), y.__iand__("a"), y.__eq__("a"), y.__ne__(None), y.__add__("a"), y.__iadd__(None)
y == None, y != None, y == "a", y == [1, 2, 3], "a" != y, None == y
y ** torch.tensor([-1, 0, 1]), y ** torch.tensor(-1), 2 ** torch.tensor([-1, 0, 1]), (-1) ** torch.tensor([-1, 2, -3])
torch.tensor([2, -1, 1, 0, -2], dtype=torch.int8) ** torch.tensor([-1, -3, -5, -1, -2], dtype=torch.int8)
torch.pow(2, torch.tensor([-1])), 0 ** torch.tensor([-1, 2]), True ** torch.tensor([-1, 2])
torch.tensor([True, False]) ** torch.tensor([True, False])
torch.tensor([True]) ** True, torch.tensor([True]) ** 2
y ** -1
y **= torch.tensor([2, -2, 1]); y
y **= -1; y
z = y; y //= 2; z, y is z
z = y; y %= 2; z, y is z
z = y; y %= torch.tensor([2, 2, 2]); z
y //= 0.5; y
y %= 0.5; y
y //= "a"; y
y %= None; y
y //= 0; y
z = torch.tensor([7.0, 8.5]); w = z; z //= 2; w
z = torch.tensor([7.0, 8.5]); w = z; z %= 2; w
x = torch.ones(2, requires_grad=True) * 3; x %= 2; x
x = torch.ones(2, requires_grad=True); x //= 2; x
x = torch.ones(2, requires_grad=True); x %= 2; x
"""
BEFORE_CLAMP = "x = torch.ones(2, 3); G = lambda *many: [torch.tensor(each, requires_grad=True) for each in many]"
CLAMP = """
x.clamp(torch.tensor(0.5), torch.tensor(2.0)), x.clamp(torch.zeros(3), torch.tensor([0.5, 1, 2]))
x.clamp(min=torch.zeros(2, 1)), x.clamp(max=torch.full((2, 1), 0.5)), x.clamp(torch.tensor(0), 1)
x.clamp(min=torch.zeros(5))
x.clamp(torch.zeros(3), 1)
x.clamp(0, torch.zeros(3))
x.clamp(min=torch.tensor([2, 2, 2])), torch.arange(3).clamp(min=torch.tensor([1.5, 1.5, 2]))
torch.arange(3).clamp(torch.tensor(2)), x.clip(torch.zeros(3)), torch.clamp(x, torch.zeros(3), torch.ones(3))
x.clamp_(torch.zeros(3), torch.zeros(3)), x.clip_(min=torch.ones(3)), x
torch.arange(3).clamp_(min=torch.tensor([1.5, 1.5, 2]))
torch.clamp_min(x, torch.zeros(3)), x.clamp_max(torch.zeros(3))
a, l, h = G([-1, 0.5, 3.0], [0.0, 0.5, 0.0], [1.0, 1, -1]); a.clamp(l, h).sum().backward(); a.grad, l.grad, h.grad
a, l = G([-1, 0.0, 3.0], [0.0, 0, 0]); a.clamp(min=l).sum().backward(); a.grad, l.grad
a, l = G([-1, 0.0, 3.0], [0.0, 0, 0]); a.clamp(max=l).sum().backward(); a.grad, l.grad
a, l = G([-1, 0.0, 3.0], [0.0, 0, 0]); a.clamp_min(l).sum().backward(); a.grad, l.grad
a = torch.tensor([-1.0, 3], requires_grad=True); a.clamp(min=torch.zeros(2)), a.clamp_min(torch.zeros(2))
"""
PROGRAMS = [*after("y = torch.tensor([1, 2, 3])", OF_WHOLE_NUMBERS), *after(BEFORE_CLAMP, CLAMP)]
