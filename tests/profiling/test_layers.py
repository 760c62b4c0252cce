"""Which layer an operation belongs to."""

import pytest

import nnkit
import nnkit.nn.functional as F
from nnkit import nn
from nnkit.profiling import Layers
from nnkit.recording import Recording


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x):
        return F.relu(self.inner(x.tanh()))


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(Block(), nn.Sigmoid())
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(F.relu(self.body(x * 2))).exp()


def test_operations_are_told_by_the_innermost_layer_or_the_one_before():
    network, images, labels = Nested(), nnkit.rand(2, 4), nnkit.zeros(2).long()
    with Recording() as recording, Layers(network, recording) as layers:
        F.cross_entropy(network(images * 3), labels)
    found = [(call.operation.__name__, *place) for call, place in zip(recording.calls, layers.places(), strict=True)]
    assert [each for each in found if each[0] != "T"] == [
        ("Mul", "", ""),
        ("Mul", "", ""),
        ("Tanh", "body.0", "body.0"),
        ("Addmm", "body.0.inner", "body.0.inner"),
        ("Relu", "body.0", "body.0"),
        ("Sigmoid", "body.1", "body.1"),
        ("Relu", "", "body.1"),
        ("Addmm", "head", "head"),
        ("Exp", "", "head"),
        ("LogSoftmax", "loss", "loss"),
        ("NllLoss", "loss", "loss"),
    ]


def test_no_hook_stays():
    network = Nested()
    with pytest.raises(RuntimeError), Recording() as recording, Layers(network, recording):
        network(nnkit.rand(2, 5))
    assert not any(module._hooks for module in network.modules())
