import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import nnkit
import nnkit.nn.functional as F
from nnkit import nn
from nnkit.tensors import Tensor

TEXTS = [
    "F.mse_loss(torch.ones(4, 1, requires_grad=True), torch.zeros(4))",
    "nn.MSELoss()(torch.ones(1, 10), torch.arange(10.0))",
    "F.mse_loss(torch.ones(4, 3), torch.zeros(4))",
    "F.mse_loss(torch.ones(2), torch.zeros(2, dtype=torch.int64))",
    "F.mse_loss(torch.ones(2), torch.zeros(2, dtype=torch.float64))",
    "F.mse_loss(torch.ones(2, dtype=torch.int64), torch.zeros(2, dtype=torch.int64))",
    "F.mse_loss(torch.ones(0, 3), torch.ones(0, 3)), F.mse_loss(torch.ones(0, 3), torch.ones(0, 3), reduction='sum')",
    "F.mse_loss(torch.ones(2), torch.ones(2), reduction='bogus')",
    "F.mse_loss(3, torch.ones(2))",
    "x = torch.tensor([1.0], requires_grad=True); t = torch.tensor([3.0], requires_grad=True)\n"
    "F.mse_loss(x, t).backward(); x.grad, t.grad",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0.0, 1.0]))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1], dtype=torch.int32))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1], dtype=torch.uint8))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 3]))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, -1]))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, -100]))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([-100, -100]))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([[0], [1]]))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1, 2]))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor(1))",
    "F.cross_entropy(torch.ones(3), torch.tensor(1))",
    "F.cross_entropy(torch.tensor(1.0), torch.tensor(1))",
    "F.cross_entropy(torch.ones(2, 3), torch.ones(2, 4))",
    "F.cross_entropy(torch.ones(2, 3), torch.eye(3)[:2])",
    "F.cross_entropy(torch.ones(0, 3), torch.zeros(0, dtype=torch.int64))",
    "F.cross_entropy(torch.ones(0, 3), torch.zeros(0, dtype=torch.int64), reduction='sum')",
    "F.cross_entropy(torch.ones(2, 3, dtype=torch.int64), torch.tensor([0, 1]))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1]), weight=torch.ones(4))",
    "F.cross_entropy(torch.ones(2, 3), torch.ones(2, 3), weight=torch.ones(4))",
    "F.cross_entropy(torch.ones(2, 3), torch.ones(2, 3), ignore_index=1)",
    "F.cross_entropy(torch.ones(2, 3), torch.ones(2, 3, dtype=torch.int64))",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1]), label_smoothing=1.5)",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 3]), label_smoothing=0.2)",
    "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1]), reduction='bogus')",
    "F.cross_entropy(torch.tensor([[1e30, -1e30, 0.0]]), torch.tensor([1]))",
    "F.cross_entropy(torch.tensor([[1000.0, 0.0, 0.0]]), torch.tensor([0]))",
    "F.cross_entropy(torch.tensor([[float('inf'), 0.0, 0.0]]), torch.tensor([0]))",
    "F.cross_entropy(torch.tensor([[float('nan'), 0.0, 0.0]]), torch.tensor([1]))",
    "F.cross_entropy(3, torch.tensor([0, 1]))",
    "F.cross_entropy(torch.ones(2, 3), [0, 1])",
    "F.nll_loss(torch.ones(2, 3), torch.tensor([0.0, 1.0]))",
    "F.nll_loss(torch.ones(2, 3), torch.tensor([0, 5]))",
    "F.nll_loss(torch.ones(2, 3), torch.tensor([0, 7]), reduction='none')",
    "F.nll_loss(torch.ones(2, 3), torch.tensor([0, 1, 2]))",
    "F.nll_loss(torch.ones(2, 3), torch.tensor([[0], [1]]))",
    "F.nll_loss(torch.tensor(1.0), torch.tensor(0))",
    "F.nll_loss(torch.ones(3), torch.tensor(1)), F.nll_loss(torch.ones(3), torch.tensor([1]))",
    "F.nll_loss(torch.ones(3), torch.tensor([1, 2]))",
    "F.nll_loss(torch.ones(2, 3), torch.tensor([0, 1]), weight=torch.ones(3, dtype=torch.float64))",
    "F.nll_loss(torch.ones(2, 3), torch.tensor([-100, -100]), reduction='sum')",
    "F.nll_loss(torch.ones(2, 3), torch.tensor([0, 1]), reduction='bogus')",
]


@pytest.mark.parametrize("source", TEXTS)
def test_edges_and_texts_are_pytorchs(same_as_torch, source):
    same_as_torch(source)


CLASSES = np.array([0, 3, -100, 1, 1])
WEIGHT = np.array([0.5, 2.0, 1.0, 0.1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("target", ["classes", "probabilities", "images of classes", "images of probabilities", "one"])
def test_cross_entropy_agrees_with_pytorch(target, weighted, smoothing, reduction, dtype):
    random = np.random.default_rng(0)
    shape = {"one": (4,), "classes": (5, 4), "probabilities": (5, 4)}.get(target, (5, 4, 2, 3))
    logits = random.standard_normal(shape).astype(dtype)
    if "probabilities" in target:
        wanted = random.random(shape).astype(dtype)
    else:
        wanted = {"one": np.array(2), "classes": CLASSES}.get(
            target, np.broadcast_to(CLASSES[:, None, None], (5, 2, 3))
        )
    options = {"reduction": reduction, "label_smoothing": smoothing}
    weight = WEIGHT.astype(dtype) if weighted else None
    mine = Tensor.detached(logits.copy()).requires_grad_()
    other = torch.tensor(logits, requires_grad=True)
    result = F.cross_entropy(mine, nnkit.tensor(wanted), None if weight is None else Tensor.detached(weight), **options)
    expected = TF.cross_entropy(
        other, torch.tensor(wanted), None if weight is None else torch.tensor(weight), **options
    )
    tolerance = {"rtol": 1.3e-6, "atol": 1e-5} if dtype == "float32" else {"rtol": 1e-10, "atol": 1e-12}
    assert result.shape == tuple(expected.shape)
    np.testing.assert_allclose(result.detach().numpy(), expected.detach().numpy(), **tolerance)
    result.sum().backward()
    expected.sum().backward()
    np.testing.assert_allclose(mine.grad.numpy(), other.grad.numpy(), **tolerance)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_modules_pass_their_options_on(reduction):
    logits = np.random.default_rng(0).standard_normal((5, 4)).astype("float32")
    pairs = [(nn.CrossEntropyLoss, torch.nn.CrossEntropyLoss), (nn.NLLLoss, torch.nn.NLLLoss)]
    for ours, theirs in pairs:
        weight = WEIGHT.astype("float32")
        mine = ours(Tensor.detached(weight), ignore_index=3, reduction=reduction)
        other = theirs(torch.tensor(weight), ignore_index=3, reduction=reduction)
        classes = np.abs(CLASSES) % 7
        expected = other(torch.tensor(logits), torch.tensor(classes))
        np.testing.assert_allclose(
            mine(Tensor.detached(logits), Tensor.detached(classes)).numpy(), expected.numpy(), rtol=1e-5
        )
    mine, other = nn.MSELoss(reduction=reduction), torch.nn.MSELoss(reduction=reduction)
    expected = other(torch.tensor(logits), torch.zeros(5, 4))
    np.testing.assert_allclose(mine(Tensor.detached(logits), nnkit.zeros(5, 4)).numpy(), expected.numpy(), rtol=1e-5)


def test_smoothing_below_zero_is_refused():
    with pytest.raises(RuntimeError, match=r"label_smoothing must be between 0\.0 and 1\.0\. Got: -0\.1"):
        F.cross_entropy(nnkit.ones(2, 3), nnkit.tensor([0, 1]), label_smoothing=-0.1)


def test_a_target_of_another_image_size_is_refused():
    with pytest.raises(RuntimeError, match=r"Expected target size \[2, 4, 4\], got \[2, 4, 5\]"):
        F.cross_entropy(nnkit.ones(2, 3, 4, 4), nnkit.zeros(2, 4, 5, dtype=nnkit.int64))


def test_the_registry_has_every_loss():
    assert nn.LOSSES.names() == sorted(
        ["BCEWithLogitsLoss", "CrossEntropyLoss", "HuberLoss", "L1Loss", "MSELoss", "NLLLoss", "SmoothL1Loss"]
    )
    assert nn.LOSSES.get("NLLLoss") is nn.NLLLoss
