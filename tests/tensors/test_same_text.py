"""What a learner sees: the same text and the same errors as from PyTorch, for one-line programs run in both."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest
import torch

import nnkit

PRINTED = """
t.tensor(1.), t.tensor(1), t.tensor(True), t.tensor([]), t.tensor([], dtype=t.int64), t.empty(0, 3), t.empty(2, 0)
t.zeros(3), t.zeros(2, 3, dtype=t.float64), t.zeros(2, dtype=t.int32), t.ones(2, dtype=t.uint8)
t.tensor([1.5, 2.25, 1000.]), t.tensor([1e-5, 1.]), t.tensor([1e-9, 1.]), t.tensor([1e10, 1.])
t.tensor([0.1, 0.12345678])
t.tensor([float("nan"), 1., float("inf"), -float("inf")]), t.tensor([float("nan"), 1.5]), t.tensor([0., -0.5])
t.tensor([1, -2, 300]), t.arange(12.).view(3, 4), t.arange(24.).view(2, 3, 4), t.arange(16).view(2, 2, 2, 2)
t.arange(2000.), t.zeros(100, 100), t.zeros(30, 40), t.zeros(1, 1, 2, 2), t.arange(5000).view(50, 100)
t.tensor([1., 2., 3.], requires_grad=True), t.tensor(3.14159265, dtype=t.float64), t.tensor([99999999., 1.5])
t.tensor([1e8, 2e8]), t.tensor([123456., 1.]), t.tensor([[True, False]]), t.tensor([0.0001, 0.001])
t.tensor([-1.5, 22.25])
f"{t.tensor(1.5):.4f}", f"{t.tensor(1.5)}", format(t.tensor([1.5]), "")
t.arange(100.) / 7, t.arange(1001.) / 3, t.ones(3, 300)
t.ones(2, 2, requires_grad=True) + 2, (t.ones(2, 2, requires_grad=True) * 3).mean()
t.ones(40, requires_grad=True) * 1.5
t.randn(3, 4), t.rand(2), t.randint(10, (5,)), t.randint(2, 7, (2, 2)), t.randperm(6), t.randn(17), t.randn(2, 8)
t.randn(4, 0), t.rand(0, 3), t.zeros(4, 0).add_(1), t.nn.init.zeros_(t.empty(3, 0))
t.ones(2, 3).size(), t.ones(2, 3).size(-1), t.ones(2, 3).size()[1:], t.Size([2, 3]) + t.Size([1])
t.Size([2, 3]).numel()
t.ones(2, 3).stride(), t.ones(2, 3).t().stride(), t.ones(2, 3).t().is_contiguous()
t.ones(2, 3).dim(), t.ones(2).type()
t.arange(3), t.arange(1, 4), t.arange(0., 1, 0.25), t.arange(10, 0, -3), t.eye(2), t.eye(2, 3)
t.full((2,), 7), t.full((2, 1), 2.)
t.zeros_like(t.ones(2)), t.ones_like(t.arange(3)), t.full_like(t.ones(2), 3), t.linspace(0, 1, 5), t.empty(2, 0).shape
t.cuda.is_available(), t.cuda.device_count(), t.device("cuda" if t.cuda.is_available() else "cpu")
t.ones(2).to(dtype=t.float64), t.ones(2).to(device="cpu", dtype=t.int64), t.Tensor([1, 2]), t.Tensor(2, 3).shape
t.zeros(30), t.zeros(1, 50)
t.ones(2).dtype, t.float32, t.long, t.bool, t.device("cpu"), t.device("cuda:1")
t.device("cuda", 0) == t.device("cuda:0")
str(t.device("cuda:0")), t.ones(1).device, t.ones(1).to("cpu"), t.ones(2).double(), t.ones(2).long()
t.tensor([0., 2.]).bool()
t.ones(2, dtype=t.int64) / 2, t.ones(2, dtype=t.int64) // 2, (t.tensor([1]) + 1.5).dtype
t.tensor([1], dtype=t.uint8) + 300
(t.tensor([1.], dtype=t.float64) + t.tensor([1.])).dtype, (t.tensor([1.]) + t.tensor(1., dtype=t.float64)).dtype
(t.tensor([True]) + 1).dtype, (t.tensor([True]) + t.tensor([True])).dtype, (t.tensor([3]) * t.tensor(2.5)).dtype
t.tensor([-7, 7]) // 2, t.tensor([-7., 7.]) % 3, t.tensor([1., 0., -1.]) / 0, 2 ** t.tensor([1, 2])
t.tensor([2, 3]) ** 2
t.arange(6.).view(2, 3).max(1), t.arange(6).max(), t.arange(6.).view(2, 3).min(0)
t.tensor([3., 9., 9.]).argmax(), t.eye(3).argmax(1)
t.ones(0, 3).max(1), t.tensor([]).sum(), t.tensor([]).prod(), t.tensor([]).mean()
t.tensor([]).norm(), t.ones(2, 3).sum(1, keepdim=True)
t.tensor([1, 2]).sum(), t.tensor([True, True]).sum(), t.tensor([1., 2.]).sum(0)
t.ones(2, 3).mean((0, 1)), t.tensor([3., 4.]).norm()
t.tensor([1, 2]) == t.tensor([1, 3]), t.ones(2) > 0, (t.ones(2) > 0).all(), ~t.tensor([True, False])
t.ones(2).eq(1).any()
t.arange(6.).view(2, 3)[1], t.arange(6.).view(2, 3)[:, 1:], t.arange(6)[::2], t.arange(6)[-1]
t.arange(6.).view(2, 3)[..., 0]
t.arange(6.).view(2, 3)[[0, 1], [1, 2]], t.arange(6)[t.arange(6) > 3], t.arange(6)[None].shape
t.arange(3)[t.tensor(1)]
t.arange(6.).view(2, 3).tolist(), t.tensor(3).item(), t.tensor([2.5]).item(), list(t.arange(3))
len(t.ones(4, 2)), 2 in t.arange(3)
t.cat([t.ones(2), t.ones(2, dtype=t.int64)]), t.stack([t.ones(2), t.zeros(2)], 1)
t.where(t.tensor([True, False]), 1., 2.)
t.ones(2, 3).expand(4, 2, 3).shape, t.ones(1, 3).expand(5, -1).stride()
t.ones(2, 1, 3).squeeze(1).shape, t.ones(2).unsqueeze(-1).shape
t.ones(2, 3) @ t.ones(3), t.ones(3) @ t.ones(3, 2), (t.ones(2, 2, 3) @ t.ones(3, 4)).shape
(t.ones(5, 1, 2, 3) @ t.ones(4, 3, 1)).shape
t.ones(3, requires_grad=True).is_leaf, (t.ones(3, requires_grad=True) * 2).is_leaf
t.ones(3).grad_fn, t.ones(2).data.norm()
t.equal(t.ones(2), t.ones(2)), t.allclose(t.ones(2), t.ones(2) + 1e-9), t.is_tensor(t.ones(1)), t.is_tensor(1)
t.tensor([float("nan"), 1.]).max(), t.tensor([float("nan"), 1.]).relu()
t.tensor([-float("inf"), 0.]).softmax(0), t.tensor([1000.]).exp()
t.tensor([float("nan"), 1.]).argmax(), t.tensor([float("nan"), 1.]).clamp(0, 1), t.tensor([1000., -1000.]).sigmoid()
t.zeros(2).fill_(3), t.zeros(2).add_(1).mul_(4).sub_(1).div_(2), t.arange(3).zero_()
t.zeros(2, 2).copy_(t.arange(2)), -t.ones(2)
t.ones(2).is_floating_point(), t.ones(2).element_size(), t.ones(2).numel()
t.arange(4.).split(3), t.ones(2, 2).unbind(), t.ones(4).view(2, 2).flatten()
t.ones(2, 3, 4).flatten(1).shape, t.tensor(1.).flatten()
t.tensor([[1., 2.], [3., 4.]]).var(), t.tensor([1., 2., 4.]).std(), t.tensor([1., 2.]).pow(2)
abs(t.tensor(-1)), t.tensor([4.]).sqrt()
"""

FAILS = """
t.ones(2, 3) + t.ones(4)
t.ones(2, 3).add_(t.ones(4, 2, 3))
t.ones(2, 3) @ t.ones(2, 3)
t.mm(t.ones(3), t.ones(3))
t.ones(3) @ t.ones(4)
t.ones(2, 2, 3) @ t.ones(3, 3, 4)
t.bmm(t.ones(2, 2, 3), t.ones(3, 3, 4))
t.tensor(1.) @ t.ones(2)
t.ones(2, 3) @ t.ones(3, 2, dtype=t.float64)
t.cat([t.ones(2, 3), t.ones(2, 4)], 0)
t.cat([t.ones(2, 3), t.ones(2, 3, 1)], 0)
t.cat([])
t.cat([t.ones(2), t.ones(2)], dim=1)
t.cat([t.tensor(1.), t.tensor(2.)])
t.stack([t.ones(2), t.ones(3)])
t.ones(2, 3).view(4, 2)
t.ones(2, 3).view(-1, 4)
t.ones(2, 3).view(-1, -1)
t.ones(2, 3).view(-2, 3)
t.ones(2, 3).t().view(6)
t.ones(0, 3).view(-1, 0)
t.ones(2, 3).reshape(7)
t.ones(2, 3).expand(4, 3)
t.ones(2, 3).transpose(0, 5)
t.ones(2, 3).permute(0, 0)
t.ones(2, 3).permute(0)
t.ones(2, 3).squeeze(5)
t.ones(2, 3).unsqueeze(4)
t.ones(2, 3).sum(3)
t.ones(2, 3).sum((0, 0))
t.ones(2, 2, 2).t()
t.ones(2, 3).size(5)
t.ones(2, 3).item()
t.zeros(-1)
t.tensor([[1, 2], [3]])
t.tensor("a")
t.ones(2) + "a"
t.ones(2, dtype=t.int64).add_(1.5)
t.ones(2, dtype=t.int64).mean()
t.tensor([1, 2]) // 0
t.tensor([]).max()
t.tensor([]).argmax()
t.ones(0, 3).max(0)
t.ones(2, 3).max(2)
t.arange(6.).view(2, 3)[::-1]
t.ones(3)[5]
t.ones(3, 3)[0, 0, 0]
t.tensor(1.)[0]
bool(t.ones(2))
float(t.ones(2))
len(t.tensor(1.))
[x for x in t.tensor(1.)]
t.ones(2, requires_grad=True).numpy()
t.tensor([1, 2], requires_grad=True)
t.tensor([1, 2]).requires_grad_()
t.ones(2, device="cuda")
t.ones(2).cuda()
t.ones(2, device="bogus")
t.arange(4.).expand(3, 4).add_(1)
f"{t.tensor([1.5, 2.]):.4f}"
(t.ones(2, 2, requires_grad=True) * 2).backward()
(t.ones(2, 2, requires_grad=True) * 2).backward(t.ones(2))
(t.ones(2, 2, requires_grad=True) * 2).backward([1, 2])
t.ones(2, 2).sum().backward()
t.ones(2, 2, requires_grad=True).add_(1)
t.ones(2, 2, requires_grad=True)[0].mul_(2)
setattr(t.ones(2, requires_grad=True) * 2, "requires_grad", False)
setattr(t.ones(2, requires_grad=True), "grad", t.ones(3))
setattr(t.ones(2, requires_grad=True), "grad", t.ones(2, dtype=t.float64))
setattr(t.ones(2, requires_grad=True), "grad", 5)
t.ones(2).register_hook(lambda g: g)
t.ones(2).retain_grad()
t.ones(2).softmax(3)
t.tensor([1, 2]).softmax(0)
t.manual_seed("a")
t.randint(5, 5, (2,))
t.autograd.grad((t.ones(2, requires_grad=True) * 2).sum(), [t.ones(2, requires_grad=True)])
t.autograd.grad(t.ones(2, requires_grad=True) * 2, t.ones(2, requires_grad=True))
t.autograd.backward([t.ones(2, requires_grad=True) * 1, t.ones(2, requires_grad=True)], [t.ones(2)])
t.tensor([1, 2]) ** -1
t.ones(2).to("bogus")
t.tensor([True]) - t.tensor([True])
t.ones(2, 3).flatten(1, 0)
t.arange(3, 0)
t.arange(0, 3, 0)
t.ones(2).uniform_(2, 1)
t.ones(2).normal_(0, -1)
"""


def _lines(text: str) -> list[str]:
    return [line for line in text.strip().splitlines() if line]


def _outcome(line: str, package: Any) -> str:
    package.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = eval(line, {"t": package})
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return "\n".join(map(repr, result)) if type(result) is tuple else repr(result)


def _comparable(text: str) -> str:
    # Addresses differ, and so do the C++ frames that PyTorch sometimes appends.
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    return text.split("\nException raised from")[0]


@pytest.mark.parametrize("line", _lines(PRINTED))
def test_prints_the_same(line: str) -> None:
    expected = _comparable(_outcome(line, torch))
    assert _comparable(_outcome(line, nnkit)) == expected


@pytest.mark.parametrize("line", _lines(FAILS))
def test_fails_with_the_same_words(line: str) -> None:
    expected = _comparable(_outcome(line, torch))
    assert re.match(r"\w+(Error|Exception): ", expected), "PyTorch accepts this; it belongs to PRINTED"
    assert _comparable(_outcome(line, nnkit)) == expected
