import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import nnkit
import nnkit.nn.functional as F
from nnkit import nn
from nnkit.tensors import Tensor

TEXTS = [
    "F.conv2d(torch.ones(1, 3, 8, 8), torch.ones(4, 2, 3, 3))",
    "F.conv2d(torch.ones(1, 3, 8, 8), torch.ones(4, 3, 3, 3), torch.ones(5))",
    "F.conv2d(torch.ones(1, 3, 8, 8), torch.ones(4, 3, 3, 3), stride=0)",
    "F.conv2d(torch.ones(1, 3, 8, 8), torch.ones(4, 3, 3, 3), padding=-1)",
    "F.conv2d(torch.ones(1, 3, 8, 8), torch.ones(4, 3, 3, 3), dilation=0)",
    "F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), padding='same', stride=2)",
    "F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), padding='bogus')",
    "F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), padding=(1, 2, 3))",
    "F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), stride=(1, 2, 3))",
    "F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), stride=(1,)).shape",
    "F.conv2d(torch.ones(1, 4, 4, 4), torch.ones(4, 1, 3, 3), groups=3)",
    "F.conv2d(torch.ones(1, 4, 4, 4), torch.ones(3, 1, 3, 3), groups=4)",
    "F.linear(torch.ones(2, 3), torch.ones(4, 3), torch.ones(5))",
    "F.linear(torch.ones(2, 3), torch.ones(4, 3), torch.ones(1))",
    "F.linear(torch.ones(2, 3), torch.ones(4, 3), 3)",
    "F.linear(torch.ones(2, 3), 3)",
    "F.relu(3)",
    "F.relu_(3)",
    "F.dropout(torch.ones(3), 1.5)",
    "F.dropout(torch.ones(3), -0.5)",
    "F.dropout(torch.ones(3), 0.0), F.dropout(torch.ones(3), 1.0)",
    "F.softmax(torch.ones(2, 3)), F.log_softmax(torch.ones(3)), F.softmax(torch.ones(2, 2, 2))",
    "F.softmax(torch.ones(2, 3, dtype=torch.int64), 1)",
    "F.softmax(torch.ones(2, 3, dtype=torch.int64), 1, dtype=torch.float64)",
    "F.log_softmax(torch.ones(2, 3), dim=5)",
    "F.log_softmax(torch.ones(2, 3), dim=1, dtype=torch.float64)",
    "F.max_pool2d(torch.arange(36.0).view(1, 1, 6, 6), 2, return_indices=True)",
    "F.max_pool2d(-torch.ones(1, 1, 2, 2), 2, padding=1)",
    "F.max_pool2d(torch.ones(1, 6, 6), (3,)), F.max_pool2d(torch.ones(1, 6, 6), [2, 3])",
    "F.max_pool2d(torch.ones(0, 1, 4, 4), 2).shape",
    "F.max_pool2d(torch.ones(1, 1, 6, 6, dtype=torch.int64), 2)",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 0)",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 7)",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 2, padding=2)",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 2, padding=2, dilation=3)",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), (3, 2), padding=(0, 2), dilation=(1, 3))",
    "F.max_pool2d(torch.arange(4.0).view(1, 1, 4, 1), 2, (3, 1), (0, 1), 2, return_indices=True)",
    "F.max_pool2d(torch.arange(8.0).view(1, 2, 1, 4), 2, 1, (1, 0), 2, return_indices=True)",
    "F.max_pool2d(torch.full((1, 1, 3, 4), float('-inf')), 2, 2, 1, return_indices=True)",
    "F.max_pool2d(torch.ones(1, 1, 4, 1, dtype=torch.int64), 2, (3, 1), (0, 1), 2)",
    "F.max_pool2d(torch.ones(1, 1, 4, 1, dtype=torch.uint8), 2, (3, 1), (0, 1), 2)",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 2, stride=0)",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 2, dilation=0)",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 2, padding=-1)",
    "F.max_pool2d(torch.ones(6, 6), 2)",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), (2, 2, 2))",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 2, (1, 2, 3))",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 2, padding=(1, 2, 3))",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 2, dilation=(1, 2, 3))",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 2.5)",
    "F.max_pool2d(torch.ones(1, 1, 6, 6), 2, 2.5)",
    "F.max_pool2d(torch.ones(1, 0, 6, 6), 2)",
    "F.max_pool2d(3, 2)",
]

NODES = """
def n(t): return type(t.grad_fn).__name__, [type(f).__name__ for f, _ in t.grad_fn.next_functions]
x = torch.ones(4, 3, requires_grad=True); xb = torch.ones(2, 4, 3, requires_grad=True)
l = nn.Linear(3, 5); lnb = nn.Linear(3, 5, bias=False)
im = torch.ones(2, 3, 8, 8, requires_grad=True); c = nn.Conv2d(3, 4, 3); cn = nn.Conv2d(3, 4, 3, bias=False)
"""

NODE_CASES = [
    "n(l(x)), n(l(x.detach())), n(l(xb)), n(l(x[0].detach())), n(lnb(x)), n(lnb(xb)), n(lnb(xb.detach()))",
    "[type(f).__name__ for f, _ in l(xb).grad_fn.next_functions[0][0].next_functions]",
    "n(c(im)), n(c(im.detach())), n(cn(im)), n(c(im[0]))",
    "n(F.max_pool2d(im, 2)), n(nn.MaxPool2d(2)(im)), n(nn.Flatten()(im))",
    "n(nn.ReLU()(im)), n(F.relu(im)), n(F.relu_(im * 1)), n(F.relu(im * 1, inplace=True)), n(F.tanh(x))",
    "n(F.dropout(im)), n(F.dropout(im * 1, inplace=True)), n(F.log_softmax(x, 1)), n(F.softmax(x, 1)), n(F.sigmoid(x))",
    "n(F.cross_entropy(x, torch.tensor([0, 1, 2, 0]))), n(F.nll_loss(x, torch.tensor([0, 1, 2, 0]), torch.ones(3)))",
    "n(F.mse_loss(x, torch.zeros(4, 3))), n(F.mse_loss(x, torch.zeros(4, 3), reduction='none'))",
    "n(F.mse_loss(x[:, :1], torch.zeros(4, 3)))",
]


@pytest.mark.parametrize("source", TEXTS)
def test_edges_and_texts_are_pytorchs(same_as_torch, source):
    same_as_torch(source)


@pytest.mark.parametrize("source", NODE_CASES)
def test_the_tape_has_pytorchs_nodes(same_as_torch, source):
    same_as_torch(NODES + source)


def random_array(shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def assert_close(result, expected, dtype):
    """Compare, with an absolute tolerance that goes with the greatest terms of the sums behind the numbers."""
    scale = max(1.0, np.abs(expected).max(initial=0.0))
    rtol, atol = (1.3e-6, 1e-5) if dtype == "float32" else (1e-10, 1e-12)
    np.testing.assert_allclose(result, expected, rtol=rtol, atol=atol * scale)


def both_ways(ours, theirs, arrays, dtype):
    """Check that two functions have the same results and gradients."""
    mine = [Tensor.detached(array.copy()).requires_grad_() for array in arrays]
    other = [torch.tensor(array).requires_grad_() for array in arrays]
    result, expected = ours(*mine), theirs(*other)
    assert_close(result.detach().numpy(), expected.detach().numpy(), dtype)
    weights = random_array(tuple(expected.shape), dtype, seed=9)
    result.backward(Tensor.detached(weights))
    expected.backward(torch.tensor(weights))
    for tensor, reference in zip(mine, other, strict=True):
        assert_close(tensor.grad.numpy(), reference.grad.numpy(), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stride": 2, "padding": 1},
        {"stride": (1, 2), "padding": (2, 1), "dilation": (2, 1)},
        {"groups": 2},
        {"padding": "valid"},
        {"padding": "same"},
        {"padding": "same", "dilation": (1, 3)},
    ],
)
@pytest.mark.parametrize("batch", [1, 3, 17])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")  # PyTorch's own
def test_convolution_agrees_with_pytorch(options, batch, dtype):
    groups = options.get("groups", 1)
    arrays = [
        random_array((batch, 4, 9, 8), dtype),
        random_array((6, 4 // groups, 3, 2), dtype, 1),
        random_array((6,), dtype, 2),
    ]
    both_ways(lambda *a: F.conv2d(*a, **options), lambda *a: TF.conv2d(*a, **options), arrays, dtype)


def test_numpys_integers_are_integers():
    two = np.int64(2)
    images, filters = nnkit.ones(1, 1, 6, 6), nnkit.ones(1, 1, 2, 2)
    assert F.conv2d(images, filters, stride=two).shape == (1, 1, 3, 3)
    assert F.max_pool2d(images, two, (two, 1)).shape == (1, 1, 3, 5)
    assert nn.Conv2d(1, 1, two)(images).shape == (1, 1, 5, 5)


def test_convolution_of_one_image_agrees_with_pytorch():
    arrays = [random_array((2, 6, 6)), random_array((3, 2, 3, 3), seed=1)]
    both_ways(F.conv2d, TF.conv2d, arrays, "float32")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(7,), (5, 7), (2, 3, 7), (2, 1, 3, 7), (0, 7)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_agrees_with_pytorch(shape, bias, dtype):
    arrays = [random_array(shape, dtype), random_array((4, 7), dtype, 1)]
    if bias:
        arrays.append(random_array((4,), dtype, 2))
    both_ways(F.linear, TF.linear, arrays, dtype)


def test_linear_of_a_transposed_input_agrees_with_pytorch():
    arrays = [random_array((7, 3, 2)), random_array((4, 7), seed=1), random_array((4,), seed=2)]
    both_ways(
        lambda x, w, b: F.linear(x.transpose(0, 2), w, b),
        lambda x, w, b: TF.linear(x.transpose(0, 2), w, b),
        arrays,
        "float32",
    )


@pytest.mark.case("N9")
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 2},
        {"kernel_size": (2, 3)},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": 2, "stride": 1, "dilation": 2},
        {"kernel_size": 2, "ceil_mode": True},
    ],
)
@pytest.mark.parametrize("shape", [(3, 2, 7, 9), (2, 7, 9), (17, 1, 7, 9)])
def test_N9_max_pooling_agrees_with_pytorch(options, shape):
    # Rounded, so that there are ties: the gradient goes to the first of the greatest.
    array = random_array(shape).round()
    both_ways(lambda x: F.max_pool2d(x, **options), lambda x: TF.max_pool2d(x, **options), [array], "float32")


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid"])
def test_activations_agree_with_pytorch(name):
    arrays = [random_array((4, 5))]
    both_ways(getattr(F, name), getattr(TF, name), arrays, "float32")


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax_agrees_with_pytorch(name, dim):
    arrays = [random_array((4, 5, 3))]
    both_ways(lambda x: getattr(F, name)(x, dim), lambda x: getattr(TF, name)(x, dim), arrays, "float32")


def test_dropout_zeroes_the_given_part_and_keeps_the_mean():
    nnkit.manual_seed(0)
    x = nnkit.ones(200, 100, requires_grad=True)
    result = F.dropout(x, 0.25)
    values = result.detach().numpy()
    assert set(np.unique(values)) == {0.0, np.float32(1 / 0.75)}
    assert abs((values == 0).mean() - 0.25) < 0.01
    result.backward(nnkit.ones(200, 100))
    np.testing.assert_array_equal(x.grad.numpy(), values)


def test_dropout_in_place_and_without_training():
    x = nnkit.ones(50)
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x, 0.5, inplace=True) is x
    assert set(x.tolist()) == {0.0, 2.0}


def test_dropout_follows_the_seed():
    nnkit.manual_seed(3)
    first = F.dropout(nnkit.ones(20))
    nnkit.manual_seed(3)
    assert F.dropout(nnkit.ones(20)).tolist() == first.tolist()
