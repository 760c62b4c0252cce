"""R29: a process that is killed, interrupted or refused something at any system call of a save."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from nnkit import files
from nnkit.training import checkpoint as checkpoints

FORMAT_1 = Path(__file__).parent / "fixtures" / "format-1.safetensors"
LEFTOVER = re.compile(r"\.a\.safetensors\.[0-9a-f]{8}\.tmp")
ERRORS = ["ENOSPC", "EIO", "EINTR", "EDQUOT", "EACCES"]

# Packages without their `__init__`, since numerical libraries take a second to start, and this runs often.
# Nothing else calls getsid, so it shows in the trace where the save begins and ends.
PROGRAM = """
import os, sys, types
from pathlib import Path
engine, target, content = sys.argv[1:]
sys.modules["nnkit"] = types.ModuleType("nnkit")
sys.modules["nnkit"].__path__ = [engine]
from nnkit.errors import FileAccessError
from nnkit.files import write_atomically
content = Path(content).read_bytes()
code = 0
os.getsid(0)
try:
    write_atomically(Path(target), content)
except FileAccessError:
    code = 6
os.getsid(0)
os._exit(code)
"""


class Save:
    """A save of one checkpoint in place of another, which strace disturbs."""

    def __init__(self, folder, *, over=True, link=False):
        self.folder = folder / "runs"
        self.link = link
        self.old = FORMAT_1.read_bytes() if over else None
        self.new_file = folder / "new.safetensors"
        checkpoints.save(self.new_file, replace(checkpoints.load(FORMAT_1), epoch=3))
        self.new = self.new_file.read_bytes()
        self.log = folder / "trace"
        self.calls = []
        self.calls = self.traced()

    @property
    def path(self):
        return self.folder / "a.safetensors"

    def traced(self, injection=None):
        """Save in a new folder, disturbed; return the names of the system calls from the beginning of the save."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        if self.old is not None:
            self.path.write_bytes(self.old)
        if self.link:
            (self.folder / "link").symlink_to("a.safetensors")
        command = ["strace", "-qq", "-o", self.log, "-e", "trace=all"]
        command += ["-e", f"inject={injection}"] if injection else []
        command += [sys.executable, "-I", "-S", "-B", "-c", PROGRAM, Path(files.__file__).parent]
        self.result = subprocess.run(
            [*command, "link" if self.link else "a.safetensors", self.new_file],
            cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        calls = re.findall(r"^(\w+)\(", self.log.read_text(), re.MULTILINE)
        begin = calls.index("getsid")
        self.before = Counter(calls[:begin])
        return calls[begin:]

    def at(self, point, injection):
        """Disturb the save at one of its calls; return the name of the call."""
        call = self.calls[point]
        # strace counts the calls of each name by themselves.
        number = self.before[call] + self.calls[: point + 1].count(call)
        calls = self.traced(f"{call}:{injection}:when={number}")
        assert calls[: point + 1] == self.calls[: point + 1]
        return call

    def check(self, *, leftover):
        """Raise unless there is the complete old file or the complete new one, and nothing else."""
        content = self.path.read_bytes() if self.path.exists() else None
        assert content in (self.old, self.new)
        if content is not None:
            assert checkpoints.load(self.path).epoch == (3 if content == self.new else 2)
        if self.link:
            assert (self.folder / "link").is_symlink()
        others = {name for name in os.listdir(self.folder) if name not in (self.path.name, "link")}
        assert len(others) <= leftover
        assert all(LEFTOVER.fullmatch(name) for name in others)
        return content


@pytest.fixture(scope="module", autouse=True)
def strace(tmp_path_factory):
    """Skip where strace is missing, or may not or cannot do what is needed here."""
    if not sys.platform.startswith("linux") or not shutil.which("strace"):
        pytest.skip("strace is not installed")
    log = tmp_path_factory.mktemp("strace") / "log"
    command = ["strace", "-qq", "-o", log, "-e", "trace=all", "-e", "inject=close:signal=KILL:when=1", "true"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if result.returncode not in (-signal.SIGKILL, 128 + signal.SIGKILL):
        pytest.skip(f"strace cannot kill here: {result.stderr.strip()[:100]}")


def chosen(points, number, full):
    """Return all points, or about as many as wanted, spread."""
    points = list(points)
    return points if full else points[:: max(1, len(points) // number)]


@pytest.mark.case("R29")
@pytest.mark.parametrize("kind", [{}, {"over": False}, {"link": True}], ids=["over", "new", "link"])
def test_R29_killed_at_every_system_call(kind, tmp_path, full, tried):
    save = Save(tmp_path, **kind)
    assert save.result.returncode == 0, save.result.stderr
    found = []
    for point in chosen(range(len(save.calls)), 20 if kind == {} else 6, full):
        save.at(point, "signal=KILL")
        assert save.result.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
        found.append(save.check(leftover=1))
        tried()
    # Once the new file is there it stays.
    assert [content == save.new for content in found] == sorted(content == save.new for content in found)
    assert found[0] == save.old
    assert found[-1] == save.new


@pytest.mark.case("R29")
def test_R29_interrupted_at_every_system_call(tmp_path, full, tried):
    save = Save(tmp_path)
    for point in chosen(range(1, len(save.calls) - 1), 6, full):
        save.at(point, "signal=INT")
        save.check(leftover=0)
        assert save.result.stderr.endswith("KeyboardInterrupt\n")
        tried()


@pytest.mark.case("R29")
def test_R29_refused_at_every_system_call(tmp_path, full, tried):
    save = Save(tmp_path)
    points = [point for point, call in enumerate(save.calls) if call not in ("getsid", "exit_group")]
    for point, error in chosen(itertools.product(points, ERRORS), 20, full):
        call = save.at(point, f"error={error}")
        assert "(INJECTED)" in save.log.read_text()
        assert save.result.returncode in (0, 6), save.result.stderr
        content = save.check(leftover=0)
        if save.result.returncode == 0:
            assert content == save.new
        elif "rename" not in save.calls[:point]:
            assert content == save.old
        if call == "write" and error == "ENOSPC":
            assert save.result.returncode == 6
        tried()
