"""Plans on other machines: without the compiler, with its checks, and on any number of threads of any kind."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest
from plan_steps import JIT_OFF

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(JIT_OFF or bool(numba.config.BOUNDSCHECK), reason="this is such a run")
# Prints the bits of a network that was trained for some steps, of a batch that all threads share.
PROGRAM = """
import hashlib, os
import numba
import numpy as np
from nnkit import nn, optim
from nnkit.plan import Replay
from nnkit.random import manual_seed
from nnkit.tensors import Tensor

manual_seed(0)
layers = nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2), nn.Flatten()
network = nn.Sequential(*layers, nn.Linear(96, 17), nn.Tanh(), nn.Linear(17, 5))
optimizer = optim.Adam(network.parameters(), 0.01)
generator = np.random.default_rng(0)
images = Tensor.detached(generator.standard_normal((301, 1, 8, 8)).astype(np.float32))
labels = Tensor.detached(generator.integers(0, 5, 301))
replay = Replay(network, nn.CrossEntropyLoss())
digest = hashlib.sha256()
for step in range(6):
    optimizer.zero_grad()
    loss, logits = replay.differentiate(images, labels)
    optimizer.step()
    digest.update(logits.tobytes())
for parameter in network.parameters():
    digest.update(parameter.array.tobytes())
digest.update(replay.evaluate(images, labels)[1].tobytes())
assert replay.obstacle is None and replay._plans
wanted = os.environ.get("NUMBA_NUM_THREADS")
assert wanted is None or numba.config.NUMBA_NUM_THREADS == int(wanted)
print(digest.hexdigest(), numba.threading_layer())
"""


def run(command, **environment):
    done = subprocess.run(
        [sys.executable, *command], env={**os.environ, **environment}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def run_tests(names, **environment):
    run(["-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(HERE / name) for name in names)], **environment)


@pytest.mark.case("N13")
def test_N13_without_the_compiler():
    """Every vector address is checked."""
    names = [
        "test_agreement.py::test_batches",
        "test_agreement.py::test_drawn_networks",
        "test_agreement.py::test_small_networks",
        "test_inputs.py::test_bytes_of_several_data_sets",
        "test_training.py::test_plan_and_tape_train_to_the_same_parameters[everything]",
    ]
    run_tests(names, NUMBA_DISABLE_JIT="1")


@pytest.mark.case("N13")
def test_N13_with_bounds_checks(tmp_path):
    names = [
        "test_agreement.py::test_small_networks[tanh-19]",
        "test_agreement.py::test_small_networks[dropout-1]",
        "test_agreement.py::test_frozen_parameters",
        "test_inputs.py::test_labels_in_any_memory",
    ]
    # Machine code that was kept has no checks.
    run_tests(names, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))


@pytest.mark.case("N4")
def test_N4_threads_of_any_number_and_kind_give_the_same_bits():
    expected, _ = run(["-c", PROGRAM]).split()
    for threads in ("1", "3", "8"):
        assert run(["-c", PROGRAM], NUMBA_NUM_THREADS=threads).split()[0] == expected
    # The only kind that is there on every machine.
    found, layer = run(["-c", PROGRAM], NUMBA_THREADING_LAYER="workqueue").split()
    assert (found, layer) == (expected, "workqueue")
