"""What a step is found to be made of, as a plan and on the tape."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest

import nnkit
import nnkit.nn.functional as F
from nnkit import nn
from nnkit.kernels.cpu.program import SLOTS
from nnkit.plan import Replay
from nnkit.profiling import Layers, Phase, PlanWatch, TapeWatch
from nnkit.recording import Recording

BATCH = 40


class Grouped(nn.Module):
    """A layer with padding, one in groups, and a linear one that is used twice."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.grouped = nn.Conv2d(4, 6, 3, groups=2)
        self.linear = nn.Linear(54, 54)
        self.head = nn.Linear(54, 10)

    def forward(self, images):
        x = F.max_pool2d(F.relu(self.conv(images)), 2)
        x = F.relu(self.grouped(x)).flatten(1)
        return self.head(self.linear(self.linear(x).tanh()).tanh())


CONV, GROUPED = 10 * 10 * 4 * 9, 3 * 3 * 6 * 2 * 9
LINEAR, HEAD = 54 * 54, 540


def step_of(seed=0):
    nnkit.manual_seed(seed)
    network = Grouped()
    images, labels = nnkit.rand(BATCH, 1, 10, 10), nnkit.randint(0, 10, (BATCH,))
    return Replay(network, nn.CrossEntropyLoss()), images, labels


def plan_watch(replay, images, labels):
    with Recording() as recording, Layers(replay.network, recording) as layers:
        replay.criterion(replay.network(images), labels)
    return PlanWatch(replay.plan(images, labels), recording.calls, layers.places())


def tape_watch(replay, images, labels):
    replay.obstacle = "a test"
    return TapeWatch(replay)


def watched(make):
    """Return the rows of a step by phase and name, with all of its results from before, during and after it."""
    replay, images, labels = step_of()
    watch = make(replay, images, labels)
    results = []

    def step():
        loss, logits = replay.differentiate(images, labels)
        gradients = [np.array(parameter.grad.numpy()) for parameter in replay.network.parameters()]
        results.append([np.float32(loss), np.array(logits), *gradients])
        replay.network.zero_grad()

    step()
    with watch:
        step()
    step()
    return {(row.phase, row.name): row for row in watch.rows()}, results


@pytest.mark.parametrize("make", [plan_watch, tape_watch])
def test_watching_changes_no_bit(make):
    _, (before, during, after) = watched(make)
    for first, second, third in zip(before, during, after, strict=True):
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first, third)


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="this is the run without the compiler")
def test_a_plan_is_watched_without_the_compiler():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "parts_of_a_gradient"]
    done = subprocess.run(command, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("make", [plan_watch, tape_watch])
def test_all_multiply_adds_are_counted_once(make):
    rows, _ = watched(make)
    flops = {phase: sum(row.flops for key, row in rows.items() if key[0] is phase) for phase in Phase}
    forward = CONV + GROUPED + 2 * LINEAR + HEAD
    assert flops == {
        Phase.FORWARD: 2 * BATCH * forward,
        # Nobody needs the gradient of the images.
        Phase.BACKWARD: 2 * BATCH * (2 * forward - CONV),
        Phase.AROUND: 0,
    }


@pytest.mark.parametrize("make", [plan_watch, tape_watch])
def test_rows_take_time_and_say_how_often_they_occur(make):
    rows, _ = watched(make)
    assert all(row.seconds > 0 for (phase, _), row in rows.items() if phase is not Phase.AROUND)
    assert rows[Phase.FORWARD, "linear (Addmm)"].calls == 2
    assert rows[Phase.FORWARD, "conv (Convolution)"].calls == 1
    assert rows[Phase.FORWARD, "Tanh after linear"].calls == 2
    assert (Phase.FORWARD, "loss (NllLoss)") in rows


def test_a_plan_tells_the_parts_of_a_gradient():
    rows, _ = watched(plan_watch)
    assert (Phase.BACKWARD, "conv (Convolution), input gradient") not in rows
    for layer, calls, multiply_adds in [("grouped (Convolution)", 1, GROUPED), ("linear (Addmm)", 2, 2 * LINEAR)]:
        for part in ("input gradient", "weight gradient"):
            row = rows[Phase.BACKWARD, f"{layer}, {part}"]
            assert (row.calls, row.flops) == (calls, 2 * BATCH * multiply_adds)
        assert rows[Phase.BACKWARD, f"{layer}, bias gradient"].flops == 0
    assert rows[Phase.FORWARD, "conv (Convolution), border"].flops == 0


def test_a_plan_says_what_it_reads_and_writes():
    rows, _ = watched(plan_watch)
    images, slots = 48, min(3, SLOTS)  # whole blocks of 16
    border = rows[Phase.FORWARD, "conv (Convolution), border"]
    assert (border.bytes_read, border.bytes_written) == (4 * images * 10 * 10, 4 * images * 10 * 12)
    conv = rows[Phase.FORWARD, "conv (Convolution)"]
    assert conv.bytes_read == 4 * (images * 10 * 12 + 36 + 4)
    assert conv.bytes_written == 4 * images * 4 * 10 * 10
    gradient = rows[Phase.BACKWARD, "head (Addmm), weight gradient"]
    assert gradient.bytes_written == 4 * slots * 540
    assert gradient.bytes_read == gradient.bytes_written + 4 * images * (54 + 10)
    added = rows[Phase.BACKWARD, "sum of partial gradients"]
    size = sum(parameter.numel() for parameter in Grouped().parameters())
    assert (added.bytes_read, added.bytes_written) == (4 * slots * size, 4 * size)


def test_statistics_are_part_of_the_layer_that_asks_for_them():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(256, 10))
    images, labels = nnkit.rand(BATCH, 1, 10, 10), nnkit.randint(0, 10, (BATCH,))
    replay = Replay(network, nn.CrossEntropyLoss())
    with plan_watch(replay, images, labels) as watch:
        replay.differentiate(images, labels)
    rows = {(row.phase, row.name): row for row in watch.rows()}
    read = 4 * 48 * 256
    # The images are read for their mean and variance, and to be normalized; then beside their gradients.
    for phase, times in ((Phase.FORWARD, 2), (Phase.BACKWARD, 4)):
        row = rows[phase, "1 (NativeBatchNorm)"]
        assert row.calls == 1
        assert row.seconds > 0
        assert times * read <= row.bytes_read <= (times + 0.1) * read
        assert read <= row.bytes_written <= 1.1 * read


def test_the_tape_says_what_it_reads_and_writes():
    rows, _ = watched(tape_watch)
    conv = rows[Phase.FORWARD, "conv (Convolution)"]
    assert (conv.bytes_read, conv.bytes_written) == (4 * (BATCH * 100 + 36 + 4), 4 * BATCH * 400)
    view = rows[Phase.FORWARD, "head (T)"]
    assert (view.bytes_read, view.bytes_written) == (0, 0)
    back = rows[Phase.BACKWARD, "head (T)"]
    assert (back.bytes_read, back.bytes_written) == (0, 0)
    relu = rows[Phase.BACKWARD, "Relu after grouped"]
    assert (relu.bytes_read, relu.bytes_written) == (2 * 4 * BATCH * 54, 4 * BATCH * 54)


def test_the_tape_tells_what_is_not_in_its_rows():
    replay, images, labels = step_of()
    watch = tape_watch(replay, images, labels)
    with watch:
        replay.differentiate(images, labels)
    assert watch.overhead > 0
    assert replay.criterion is not watch._loss
    assert "differentiate" not in vars(replay)
