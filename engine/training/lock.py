"""One run per folder: a lock that the system takes back when its process ends, however that happens."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import warnings
from pathlib import Path

from nnkit.errors import FileAccessError, LockedError

NAME = ".lock"
# A link would lead to a file that is overwritten.
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


class FolderLock:
    """The right to write to a folder, which no other process has meanwhile; a `with` block gives it back.

    The file `.lock` holds the process id for those who are refused. It is the system's lock on the file that counts, so
    that a file which a killed process left behind locks nothing.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._descriptor = -1

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor < 0:
            return
        # What happens to the file now is of no consequence to the run, or to its error.
        with contextlib.suppress(OSError):
            if self._is_current(self._descriptor):
                # Others who have opened it by now find out that it has lost its name.
                self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = -1

    def take(self) -> None:
        """Lock the folder, which has to exist, if it is not locked yet.

        Raises:
            LockedError: another process has it.
            FileAccessError: the file system refused.
        """
        while self._descriptor < 0:
            try:
                descriptor = os.open(self._path, _FLAGS, 0o644)
            except OSError as error:
                raise FileAccessError(f"{self._path}: cannot be written: {error.strerror}") from None
            try:
                if self._lock(descriptor):
                    self._sign(descriptor)
                    self._descriptor = descriptor
            finally:
                if self._descriptor != descriptor:
                    os.close(descriptor)

    def _lock(self, descriptor: int) -> bool:
        """Return whether the open file is locked now, and still the one that others would open."""
        folder = self._path.parent
        try:
            _lock_file(descriptor)
        except OSError as error:
            if error.errno not in _BUSY:
                # Some network file systems have no locks.
                warnings.warn(
                    f"{folder}: cannot be locked ({error.strerror}), two runs could write to it", stacklevel=2
                )
            elif self._is_current(descriptor):
                holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
                process = f"process {holder}" if holder.isdecimal() else "another process"
                raise LockedError(
                    f"{folder}: {process} is training into it; wait for its end, or choose another folder"
                ) from None
        # The run that had it until now may have taken its name away.
        return self._is_current(descriptor)

    def _sign(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise FileAccessError(f"{self._path}: is not a file of its own; remove it")
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except OSError as error:
            self._path.unlink(missing_ok=True)
            raise FileAccessError(f"{self._path}: cannot be written: {error.strerror}") from None

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.lstat())
        except OSError:
            return False


def _lock_file(descriptor: int) -> None:
    """Lock a file for as long as it is open, or raise OSError at once."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        # A byte that is never written, because on Windows nobody else could read a locked one.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
