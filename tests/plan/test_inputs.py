"""Images and labels of all kinds: what a plan takes, and what it leaves to the tape."""

import numpy as np
import pytest
from plan_steps import CROSS_ENTROPY, assert_same, batch, take

import nnkit
from nnkit import nn
from nnkit.kernels.backend import Pixels
from nnkit.plan import Replay
from nnkit.random import manual_seed
from nnkit.tensors import Tensor

IMAGES, LABELS = batch(18, (12,))


def test_other_types_are_other_steps():
    network = nn.Linear(12, 4)
    tape, replay = (Replay(network, CROSS_ENTROPY, enabled=enabled) for enabled in (False, True))
    for _ in range(2):
        expected = take(replay, IMAGES, LABELS)
    bytes_ = LABELS.to(nnkit.uint8)
    assert_same(take(replay, IMAGES, bytes_), expected)
    assert replay.obstacle == "labels of type torch.uint8"
    replay = Replay(network, CROSS_ENTROPY)
    take(replay, IMAGES, LABELS)
    for each in (tape, replay):
        with pytest.raises(RuntimeError, match="must have the same dtype"):
            take(each, IMAGES.double(), LABELS)
    replay = Replay(network, CROSS_ENTROPY)
    take(replay, IMAGES, LABELS)
    shares = Tensor.detached(np.full((18, 4), 0.25, np.float32))
    assert_same(take(replay, IMAGES, shares), take(tape, IMAGES, shares))


@pytest.mark.parametrize("steps", [0, 2])
def test_images_can_have_gradients(steps):
    network = nn.Linear(12, 4)
    tape, replay = (Replay(network, CROSS_ENTROPY, enabled=enabled) for enabled in (False, True))
    for _ in range(steps):
        take(replay, IMAGES, LABELS)
    images = [Tensor.detached(IMAGES.array).requires_grad_() for _ in range(2)]
    for _ in range(2):
        assert_same(take(replay, images[0], LABELS), take(tape, images[1], LABELS))
    np.testing.assert_array_equal(images[0].grad.array, images[1].grad.array)
    assert replay.obstacle == "images that need a gradient"


def test_labels_in_any_memory():
    network = nn.Linear(12, 4)
    tape, replay = (Replay(network, CROSS_ENTROPY, enabled=enabled) for enabled in (False, True))
    spread = Tensor.detached(np.repeat(LABELS.array, 3)[::3])
    for labels in (LABELS, spread, LABELS, spread):
        assert_same(take(replay, IMAGES, labels), take(tape, IMAGES, labels))
    assert replay.obstacle is None


def test_images_in_any_memory():
    manual_seed(1)
    network = nn.Sequential(nn.Conv2d(3, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(24, 4))
    tape, replay = (Replay(network, CROSS_ENTROPY, enabled=enabled) for enabled in (False, True))
    images, labels = batch(21, (3, 4, 5))
    for array in (images.array, images.array.copy("F"), np.repeat(images.array, 2, 3)[..., ::2], images.array[::-1]):
        assert_same(take(replay, Tensor.detached(array), labels), take(tape, Tensor.detached(array), labels))
    assert replay.obstacle is None


def pixels(count, size, seed, mean=0.25, std=0.5, places=18):
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, *size), np.uint8)
    return Pixels(images, generator.integers(0, count, places), mean, std, (6, 6))


@pytest.mark.parametrize("differentiate", [True, False])
def test_bytes_of_several_data_sets(differentiate):
    """Sets of other sizes, with other means, in turns: also more images than those that were recorded."""
    manual_seed(2)
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(32, 4))
    tape, replay = (Replay(network, CROSS_ENTROPY, enabled=enabled) for enabled in (False, True))
    sets = [
        pixels(5, (4, 4), 1),
        pixels(90, (4, 4), 2),
        pixels(90, (4, 4), 2, mean=0.0),
        pixels(90, (4, 4), 2, std=0.1),
        pixels(30, (5, 3), 3),
        pixels(30, (6, 6), 4),
        pixels(3, (4, 4), 5),
    ]
    for _ in range(3):
        for images in sets:
            outcomes = [take(each, images, LABELS, differentiate=differentiate) for each in (replay, tape)]
            assert_same(*outcomes)
    assert replay.obstacle is None


def test_unknown_classes_are_the_tape_s_error():
    network = nn.Linear(12, 4)
    replay = Replay(network, CROSS_ENTROPY)
    for labels in ([0, 1, 2, 3] * 4 + [0, 4], [-1] + [0] * 17, [0] * 17 + [2**62]):
        wrong = Tensor.detached(np.array(labels))
        for step in (replay.differentiate, replay.evaluate):
            with pytest.raises(IndexError, match=f"Target {labels[-1] or labels[0]} is out of bounds"):
                step(IMAGES, wrong)
            step(IMAGES, LABELS)
    assert replay.obstacle is None


def test_unknown_classes_of_a_loss_that_sees_a_part_of_the_logits():
    network = nn.Linear(12, 4)
    replay = Replay(network, lambda logits, labels: CROSS_ENTROPY(logits[:, 1:], labels))
    tape = Replay(network, replay.criterion, enabled=False)
    fewer = Tensor.detached(LABELS.array % 3)
    for _ in range(2):
        assert_same(take(replay, IMAGES, fewer, differentiate=False), take(tape, IMAGES, fewer, differentiate=False))
    assert replay._plans
    with pytest.raises(IndexError, match="Target 3 is out of bounds"):
        replay.evaluate(IMAGES, Tensor.detached(np.full(18, 3)))


def test_ignored_labels_give_the_tape_s_numbers():
    network = nn.Sequential(nn.Linear(12, 6), nn.Dropout(0.5), nn.Linear(6, 4))
    tape, replay = (Replay(network, CROSS_ENTROPY, enabled=enabled) for enabled in (False, True))
    some, all_ = LABELS.array.copy(), np.full(18, -100)
    some[[0, 5, 17]] = -100
    for labels in (some, LABELS.array, some, all_, LABELS.array, LABELS.array):
        for differentiate in (True, False):
            found = []
            for each in (replay, tape):
                manual_seed(4)
                network.train(differentiate)
                found.append(take(each, IMAGES, Tensor.detached(labels), differentiate=differentiate))
            assert_same(*found)
    assert replay.obstacle is None
    assert replay._plans


@pytest.mark.case("N5")
def test_N5_no_images_are_no_plan():
    network = nn.Linear(12, 4)
    replay = Replay(network, nn.CrossEntropyLoss(reduction="sum"))
    outcome = take(replay, Tensor.detached(np.zeros((0, 12), np.float32)), Tensor.detached(np.zeros(0, np.int64)))
    assert outcome.loss == 0
    assert replay.obstacle is None
