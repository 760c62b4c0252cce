"""R8 to R11 and R26: what the file system and other runs can do to a run."""

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest
from reliability.runs import COMMAND, KINDS, begin, completed, contents, digest, finish, outcome, wait_for_step

from nnkit.errors import FileAccessError, LockedError
from nnkit.training import checkpoint as checkpoints
from nnkit.training.lock import FolderLock

OFTEN = ("--set", "checkpoint.every_steps=7")
# A run that can be made longer without another schedule.
PLAIN = ("--set", "scheduler=null")


def ends_with(process, code, pattern):
    """Check that a process ends with one line and an exit code."""
    _, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert re.fullmatch(rf"nnkit: error: {pattern}\n", errors), errors


@contextlib.contextmanager
def small_disk(folder, size="2m"):
    """Mount a file system of a few megabytes, which only root can."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small file system can only be mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path):
    """Write to a file until there is no space left."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            pass


def intact(before, folder):
    """Check that checkpoints are those of before or newer ones, all of them whole, and that nothing is left over."""
    now = contents(folder)
    assert {name for name in now if name.endswith(".tmp")} == set()
    assert ".lock" not in now
    for name in now:
        if name.endswith(".safetensors"):
            checkpoints.load(folder / name)
    assert now["best.safetensors"] == before["best.safetensors"]


@pytest.mark.case("R8")
def test_R8_a_full_disk_ends_the_run_and_harms_nothing(tmp_path, tried):
    with small_disk(tmp_path / "disk", "3m") as disk:
        completed(disk, *PLAIN, epochs=1)
        before = contents(disk / "run")
        fill(disk / "filling")
        ends_with(
            begin(disk, *PLAIN, "--resume", "auto", epochs=4), 6, r"run/.*: cannot be written: No space left on device"
        )
        intact(before, disk / "run")
        assert digest(disk / "run" / "last.safetensors") == digest(disk / "run" / "best.safetensors")
        # In the middle of a run.
        (disk / "filling").unlink()
        process = begin(disk, *PLAIN, *OFTEN, "--resume", "auto", epochs=100_000)
        wait_for_step(disk, 100)
        fill(disk / "filling")
        ends_with(process, 6, r"run/.*: cannot be written: No space left on device")
        now = contents(disk / "run")
        assert not [name for name in now if name.endswith((".tmp", ".lock"))]
        (disk / "filling").unlink()
        # All that was saved by then is good, and goes on.
        step = checkpoints.load(disk / "run" / "last.safetensors").step
        assert finish(disk, *PLAIN, "--resume", "auto", epochs=step // 45 + 1).returncode == 0
        tried(2)


@pytest.mark.case("R9")
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux can limit another process")
def test_R9_a_limit_of_file_sizes_ends_the_run_and_harms_nothing(tmp_path, tried):
    for limit in (0, 100, 4096, 300_000):
        folder = tmp_path / str(limit)
        process = begin(folder, *OFTEN, epochs=100_000)
        wait_for_step(folder, 100)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
        ends_with(process, 6, r"run/.*: cannot be written: File too large")
        now = contents(folder / "run")
        assert not [name for name in now if name.endswith((".tmp", ".lock"))]
        assert all(line.endswith(b"}\n") for line in now["metrics.jsonl"].splitlines(keepends=True))
        checkpoints.load(folder / "run" / "last.safetensors")
        checkpoints.load(folder / "run" / "best.safetensors")
        tried()


# Writes a line where there is room for a part of it.
APPEND = """
import resource, sys
from pathlib import Path
from nnkit.errors import FileAccessError, LockedError
from nnkit.files import append

resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))
try:
    append(Path("metrics.jsonl"), b"a line that is too long\\n")
except FileAccessError as error:
    sys.exit(str(error))
"""


def test_a_line_of_the_metrics_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text("first\n")
    done = subprocess.run([sys.executable, "-c", APPEND], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stderr == "metrics.jsonl: cannot be written: File too large\n"
    assert path.read_text() == "first\n"


@pytest.mark.case("R8")
def test_R8_a_full_disk_harms_no_spare(tmp_path, tried):
    with small_disk(tmp_path / "disk", "6m") as disk:
        process = begin(disk, *PLAIN, *OFTEN, epochs=100_000)
        wait_for_step(disk, 50)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        (spare,) = (disk / "run").glob("step-*")
        last = disk / "run" / "last.safetensors"
        last.write_bytes(last.read_bytes()[:-1])
        before = contents(disk / "run")
        fill(disk / "filling")
        (disk / "another").symlink_to(disk / "run")
        for resume in ("auto", "run/" + spare.name, disk / "another" / spare.name):
            process = finish(disk, *PLAIN, "--resume", resume, epochs=100_000)
            assert process.returncode == 6, process.errors
            assert "No space left on device" in process.errors
            assert {name: before[name] for name in before if "step" in name} == {
                name: content for name, content in contents(disk / "run").items() if "step" in name
            }
            tried()


@pytest.mark.case("R10")
def test_R10_a_read_only_folder_is_told_before_training(tmp_path, tried):
    completed(tmp_path, epochs=1)
    before = contents(tmp_path)
    mounted = os.geteuid() == 0
    if mounted:
        # Permissions do not stop root; a file system that is read-only does.
        command = ["mount", "--bind", "-o", "ro", str(tmp_path), str(tmp_path)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("root writes everywhere, and may not mount here")
        subprocess.run(["mount", "-o", "remount,bind,ro", str(tmp_path)], check=True)
    else:
        (tmp_path / "run").chmod(0o500)
    try:
        process = begin(tmp_path, "--resume", "auto", epochs=100_000)
        ends_with(process, 6, r"run.*: (cannot be written: (Read-only file system|Permission denied)|is not writable)")
        assert contents(tmp_path) == before
    finally:
        if mounted:
            subprocess.run(["umount", str(tmp_path)], check=True)
        else:
            (tmp_path / "run").chmod(0o700)
    tried()


@pytest.mark.case("R10")
def test_R10_a_folder_that_vanishes_ends_the_run(tmp_path, tried):
    process = begin(tmp_path, *OFTEN, epochs=100_000)
    wait_for_step(tmp_path, 50)
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    ends_with(process, 6, r"run/.*: cannot be written: No such file or directory")
    assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]
    checkpoints.load(tmp_path / "elsewhere" / "last.safetensors")
    tried()


@pytest.mark.case("R11")
def test_R11_a_folder_has_one_run_at_a_time(tmp_path, tried):
    first = begin(tmp_path, *OFTEN, epochs=100_000)
    wait_for_step(tmp_path, 10)
    for more in ((), ("--resume", "auto")):
        ends_with(
            begin(tmp_path, *more, epochs=1),
            7,
            rf"run: process {first.pid} is training into it; wait for its end, or choose another folder",
        )
        tried()
    assert first.poll() is None
    first.kill()
    first.communicate()
    assert (tmp_path / "run" / ".lock").read_text() == f"{first.pid}\n"
    # The file is still there, but it locks nothing.
    assert finish(tmp_path, epochs=1).returncode == 0
    assert not (tmp_path / "run" / ".lock").exists()
    tried()


def test_of_many_runs_that_begin_at_once_one_gets_the_folder(tmp_path):
    program = (
        "import sys, time; from pathlib import Path\n"
        "from nnkit.errors import LockedError; from nnkit.training.lock import FolderLock\n"
        "with FolderLock(Path('.')) as lock:\n"
        "    try:\n        lock.take()\n    except LockedError:\n        sys.exit(7)\n"
        "    held = Path('held'); held.mkdir(); time.sleep(0.05); held.rmdir()\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path) for _ in range(8)]
    codes = {process.wait(60) for process in processes}
    assert 0 in codes
    assert codes <= {0, 7}
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_a_link_harms_nothing(tmp_path):
    (tmp_path / "victim").write_text("precious")
    for make in (os.symlink, os.link):
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / ".lock").unlink(missing_ok=True)
        make(tmp_path / "victim", tmp_path / "run" / ".lock")
        with FolderLock(tmp_path / "run") as lock, pytest.raises(FileAccessError, match=r"\.lock: "):
            lock.take()
        assert (tmp_path / "victim").read_text() == "precious"


def test_a_lock_is_given_back_to_the_folder_that_it_is_of(tmp_path):
    """The folder gets another name while the first run is at work, and a second one makes it anew."""
    folder = tmp_path / "run"
    folder.mkdir()
    first, second = FolderLock(folder), FolderLock(folder)
    with second:
        with first:
            first.take()
            folder.rename(tmp_path / "elsewhere")
            folder.mkdir()
            second.take()
        assert (folder / ".lock").exists()
        with FolderLock(folder) as third, pytest.raises(LockedError, match=rf"process {os.getpid()} is training"):
            third.take()


@pytest.mark.case("R26")
def test_R26_the_newest_checkpoint_is_that_of_the_last_step(tmp_path, tried):
    expected = completed(tmp_path / "whole", epochs=3)
    process = begin(tmp_path, *OFTEN, epochs=3)
    wait_for_step(tmp_path, 60)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    future = time.time() + 1e6
    for path in (tmp_path / "run").glob("step-*"):
        os.utime(path, (future, future))
    step = checkpoints.load(tmp_path / "run" / "last.safetensors").step
    command = [*COMMAND, "train", "quickstart", "--epochs", "3", "--output", "run", "--resume", "auto", "--no-report"]
    text = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120).stdout
    assert f"resumed from run/last.safetensors, after epoch {step // 45} and step {step}\n" in text
    assert outcome(tmp_path / "run") == expected
    tried()


def test_what_a_killed_process_left_of_a_file_is_removed(tmp_path):
    completed(tmp_path, *KINDS["RNN-plan"], epochs=1)
    left = [".last.safetensors.0123abcd.tmp", ".metrics.csv.0123abcd.tmp", ".step-45.safetensors.01234567.tmp"]
    for name in [*left, ".mine.tmp"]:
        (tmp_path / "run" / name).write_bytes(b"part")
    completed(tmp_path, *KINDS["RNN-plan"], "--resume", "auto", epochs=2)
    assert [path.name for path in (tmp_path / "run").glob(".*")] == [".mine.tmp"]
