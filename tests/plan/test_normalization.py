"""Batch normalization in plans: the tape's numbers, also of the running statistics, for batches of all sizes."""

import copy

import numba
import numpy as np
import pytest
from plan_steps import CROSS_ENTROPY, JIT_OFF, Built, assert_close, assert_same, batch, planned_step, take

import nnkit
from nnkit import nn
from nnkit.kernels.cpu.instructions import phases
from nnkit.models import LeNet
from nnkit.plan import Replay
from nnkit.plan import plan as plans
from nnkit.random import manual_seed
from nnkit.tensors import Tensor

BATCHES = [2, 17] if JIT_OFF else [2, 15, 16, 17, 31, 33, 64, 100, 257]
SHAPE = (2, 6, 7)


def convolutional():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout2d(0.25),
        nn.Conv2d(4, 3, (2, 1)),
        nn.BatchNorm2d(3, affine=False),
        nn.Flatten(),
        nn.Linear(6, 5),
        nn.BatchNorm1d(5, momentum=None),
        nn.Tanh(),
        nn.Linear(5, 4),
    )


def flat(*layers):
    return nn.Sequential(nn.Flatten(), nn.Linear(84, 8), *layers, nn.Linear(8, 4))


def shared(network, x):
    return network.last(network.norm(network.norm(network.linear(x.flatten(1))).tanh()))


def branches(network, x):
    hidden = network.linear(x.flatten(1))
    return network.last(network.norm(hidden) + network.other(hidden) * hidden)


def unit_rows(network, x):
    hidden = network.norm(network.linear(x.flatten(1)))
    return network.last(hidden / hidden.square().sum(1, keepdim=True).sqrt())


def quotient(network, x):
    hidden = network.linear(x.flatten(1))
    return network.last(hidden / network.norm(hidden).abs())


NETWORKS = {
    "of images": lambda: nn.Sequential(nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(84, 4)),
    "of rows": lambda: flat(nn.BatchNorm1d(8)),
    "of logits": lambda: nn.Sequential(nn.Flatten(), nn.Linear(84, 4), nn.BatchNorm1d(4)),
    "of positions": lambda: Built(
        lambda s, x: s.linear(s.norm(x.view(-1, 7, 12)).flatten(1)), norm=nn.BatchNorm1d(7), linear=nn.Linear(84, 4)
    ),
    "of a part": lambda: Built(
        lambda s, x: s.linear(s.norm(x[:, :, 1:, ::2]).flatten(1)), norm=nn.BatchNorm2d(2), linear=nn.Linear(40, 4)
    ),
    "no bias": lambda: flat(nn.BatchNorm1d(8, bias=False)),
    "no weight": lambda: flat(nn.BatchNorm1d(8, affine=False)),
    "no statistics": lambda: flat(nn.BatchNorm1d(8, track_running_stats=False)),
    "mean of all": lambda: flat(nn.BatchNorm1d(8, momentum=None)),
    "twice": lambda: flat(nn.BatchNorm1d(8), nn.BatchNorm1d(8, eps=0.5)),
    "shared": lambda: Built(shared, linear=nn.Linear(84, 8), norm=nn.BatchNorm1d(8), last=nn.Linear(8, 4)),
    "branches": lambda: Built(
        branches, linear=nn.Linear(84, 8), norm=nn.BatchNorm1d(8), other=nn.BatchNorm1d(8), last=nn.Linear(8, 4)
    ),
    # What fills up the last block must be as finite as the images.
    "rows of length 1": lambda: Built(unit_rows, linear=nn.Linear(84, 8), norm=nn.BatchNorm1d(8), last=nn.Linear(8, 4)),
    "a divisor": lambda: Built(quotient, linear=nn.Linear(84, 8), norm=nn.BatchNorm1d(8), last=nn.Linear(8, 4)),
}


def together(network, count, steps=4):
    """Take steps with two copies of a network, on the tape and by plan, and compare all there is."""
    twin = copy.deepcopy(network)
    sides = [Replay(network, CROSS_ENTROPY, enabled=False), Replay(twin, CROSS_ENTROPY)]
    for number in range(steps):
        images, labels = batch(count, SHAPE, seed=number)
        outcomes = []
        for each in sides:
            manual_seed(number)
            outcomes.append(take(each, images, labels))
        assert_same(outcomes[1], outcomes[0], tolerance=1e-4)
    assert sides[1].obstacle is None
    for (name, expected), (_, buffer) in zip(network.named_buffers(), twin.named_buffers(), strict=True):
        assert_close(buffer.array, expected.array), name
    return sides[1]


@pytest.mark.parametrize("count", BATCHES)
def test_batches(count):
    manual_seed(5)
    network = convolutional()
    planned_step(network, *batch(count, SHAPE))
    together(network.train(), count)


@pytest.mark.parametrize("count", [19] if JIT_OFF else [2, 16, 19])
@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name, count):
    manual_seed(6)
    network = NETWORKS[name]()
    # What is left of a gradient where two values say the same is mostly rounding.
    planned_step(network, *batch(count, SHAPE), tolerance=1e-4)
    together(network.train(), count)


@pytest.mark.parametrize("frozen", [["1.weight"], ["1.bias"], ["1.weight", "1.bias"], ["0.weight", "0.bias"]])
def test_frozen_parameters(frozen):
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(60, 4))
    for name in frozen:
        network.get_parameter(name).requires_grad_(False)
    together(network, 18)


def test_one_image_has_statistics_over_its_positions():
    together(nn.Sequential(nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(84, 4)), 1)


def test_one_row_is_refused_as_on_the_tape():
    network = flat(nn.BatchNorm1d(8))
    replay = together(network, 20)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        take(replay, *batch(1, SHAPE))
    together(network, 20)


def test_statistics_that_are_kept_while_others_learn():
    network = convolutional()
    together(network, 20)
    network[1].eval()
    before = network[1].running_mean.clone()
    together(network, 20)
    assert nnkit.equal(network[1].running_mean, before)


def test_images_that_fill_up_a_block_count_nowhere():
    network = NETWORKS["of images"]()
    replay = together(network, 17)
    images, labels = batch(17, SHAPE)
    expected = take(replay, images, labels)
    plan = replay.plan(images, labels)
    plan._source.array[1, ..., 1:] = np.nan
    found = take(replay, images, labels)
    assert found.logits.tobytes() == expected.logits.tobytes()
    for name, gradient in expected.gradients.items():
        assert found.gradients[name].tobytes() == gradient.tobytes(), name


def test_numbers_far_from_zero_keep_their_variance():
    network = nn.Sequential(nn.BatchNorm2d(2, affine=False), nn.Flatten(), nn.Linear(84, 4))
    images, labels = batch(50, SHAPE)
    replay = Replay(network, CROSS_ENTROPY)
    take(replay, images, labels)
    expected = take(replay, images, labels).logits
    # What the images still tell, 4,096 away from zero.
    near = Tensor.detached((images.array + 4096) - 4096)
    far = take(replay, Tensor.detached(images.array + 4096), labels).logits
    assert_close(far, take(replay, near, labels).logits, 1e-4)
    assert_close(far, expected, 1e-2)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_comes_through(value):
    network = convolutional()
    images, labels = batch(18, SHAPE)
    images.array[3, 0, 2, 2] = value
    with np.errstate(all="ignore"):
        replay = Replay(network, CROSS_ENTROPY)
        for _ in range(2):
            outcome = take(replay, images, labels)
    assert replay.obstacle is None
    assert not replay.gradients_are_finite
    assert np.isnan(outcome.loss)
    assert np.isnan(network[1].running_var.array).all()


@pytest.mark.case("N4")
@pytest.mark.skipif(JIT_OFF, reason="without the compiler there is one thread")
@pytest.mark.parametrize("count", [17, 64, 257])
def test_N4_neither_threads_nor_cuts_change_a_bit(count, monkeypatch):
    def bits():
        manual_seed(7)
        network = convolutional()
        replay = Replay(network, CROSS_ENTROPY)
        found = []
        for number in range(3):
            manual_seed(number)
            found += [each.tobytes() for each in take(replay, *batch(count, SHAPE)).gradients.values()]
        return found + [buffer.array.tobytes() for buffer in network.buffers()]

    threads = numba.get_num_threads()
    found = [bits(), bits()]
    try:
        numba.set_num_threads(1)
        found.append(bits())
    finally:
        numba.set_num_threads(threads)
    monkeypatch.setattr(plans, "CALL_WORK", 1.0)
    found.append(bits())
    assert all(each == found[0] for each in found)


def test_only_statistics_cut_a_program():
    labels = nnkit.arange(20) % 10
    assert _phases(Replay(LeNet(), CROSS_ENTROPY), batch(20, (1, 32, 32))[0], labels) == 1
    images = batch(20, SHAPE)[0]
    # To the statistics and from them, forward and backward.
    assert _phases(Replay(flat(nn.BatchNorm1d(8)), CROSS_ENTROPY), images, labels % 4) == 5
    assert _phases(Replay(flat(nn.BatchNorm1d(8).eval()), CROSS_ENTROPY), images, labels % 4) == 3
    evaluated = Replay(convolutional().eval(), CROSS_ENTROPY)
    take(evaluated, images, labels % 4, differentiate=False)
    (planned,) = evaluated._plans.values()
    assert len(phases(each.opcode for each in planned.plan.program.instructions)) == 1


def _phases(replay, images, labels):
    plan = replay.plan(images, labels)
    return len(phases(each.opcode for each in plan.program.instructions))
