"""Calls of functions and methods that do not fit, and options that are easily forgotten."""

from parity.cases import after

LINES = """
torch.device()
torch.device("cpu", "a")
torch.device("cpu", 1, 2)
x.split("a")
x.split(1.5)
x.split([1, "a"])
x.split(2, "a")
x.split([2]), x.split((1, 1)), x.split(1, 1)
torch.split(x, "a")
x.norm("a")
x.norm([1])
x.norm(2, "a")
x.norm(2, 1.0)
x.norm(p=None), torch.norm(x, dtype=torch.float64), x.norm("fro", 0)
x.tril(1.5)
x.triu("a")
x.argmax(keepdim=True), x.argmin(0, keepdim=True)
torch.max(x, keepdim=True)
x.min(keepdim=True)
torch.zeros(2**40, 2**40)
torch.zeros(2**62)
torch.full((2**40, 2**40), 1)
torch.randint(10, (2**40, 2**40))
x.new_zeros(2**40, 2**40)
torch.zeros(10**15, dtype=torch.float64)
x.mm(torch.arange(3))
x.expand(-1, 2, 3)
x.expand(-1, 3, 3)
torch.unique([1, 2])
r = torch.tensor([[3, 1], [2, 2], [3, 1]]); r.unique(dim=0), r.unique(return_inverse=True, return_counts=True, dim=0)
r = torch.tensor([[3, 1], [2, 2], [3, 1]]); torch.unique(r, dim=1), r.unique(dim=-1, return_counts=True)
r = torch.tensor([[3, 1], [2, 2], [3, 1]]); r.unique(dim=5)
torch.einsum("ij,jk->ik", x, torch.ones(2, 2))
torch.einsum("ij->ijj", x)
F.one_hot(3)
g = torch.ones(3, requires_grad=True); g.data = torch.arange(3); g
y = torch.arange(3); y[0] = float("nan"); y
y = torch.arange(3); y[0] = float("inf"); y
torch.addmm(torch.ones(2), x, torch.ones(3, 4))
torch.addmm(torch.ones(3, 4), x, torch.ones(3, 4))
torch.zeros(2, dtype="float32")
"""
PROGRAMS = after("x = torch.ones(2, 3)", LINES)
