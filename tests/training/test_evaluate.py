"""An evaluation leaves the network, and the one who asks for it, as they were."""

import numpy as np
import pytest

import nnkit
from nnkit import nn
from nnkit.data import ImageSet
from nnkit.models import Network
from nnkit.plan import Replay
from nnkit.training.evaluate import evaluate, evaluation_batches, outputs

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 4, 4), np.uint8)
IMAGE_SET = ImageSet("noise", IMAGES, (IMAGES.mean((1, 2)) > 127).astype(np.uint8), ("dark", "bright"), 0.5, 0.25)


class Frozen(Network):
    """A network whose first part does not drop anything, in training neither."""

    input_size = (4, 4)

    def __init__(self):
        super().__init__()
        self.frozen = nn.Sequential(nn.Flatten(), nn.Dropout(0.5)).eval()
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(16, 2)

    def forward(self, images):
        return self.fc(self.dropout(self.frozen(images)))


def modes(network):
    return {name: module.training for name, module in network.named_modules()}


@pytest.fixture(params=[True, False], ids=["plan", "tape"])
def replay(request):
    return Replay(Frozen(), nn.CrossEntropyLoss(), enabled=request.param)


def test_every_module_gets_its_own_mode_back(replay):
    before = modes(replay.network)
    assert set(before.values()) == {True, False}
    evaluate(replay, evaluation_batches(IMAGE_SET, replay.network))
    assert modes(replay.network) == before


def test_a_module_gets_its_mode_back_when_one_stops_in_between(replay):
    before = modes(replay.network)
    batches = outputs(replay, evaluation_batches(IMAGE_SET, replay.network))
    next(batches)
    assert not any(modes(replay.network).values())
    batches.close()
    assert modes(replay.network) == before


def test_whoever_gets_the_outputs_may_want_gradients(replay):
    for _ in outputs(replay, evaluation_batches(IMAGE_SET, replay.network)):
        assert nnkit.is_grad_enabled()
