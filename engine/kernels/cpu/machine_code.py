"""Machine code in files, from which the next process loads it.

Numba's own files have an index, which two processes that write at once can make lead to the code of other types, and
damaged code is run as it is. Here the code of a function for some types is one file, which gets its name when it is
complete and begins with a checksum; whatever is wrong with it, the function is compiled again.

A checksum finds accidents, not intent: who can write such a file can do all that its reader can. So the folder is the
user's own or the system's, and so is all that leads to it.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import stat
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from nnkit.kernels.cpu.announcement import compiling

_CHECKSUM = hashlib.sha256


class CodeFolder:
    """A folder of machine code, made if it is missing.

    Attributes:
        obstacle: why nothing is kept in it, or None.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.obstacle, self._readable = _usable(self.path)
        self._has_warned = False

    def read(self, name: str, key: bytes) -> bytes | None:
        """Return what was written under a name and a key, or None."""
        if not self._readable:
            return None
        try:
            with self._file(name, key).open("rb") as file:
                status = os.fstat(file.fileno())
                if _is_foreign(status) or _is_shared(status):
                    return None
                content = file.read()
        except OSError:
            return None
        checksum, payload = content[: len(key)], content[len(key) :]
        return payload if checksum == _CHECKSUM(key + payload).digest() else None

    def write(self, name: str, key: bytes, payload: bytes) -> None:
        """Keep what `read` then returns; if that cannot be, warn once."""
        if self.obstacle is not None:
            return
        try:
            handle, temporary = tempfile.mkstemp(dir=self.path)
            try:
                with open(handle, "wb") as file:
                    file.write(_CHECKSUM(key + payload).digest() + payload)
                os.replace(temporary, self._file(name, key))
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise
        except OSError as error:
            self.obstacle = f"{self.path}: {error.strerror}"
            self._warn()

    def remove(self, name: str) -> None:
        """Forget what was written under a name, whatever its key."""
        for file in self.path.glob(f"{name}.*"):
            with contextlib.suppress(OSError):
                file.unlink()

    def compiling(self) -> None:
        """Tell that something is compiled, the first time, and if so that it is not kept."""
        compiling()
        if self.obstacle is not None:
            self._warn()

    def _file(self, name: str, key: bytes) -> Path:
        return self.path / f"{name}.{key.hex()}"

    def _warn(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            advice = "set NNKIT_CACHE_DIR to a folder that only you can write to"
            warnings.warn(f"compiled kernels are not kept: {self.obstacle}; {advice}", RuntimeWarning, stacklevel=2)


class KernelCache(_Cache):
    """What a function compiled by Numba looks itself up in.

    Args:
        folder: where the machine code is.
        function: what is compiled.
        options: how.
    """

    def __init__(self, folder: CodeFolder, function: Any, options: dict[str, Any]) -> None:
        code = function.__code__
        source = Path(code.co_filename)
        place = f"{source.stem}.{function.__qualname__}-{code.co_firstlineno}"
        self._folder, self._name = folder, place.replace("<", "").replace(">", "")
        self._description = (place, sorted(options.items()))
        # Variables of an enclosing function are compiled in, and what is typed in has no source.
        self._stamp = None if function.__closure__ else _stamp(source)

    @property
    def cache_path(self) -> str:
        """Where the files are."""
        return str(self._folder.path)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what was compiled for a signature, or None if it is to be compiled."""
        target_context.refresh()
        payload = self._stamp and self._folder.read(self._name, self._key(sig, target_context.codegen()))
        if payload:
            # What it names may have gone with another version of a library.
            with contextlib.suppress(Exception):
                return CompileResult._rebuild(target_context, *pickle.loads(payload))  # type: ignore[no-untyped-call]
        self._folder.compiling()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled for a signature."""
        # Addresses in it mean nothing to another process.
        if self._stamp and not data.library.has_dynamic_globals:
            payload: bytes = dumps(data._reduce())  # type: ignore[no-untyped-call]
            self._folder.write(self._name, self._key(sig, data.codegen), payload)

    def enable(self) -> None:
        """Do nothing: it always is."""

    def disable(self) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Forget what was compiled."""
        self._folder.remove(self._name)

    def _key(self, sig: Any, codegen: Any) -> bytes:
        """Return a digest of all that decides about the machine code."""
        versions = numba.__version__, sys.implementation.cache_tag
        checks = bool(numba.config.BOUNDSCHECK)  # type: ignore[attr-defined]
        described = (versions, checks, codegen.magic_tuple(), self._stamp, self._description, sig)
        return _CHECKSUM(repr(described).encode()).digest()


@functools.cache
def _stamp(source: Path) -> str | None:
    """Return a digest of a source, or None if there is no such file."""
    try:
        return _CHECKSUM(source.read_bytes()).hexdigest()
    except OSError:
        return None


def _usable(folder: Path) -> tuple[str | None, bool]:
    """Return why nothing can be kept in a folder, or None, and whether it can be read from."""
    try:
        for place in (*reversed(folder.parents), folder):
            if not place.is_dir():
                place.mkdir(mode=0o700, exist_ok=True)
        obstacle = _distrust(folder)
    except FileExistsError as error:
        return f"{error.filename} is not a folder", False
    except OSError as error:
        return f"{error.filename}: {error.strerror}", False
    if obstacle is None and not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} is read-only", True
    return obstacle, obstacle is None


def _distrust(folder: Path) -> str | None:
    """Return how others could exchange files in a folder, or None.

    Groups may write to what leads to the folder, as on many systems a user has a group of his own.
    """
    for place, status in _way_to(folder):
        # In a folder with this bit everybody can make files, and nobody can exchange those of others.
        is_open = status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX
        if _is_foreign(status):
            return f"{place} belongs to another user"
        if is_open and not stat.S_ISLNK(status.st_mode):
            return f"everybody can write to {place}"
    return f"others can write to {folder}" if _is_shared(folder.stat()) else None


def _way_to(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield all folders and links that lead to a folder, and at the end the folder itself."""
    place, rest = Path(folder.anchor), [*reversed(folder.parts[1:])]
    yield place, place.lstat()
    while rest:
        name = rest.pop()
        if name == "..":
            place = place.parent
            continue
        place /= name
        status = place.lstat()
        yield place, status
        if stat.S_ISLNK(status.st_mode):
            target = place.parent / place.readlink()
            place, rest = Path(target.anchor), [*rest, *reversed(target.parts[1:])]


def _is_foreign(status: os.stat_result) -> bool:
    # Windows has lists of rights, and folders of users that are closed to others.
    return hasattr(os, "geteuid") and status.st_uid not in (0, os.geteuid())


def _is_shared(status: os.stat_result) -> bool:
    return hasattr(os, "geteuid") and bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
