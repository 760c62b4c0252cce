"""What comes out of each layer of all kinds of networks."""

import numpy as np
import pytest

import nnkit
import nnkit.nn.functional as F
from nnkit import nn
from nnkit.models import RNN, LeNet, MNISTConvNet
from nnkit.plan.guard import obstacle
from nnkit.playground.activations import activations


@pytest.fixture(autouse=True)
def _seed():
    nnkit.manual_seed(0)


def watched(network, size=(28, 28)):
    image = nnkit.randn(1, 1, *size)
    logits, found = activations(network.eval(), image)
    np.testing.assert_array_equal(logits, network(image).detach().numpy()[0])
    return image, found


def kinds(found):
    return [(layer.name, *layer.kinds, layer.values.shape) for layer in found]


def test_relu_belongs_to_the_layer_before_it_and_pooling_does_not():
    network = LeNet()
    image, found = watched(network, (32, 32))
    assert kinds(found) == [
        ("conv1", "Conv2d", "ReLU", (1, 6, 28, 28)),
        ("", "MaxPool2d", (1, 6, 14, 14)),
        ("conv2", "Conv2d", "ReLU", (1, 16, 10, 10)),
        ("", "MaxPool2d", (1, 16, 5, 5)),
        ("fc1", "Linear", "ReLU", (1, 120)),
        ("fc2", "Linear", "ReLU", (1, 84)),
        ("fc3", "Linear", (1, 10)),
    ]
    first = F.relu(network.conv1(image)).detach()
    np.testing.assert_array_equal(found[0].values, first.numpy())
    np.testing.assert_array_equal(found[1].values, F.max_pool2d(first, 2).numpy())


def test_layers_have_the_names_of_modules():
    _, found = watched(MNISTConvNet())
    assert [layer.name for layer in found] == ["conv1", "pool1", "conv2", "pool2", "fc1", "fc2"]


@pytest.mark.parametrize(("nonlinearity", "expected"), [("tanh", ("Linear", "Tanh")), ("none", ("Linear",))])
def test_a_layer_that_is_called_for_each_row_has_all_its_calls(nonlinearity, expected):
    network = RNN(hidden_size=16, nonlinearity=nonlinearity)
    image, found = watched(network)
    assert kinds(found) == [("i2h", *expected, (28, 16)), ("h2o", "Linear", (1, 10))]
    hidden = nnkit.zeros(1, 16)
    for row in range(28):
        hidden, _ = network.step(image[:, 0, row], hidden)
        np.testing.assert_allclose(found[0].values[row], hidden.detach().numpy()[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("inplace", [False, True])
def test_modules_in_a_row(inplace):
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(inplace), nn.Dropout(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(676, 8),
        nn.Sequential(nn.Sigmoid(), nn.Identity()), nn.Linear(8, 10), nn.LogSoftmax(1),
    )  # fmt: skip
    _, found = watched(network)
    assert kinds(found) == [
        ("0", "Conv2d", "ReLU", (1, 4, 26, 26)),
        ("3", "MaxPool2d", (1, 4, 13, 13)),
        ("5", "Linear", "Sigmoid", (1, 8)),
        ("7", "Linear", (1, 10)),
        ("8", "LogSoftmax", (1, 10)),
    ]
    assert found[0].values.min() == 0


class Residual(nn.Module):
    """One layer that is used twice, an addition, and a layer that is a function."""

    def __init__(self):
        super().__init__()
        self.same = nn.Conv2d(1, 1, 3, padding=1)
        self.weight = nn.Parameter(nnkit.randn(10, 784))

    def forward(self, images):
        """Return the logits."""
        inside = self.same(self.same(images))
        return F.linear(F.relu(images + inside).flatten(1), self.weight)


def test_operations_between_layers_are_told_apart():
    _, found = watched(Residual())
    assert [layer.name for layer in found] == ["same", "", ""]
    assert [layer.kinds[0] for layer in found][:2] == ["Conv2d", "Add"]
    assert found[0].values.shape == (2, 1, 28, 28)
    assert found[1].kinds == ("Add", "ReLU")
    assert found[2].values.shape == (1, 10)


def test_nothing_stays_behind_in_the_network():
    network = LeNet()
    watched(network, (32, 32))
    assert obstacle([network]) is None
