"""Kernels in forked processes, and from several threads at once: the same bits, and no process that ends."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from nnkit.kernels.cpu import eager
from nnkit.kernels.cpu.backend import CpuBackend

JIT_OFF = bool(numba.config.DISABLE_JIT)
# Prints digests of the parameters after some steps on the tape and by plan, and of images changed at random; then the
# same, as `sys.argv[1]` says, from a forked process or from 4 threads that all run the same programs.
PROGRAM = """
import hashlib, os, sys, threading

import numba
import numpy as np

import nnkit
from nnkit import nn, optim
from nnkit.kernels.cpu.backend import CpuBackend
from nnkit.plan.replay import Replay
from nnkit.tensors import Tensor

STEPS = 8


def network():
    nnkit.manual_seed(0)
    layers = nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 14 * 14, 16)
    return nn.Sequential(*layers)


def trained(network, planned):
    optimizer = optim.Adam(network.parameters(), 0.01)
    replay = Replay(network, nn.CrossEntropyLoss(), enabled=planned)
    generator = np.random.default_rng(0)
    for _ in range(STEPS):
        images = Tensor.detached(generator.random((64, 1, 28, 28), dtype=np.float32))
        optimizer.zero_grad()
        replay.differentiate(images, Tensor.detached(generator.integers(0, 16, 64)))
        optimizer.step()
    assert (replay.obstacle is None) == planned, replay.obstacle
    return b"".join(parameter.array.tobytes() for parameter in network.parameters())


def changed():
    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28), dtype=np.uint8)
    return CpuBackend().augment(images, np.arange(64), (2.0, 10.0, 0.1, 1.0), 7, (28, 28)).tobytes()


def show(one, other):
    digests = (hashlib.sha256(each).hexdigest() for each in (trained(one, False), trained(other, True), changed()))
    # In one piece, because threads do this side by side.
    os.write(1, " ".join([*digests]).encode() + os.linesep.encode())


def fork(depth):
    process = os.fork()
    if not process:
        try:
            show(network(), network())
            if depth > 1:
                fork(depth - 1)
        except BaseException as error:
            print(repr(error), flush=True)
        os._exit(0)
    print("ended with", os.waitpid(process, 0)[1], flush=True)


show(network(), network())
print(numba.threading_layer(), flush=True)
if sys.argv[1] == "fork":
    fork(2)
else:
    sys.setswitchinterval(1e-6)
    networks = [(network(), network()) for _ in range(4)]
    threads = [threading.Thread(target=show, args=each) for each in networks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def lines(how, **environment):
    """Return the digests without a fork or threads, the threading layer, and what was printed then."""
    command = [sys.executable, "-c", PROGRAM, how]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    expected, layer, *found = done.stdout.splitlines()
    assert len(set(expected.split())) == 3
    return expected, layer, found


@pytest.mark.skipif(JIT_OFF, reason="without the compiler there are no threads")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.case("R23")
def test_R23_kernels_after_a_fork(tried):
    expected, _, found = lines("fork")
    # The one that was forked, one that was forked from that one, and how both ended.
    assert found == [expected, expected, "ended with 0", "ended with 0"]
    tried(2)


@pytest.mark.skipif(JIT_OFF, reason="without the compiler there are no threads")
@pytest.mark.parametrize("layer", ["default", "workqueue"])
@pytest.mark.case("R24")
def test_R24_kernels_from_four_threads(layer, tried):
    expected, used, found = lines("threads", NUMBA_THREADING_LAYER=layer)
    assert layer in ("default", used)
    assert found == [expected] * 4
    tried(4)


@pytest.mark.case("R24")
def test_R24_an_operation_in_the_middle_of_the_same_operation(monkeypatch, tried):
    """As in a signal's handler, or where an object is deleted."""
    given = [np.linspace(-1, 1, 4096, dtype=np.float32) * number for number in (1, -2, 3)]
    inner, place = [], eager.address

    def interrupted(array):
        if len(inner) + 1 < len(given):
            inner.append(None)
            depth = len(inner)
            inner[depth - 1] = CpuBackend().relu(given[depth])
        return place(array)

    monkeypatch.setattr(eager, "address", interrupted)
    outer = CpuBackend().relu(given[0])
    for result, array in zip([outer, *inner], given, strict=True):
        np.testing.assert_array_equal(result, np.maximum(array, 0))
    tried(2)
