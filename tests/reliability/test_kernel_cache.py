"""Kernel caches that are damaged, read-only, open to others, or made by several processes at once."""

import itertools
import json
import os
import pickle
import random
import re
import shutil
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import numba
import pytest

from nnkit.kernels.cpu.machine_code import CodeFolder

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
KEY = bytes(range(32))
WARNING = r"^compiled kernels are not kept: {}; set NNKIT_CACHE_DIR to a folder that only you can write to$"
# Runs an operation on some types; prints whether it was right, and how much was compiled.
PROGRAM = """
import json, os, sys

setting, kinds = sys.argv[1:]
if setting == "read-only":
    access = os.access
    os.access = lambda path, mode, **how: access(path, mode, **how) and not mode & os.W_OK
if setting == "full":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

import numpy as np
from numba.core.dispatcher import _FunctionCompiler

compiled, compile = [], _FunctionCompiler.compile


def counted(self, *arguments):
    compiled.append(self)
    return compile(self, *arguments)


_FunctionCompiler.compile = counted
from nnkit.kernels.cpu.backend import CpuBackend

right = True
for kind in kinds:
    array = np.linspace(-1, 1, 4096, dtype=kind)
    right &= bool((CpuBackend().relu(array) == np.maximum(array, 0)).all())
print(json.dumps([right, len(compiled)]))
"""


def started(cache, setting="", kinds="fd"):
    environment = {**os.environ, "NNKIT_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", PROGRAM, setting, kinds]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process):
    """Return how much a process compiled, and what it wrote to stderr, after a look at what it computed."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    right, compiled = json.loads(out)
    assert right
    return compiled, err


def files(cache):
    return sorted(path for path in cache.rglob("*") if not path.is_dir())


def are_valid(cache):
    """Return whether all files have the name of what they hold."""
    found = files(cache)
    return bool(found) and all(CodeFolder(path.parent).read(*key_of(path)) for path in found)


def key_of(path):
    name, key = path.name.rsplit(".", 1)
    return name, bytes.fromhex(key)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A cache with all that the program compiles."""
    cache = tmp_path_factory.mktemp("cache")
    assert ended(started(cache))[0] > 0
    assert are_valid(cache)
    return cache


@pytest.fixture
def copy(filled, tmp_path):
    return Path(shutil.copytree(filled, tmp_path / "copy"))


class Trap:
    """A pickle that writes a file where it is loaded."""

    def __init__(self, file):
        self._file = file

    def __reduce__(self):
        return Path.touch, (self._file,)


def in_numbas_format(path, trap):
    """Write what Numba would load as its index, and as its data."""
    path.write_bytes(pickle.dumps(numba.__version__) + pickle.dumps(("stamp", Trap(trap))))
    path.with_suffix(".nbi").write_bytes(path.read_bytes())
    path.with_suffix(".1.nbc").write_bytes(pickle.dumps(Trap(trap)))


def flip(path, bit):
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


DAMAGES = {
    "flipped": lambda path, trap: flip(path, 4 * path.stat().st_size),
    "truncated": lambda path, trap: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path, trap: os.truncate(path, 0),
    "pickle": lambda path, trap: path.write_bytes(pickle.dumps(Trap(trap))),
    "Numba's format": in_numbas_format,
}


@pytest.mark.parametrize("damage", [pytest.param(name, id=f"R19-{name}") for name in DAMAGES])
@pytest.mark.case("R19")
def test_damaged_machine_code_is_not_loaded(damage, copy, tmp_path, tried):
    for path in files(copy):
        DAMAGES[damage](path, tmp_path / "trap")
        assert CodeFolder(path.parent).read(*key_of(path)) is None
        tried()
    assert not (tmp_path / "trap").exists()


@pytest.mark.case("R19")
def test_R19_damaged_machine_code_is_compiled_again(copy, tmp_path, tried):
    names = files(copy)
    for path, damage in zip(names, itertools.cycle(DAMAGES.values()), strict=False):
        damage(path, tmp_path / "trap")
        tried()
    # As from another version of a library: whole, and of no use.
    CodeFolder(names[-1].parent).write(*key_of(names[-1]), b"no pickle")
    compiled, err = ended(started(copy))
    assert (compiled >= len(names), err) == (True, "")
    assert not (tmp_path / "trap").exists()
    for path in set(files(copy)) - set(names):
        path.unlink()  # what no program looks for
    assert files(copy) == names
    assert are_valid(copy)


@pytest.mark.case("R19")
def test_R19_machine_code_of_other_types_is_not_loaded(copy):
    one, other = (path for path in files(copy) if "unary" in path.name)
    shutil.copyfile(one, other)
    assert CodeFolder(one.parent).read(*key_of(one)) is not None
    assert CodeFolder(one.parent).read(*key_of(other)) is None


@pytest.mark.case("R19")
def test_R19_every_flipped_bit_is_found(copy, full, tried):
    generator = random.Random(0)
    for _ in range(1000 if full else 100):
        path = generator.choice(files(copy))
        bit = generator.randrange(8 * path.stat().st_size)
        flip(path, bit)
        assert not are_valid(copy)
        flip(path, bit)
        tried()
    assert are_valid(copy)


@pytest.mark.case("R20")
def test_R20_a_cache_that_is_read_only_is_read(copy):
    assert ended(started(copy, "read-only", "f")) == (0, "")


@pytest.mark.parametrize("setting", ["read-only", "full"])
@pytest.mark.case("R20")
def test_R20_nothing_is_kept_and_that_is_said_once(setting, tmp_path):
    if setting == "full":
        pytest.importorskip("resource", reason="this system has no limits of file sizes")
    compiled, err = ended(started(tmp_path, setting, "f"))
    assert compiled > 1
    assert err.count("compiled kernels are not kept") == 1
    assert ("is read-only;" if setting == "read-only" else ": File too large;") in err
    assert files(tmp_path) == []


@pytest.mark.case("R20")
def test_R20_a_command_without_a_cache_warns_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    command = [sys.executable, "-c", "from nnkit.cli.main import main; main()", "inspect-graph", "rnn"]
    environment = {**os.environ, "NNKIT_CACHE_DIR": str(tmp_path / "file")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0
    announcement, warning = done.stderr.splitlines()
    assert announcement == "compiling the kernels for this machine, for this run; it takes half a minute"
    assert warning == (
        f"nnkit: warning: compiled kernels are not kept: {tmp_path / 'file'} is not a folder; "
        "set NNKIT_CACHE_DIR to a folder that only you can write to"
    )


@pytest.mark.case("R20")
def test_R20_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    folder = CodeFolder(tmp_path / "code")
    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(RuntimeWarning, match=WARNING.format(re.escape(f"{folder.path}: No space left on device"))):
        folder.write("kernel", KEY, b"code")
    folder.write("kernel", KEY, b"code")
    folder.compiling()
    assert files(tmp_path) == []


def open_to_all(folder):
    folder.chmod(0o777)


def open_to_a_group(folder):
    folder.chmod(0o770)


def below_a_folder_that_is_open_to_all(folder):
    folder.parent.chmod(0o777)


def given_away(folder):
    os.chown(folder, 12345, -1)


def below_a_folder_of_another_user(folder):
    os.chown(folder.parent, 12345, -1)


def behind_a_link_of_another_user(folder):
    folder.parent.rename(folder.parent.with_name("elsewhere"))
    folder.parent.symlink_to("elsewhere")
    os.lchown(folder.parent, 12345, -1)


def behind_a_link_below_a_folder_that_is_open_to_all(folder):
    elsewhere = folder.parent.with_name("elsewhere")
    elsewhere.mkdir()
    folder.parent.rename(elsewhere / "cache")
    elsewhere.chmod(0o777)
    folder.parent.symlink_to("elsewhere/../elsewhere/cache")


SHARED = {
    open_to_all: "everybody can write to {folder}",
    open_to_a_group: "others can write to {folder}",
    below_a_folder_that_is_open_to_all: "everybody can write to {folder.parent}",
    given_away: "{folder} belongs to another user",
    below_a_folder_of_another_user: "{folder.parent} belongs to another user",
    behind_a_link_of_another_user: "{folder.parent} belongs to another user",
    behind_a_link_below_a_folder_that_is_open_to_all: "everybody can write to {folder.parent.parent}/elsewhere",
}


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has other rights")
@pytest.mark.parametrize("share", [pytest.param(share, id=f"R21-{share.__name__}") for share in SHARED])
@pytest.mark.case("R21")
def test_a_cache_that_others_can_write_to(share, tmp_path):
    if os.geteuid() and ("another_user" in share.__name__ or share is given_away):
        pytest.skip("only root can give files to another user")
    folder = tmp_path / "cache" / "code"
    CodeFolder(folder).write("kernel", KEY, b"code")
    before = [path.read_bytes() for path in files(tmp_path)]
    share(folder)
    shared = CodeFolder(folder)
    assert shared.obstacle == SHARED[share].format(folder=folder)
    assert shared.read("kernel", KEY) is None
    with pytest.warns(RuntimeWarning, match=WARNING.format(re.escape(shared.obstacle))):
        shared.compiling()
    shared.write("kernel", KEY, b"other code")
    assert [path.read_bytes() for path in files(tmp_path)] == before


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has other rights")
@pytest.mark.case("R21")
def test_R21_files_of_others_are_not_loaded(tmp_path):
    """As a folder may have had other rights once."""
    folder = CodeFolder(tmp_path / "code")
    folder.write("kernel", KEY, b"code")
    (file,) = files(tmp_path)
    file.chmod(0o666)
    assert folder.read("kernel", KEY) is None
    folder.write("kernel", KEY, b"code")
    assert folder.read("kernel", KEY) == b"code"
    if not os.geteuid():
        os.chown(file, 12345, -1)
        assert folder.read("kernel", KEY) is None


def test_a_private_folder_is_made_and_used_without_a_warning(tmp_path):
    # As /tmp, and as the home folder on many systems.
    (tmp_path / "everybody's").mkdir()
    (tmp_path / "everybody's").chmod(0o1777)
    (tmp_path / "everybody's" / "mine").mkdir()
    (tmp_path / "everybody's" / "mine").chmod(0o775)
    before = os.umask(0)
    try:
        folder = CodeFolder(tmp_path / "everybody's" / "mine" / "cache" / "code")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.path.stat().st_mode) == stat.S_IMODE(folder.path.parent.stat().st_mode) == 0o700
    assert folder.obstacle is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder.compiling()
        folder.write("kernel", KEY, b"code")
    assert CodeFolder(folder.path).read("kernel", KEY) == b"code"
    folder.remove("kernel")
    assert folder.read("kernel", KEY) is None


@pytest.mark.case("R22")
def test_R22_eight_processes_with_one_empty_cache(tmp_path, filled, tried):
    processes = [started(tmp_path, kinds="fd"[number % 2]) for number in range(8)]
    for process in processes:
        assert ended(process)[1] == ""
        tried()
    assert [path.name for path in files(tmp_path)] == [path.name for path in files(filled)]
    assert are_valid(tmp_path)
    assert ended(started(tmp_path)) == (0, "")
