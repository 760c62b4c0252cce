"""Reading files that may be anything, and writing files that are either the old or the new one."""

from __future__ import annotations

import errno
import itertools
import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO

from nnkit.errors import FileAccessError, NnkitError
from nnkit.registry import closest

_MOST_NEIGHBOURS = 1000


def open_regular(path: Path, failure: type[NnkitError]) -> BinaryIO:
    """Open a file for reading, which must be a regular one: a pipe could block, a device never end.

    Raises:
        FileAccessError: it may not be read.
        NnkitError: of the kind `failure`: it does not exist or is not a regular file.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise failure(f"{path}: is a directory, expected a file")
        if not stat.S_ISREG(mode):
            raise failure(f"{path}: not a regular file")
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise failure(f"{path}: does not exist{_did_you_mean(path)}") from None
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be read: {error.strerror}") from None


def _did_you_mean(path: Path) -> str:
    """Return words for the file beside it whose name is closest, if there is any that is close."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in itertools.islice(entries, _MOST_NEIGHBOURS)]
    except OSError:
        return ""
    match = closest(path.name, names)
    return f", did you mean {str(path.with_name(match))!r}?" if match else ""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that at any moment it is the complete old one or the complete new one.

    A symbolic link stays one and its target is written; an existing file keeps its mode.

    Raises:
        FileAccessError: the file system refused, or there is a device or a pipe; what was there before is untouched.
    """
    try:
        # In a folder that has vanished, a relative path has no target.
        target = Path(os.path.realpath(path))
        # Whoever may write to /dev could lose /dev/null to a file.
        if target.exists() and not (target.is_file() or target.is_dir()):
            raise FileAccessError(f"{path}: cannot be written: not a regular file")
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        try:
            _write_durably(temporary, content, like=target)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _flush_folder(target.parent)
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be written: {error.strerror}") from None


def append(path: Path, content: bytes) -> None:
    """Add to a file, down to the disk, or leave the file as it was.

    Raises:
        FileAccessError: the file system refused.
    """
    try:
        with path.open("ab", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            try:
                rest = content
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), size)
                raise
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be written: {error.strerror}") from None


def _write_durably(path: Path, content: bytes, *, like: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        if like.exists():
            os.chmod(path, stat.S_IMODE(like.stat().st_mode))
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    # Without this a crash of the machine can lose the new name. Windows has no such call.
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:
        return  # A folder can be written to without being readable.
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems, mostly remote ones, cannot do it for folders.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Create a folder, and those above it, where missing.

    Raises:
        FileAccessError: it cannot be created or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be created: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise FileAccessError(f"{path}: is not writable")
