"""What a network consists of, counted by hand."""

import pytest

from nnkit import nn
from nnkit.models import NETWORKS, Network
from nnkit.profiling.summary import summarize


def by_name(network):
    return {layer.name: layer for layer in summarize(network)}


def test_lenet_has_the_published_numbers():
    layers = by_name(NETWORKS.get("LeNet")())
    assert [(layer.kind, layer.shape, layer.parameters) for layer in layers.values()] == [
        ("LeNet", (1, 10), 0),
        ("Conv2d", (1, 6, 28, 28), 156),
        ("Conv2d", (1, 16, 10, 10), 2416),
        ("Linear", (1, 120), 48120),
        ("Linear", (1, 84), 10164),
        ("Linear", (1, 10), 850),
    ]
    multiply_adds = {"conv1": 117_600, "conv2": 240_000, "fc1": 48_000, "fc2": 10_080, "fc3": 840}
    assert {name: layers[name].flops for name in multiply_adds} == {
        name: 2 * count for name, count in multiply_adds.items()
    }
    assert layers["conv1"].bytes_written == 4 * 6 * 28 * 28
    # Relu of four layers, and pooling behind two of them; flattening writes nothing.
    relu, pooling = 6 * 28 * 28 + 16 * 10 * 10 + 120 + 84, 6 * 14 * 14 + 16 * 5 * 5
    assert layers[""].bytes_written == 4 * (relu + pooling)


def test_calls_in_a_loop_are_counted():
    layers = by_name(NETWORKS.get("RNN")(nonlinearity="tanh"))
    assert (layers["i2h"].calls, layers["i2h"].parameters) == (28, (28 + 128) * 128 + 128)
    assert layers["i2h"].flops == 28 * 2 * (28 + 128) * 128
    assert (layers["h2o"].calls, layers["h2o"].flops) == (1, 2 * 128 * 10)


class Sharing(Network):
    input_size = (4, 4)

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(16, 16)
        self.second = nn.Linear(16, 16)
        self.second.weight = self.first.weight
        self.spare = nn.Linear(3, 3)
        self.dropout = nn.Dropout(0.5)

    def forward(self, images):
        return self.second(self.dropout(self.first(images.flatten(1))))


def test_shared_parameters_count_once_and_layers_that_are_not_called_are_told():
    network = Sharing()
    network.train()
    layers = by_name(network)
    assert [layers[name].parameters for name in ("first", "second", "spare")] == [16 * 16 + 16, 16, 12]
    assert layers["first"].flops == layers["second"].flops == 2 * 16 * 16
    assert (layers["spare"].calls, layers["spare"].shape, layers["spare"].flops) == (0, None, 0)
    assert sum(layer.parameters for layer in layers.values()) == sum(each.numel() for each in network.parameters())
    # Looking changes nothing.
    assert network.training


@pytest.mark.parametrize("name", ["LeNet", "MNISTConvNet", "RNN", "LSTM"])
def test_all_parameters_are_counted(name):
    network = NETWORKS.get(name)()
    assert sum(layer.parameters for layer in summarize(network)) == sum(each.numel() for each in network.parameters())
