"""Files that are the complete old one or the complete new one."""

import errno
import os
import stat
from pathlib import Path

import pytest

from nnkit.errors import FileAccessError
from nnkit.files import make_folder, write_atomically


@pytest.mark.case("K24")
def test_K24_a_new_file_follows_the_umask(tmp_path):
    path = tmp_path / "a"
    before = os.umask(0o027)
    try:
        write_atomically(path, b"new")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.case("K24")
def test_K24_an_existing_mode_is_kept(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o604)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


@pytest.mark.case("K25")
def test_K25_a_symbolic_link_stays_one(tmp_path):
    target = tmp_path / "folder" / "target"
    target.parent.mkdir()
    target.write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(call, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    path = tmp_path / "a"
    path.write_bytes(b"old")
    monkeypatch.setattr(os if call == "fsync" else type(path), call, fail)
    with pytest.raises(FileAccessError, match=r"a: cannot be written: No space left on device"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def refusing_folders(call, number):
    """Return a function of `os` that refuses folders."""
    original = getattr(os, call)

    def refuse(target, *arguments):
        if os.path.isdir(target):
            raise OSError(number, os.strerror(number))
        return original(target, *arguments)

    return refuse


@pytest.mark.parametrize(
    ("call", "number"), [("fsync", errno.EINVAL), ("fsync", errno.ENOTSUP), ("open", errno.EACCES)]
)
def test_a_folder_that_cannot_be_flushed_is_no_failure(call, number, tmp_path, monkeypatch):
    monkeypatch.setattr(os, call, refusing_folders(call, number))
    write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_folder_that_fails_to_be_flushed_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", refusing_folders("fsync", errno.EIO))
    with pytest.raises(FileAccessError, match="a: cannot be written: Input/output error"):
        write_atomically(tmp_path / "a", b"new")


def test_a_vanished_working_folder_is_told(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileAccessError, match="a: cannot be written: No such file or directory"):
        write_atomically(Path("a"), b"new")


def test_a_pipe_or_a_device_is_not_replaced(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    (tmp_path / "link").symlink_to(path)
    for name in ("pipe", "link"):
        with pytest.raises(FileAccessError, match=f"{name}: cannot be written: not a regular file"):
            write_atomically(tmp_path / name, b"new")
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe"]


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(FileAccessError, match="No such file or directory"):
        write_atomically(tmp_path / "no" / "a", b"new")


def test_a_file_in_the_way_of_a_folder_is_told(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(FileAccessError, match="a: cannot be created"):
        make_folder(tmp_path / "a")
