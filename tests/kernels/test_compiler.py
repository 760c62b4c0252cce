"""Where machine code is kept and found again, and that a first compilation is announced."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numba
import pytest

from nnkit import __version__
from nnkit.kernels.cpu import ahead, compiler, executor
from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.announcement import announce_compilation

JIT_OFF = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
# A training run of two steps and an evaluation; it prints how often something was compiled, and where that is kept.
PROGRAM = """
import json, sys
import numba
import numpy as np
from numba.core import ccallback, event

counts = {"events": 0, "instructions": 0}


class Listener(event.Listener):
    def on_start(self, event):
        counts["events"] += 1

    def on_end(self, event):
        pass


event.register("numba:compile", Listener())
compile_uncached = ccallback.CFunc._compile_uncached


def counted(function):
    counts["instructions"] += 1
    return compile_uncached(function)


ccallback.CFunc._compile_uncached = counted

from nnkit import nn, optim
from nnkit.data import Augmentation, Batches, ImageSet
from nnkit.kernels.cpu import compiler
from nnkit.training.evaluate import evaluation_batches
from nnkit.training.fit import Training, fit

images = ImageSet("none", np.zeros((6, 4, 4), np.uint8), np.arange(6, dtype=np.uint8) % 2, ("a", "b"), 0.5, 0.25)
if sys.argv[1] == "small":
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    optimizer, augmentation = optim.SGD(network.parameters(), 0.1), None
else:
    layers = nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(), nn.Flatten()
    network = nn.Sequential(*layers, nn.Linear(32, 8), nn.Tanh(), nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 2))
    optimizer, augmentation = optim.Adam(network.parameters()), Augmentation(shift=1)
network.input_size = (4, 4)
run = Training(
    network=network,
    criterion=nn.CrossEntropyLoss(),
    optimizer=optimizer,
    schedule=None,
    train=Batches(images, 4, (4, 4), shuffle=True, seed=0, augmentation=augmentation),
    test=evaluation_batches(images, network),
    validation=None,
    epochs=1,
)
list(fit(run))
assert run.replay.obstacle is None
print(json.dumps({**counts, "folder": str(compiler._FOLDER.path)}))
"""


def compilations(size, **environment):
    """Return how much a process compiled, and the folder in which machine code is kept."""
    command = [sys.executable, "-c", PROGRAM, size]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return (found["events"], found["instructions"]), Path(found["folder"])


@JIT_OFF
def test_a_second_process_compiles_nothing(tmp_path):
    first, folder = compilations("small", NNKIT_CACHE_DIR=str(tmp_path))
    assert min(first) > 0
    assert folder == tmp_path / "kernels" / f"{__version__}-{compiler._sources_hash()}"
    kept = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert kept
    second, _ = compilations("small", NNKIT_CACHE_DIR=str(tmp_path))
    assert second == (0, 0)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == kept


@JIT_OFF
def test_all_kernels_are_found_again():
    compilations("large")
    again, _ = compilations("large")
    assert again == (0, 0)


@JIT_OFF
def test_another_process_compiles_ahead(tmp_path):
    environment = {**os.environ, "NNKIT_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-m", "nnkit.kernels.cpu.ahead"], env=environment, check=True, timeout=300)
    (events, instructions), _ = compilations("small", NNKIT_CACHE_DIR=str(tmp_path))
    # What runs the instructions is not one of them.
    assert events > 0
    assert instructions == 1  # the update of the parameters


@JIT_OFF
def test_a_process_without_a_parent_compiles_nothing(monkeypatch):
    monkeypatch.setattr(ahead, "compiler", SimpleNamespace(KERNELS={codes.CLEAR: None}))
    monkeypatch.setattr(executor, "functions_of", lambda table, dtype: pytest.fail("compiled for nobody"))
    ahead.compile_others(parent=0)


def test_without_a_cache_nothing_is_started(monkeypatch):
    monkeypatch.setattr(compiler, "is_kept", lambda: False)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    ahead.start()


@JIT_OFF
def test_the_other_process_ends_with_this_one():
    program = "from nnkit.kernels.cpu import ahead; ahead.start(); print('started')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("started\n", "")


def test_the_folder_is_named_after_the_sources(tmp_path):
    folder = tmp_path / "kernels"
    shutil.copytree(compiler._SOURCES, folder, ignore=shutil.ignore_patterns("__pycache__"))
    names = {compiler._sources_hash()}
    assert compiler._sources_hash(folder) in names
    (folder / "cpu" / "notes.txt").write_text("no source")
    assert compiler._sources_hash(folder) in names
    sources = ["layout.py", "cpu/simd.py", "cpu/correlation.py", "cpu/instructions.py"]
    for number, source in enumerate(sources, start=2):
        with (folder / source).open("ab") as file:
            file.write(b"#")
        names.add(compiler._sources_hash(folder))
        assert len(names) == number
    (folder / "cpu" / "simd.py").rename(folder / "cpu" / "vectors.py")
    names.add(compiler._sources_hash(folder))
    assert len(names) == len(sources) + 2


@JIT_OFF
def test_the_first_compilation_is_announced_once():
    calls = []
    announce_compilation(lambda: calls.append("compiling"))

    factor = 2

    # With a variable from outside it is not kept.
    @compiler.kernel
    def multiplied(value):
        return factor * value

    assert multiplied(1) == 2
    assert calls == ["compiling"]
    assert multiplied(1.5) == 3.0  # another type, another compilation
    assert calls == ["compiling"]


@JIT_OFF
def test_kernels_that_differ_in_how_they_are_compiled_are_not_taken_for_each_other():
    caches = [kind(_shared)._cache for kind in (compiler.kernel, compiler.inner_kernel, compiler.unlocked_kernel)]
    caches.append(compiler.ParallelKernel(_shared)._together._cache)
    codegen = numba.core.registry.cpu_target.target_context.codegen()
    assert len({cache._key((numba.float32,), codegen) for cache in caches}) == len(caches)


def _shared(array):
    array[0] = 0


def test_what_others_keep_is_left_to_numba():
    assert os.environ.get("NUMBA_CACHE_DIR", "") == numba.config.CACHE_DIR
