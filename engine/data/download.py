"""Fetching one file from the first mirror that gives the right one.

A file appears under its name only when it is complete and verified; until then it is a part file
beside it. Two processes that fetch the same file each write their own part, and either result is valid.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from nnkit.errors import DataError, FileAccessError
from nnkit.escapes import printable

# Seconds without a byte, whether connecting or reading, after which a mirror counts as dead.
TIMEOUT = 20.0
# A mirror that trickles never runs into the timeout: after it has passed, this many bytes per second
# are expected on average.
_SLOWEST = 1024
_CHUNK = 1 << 16
_LONGEST_REASON = 300
_PART_PREFIX = ".part-"
# Part files of processes that were killed are removed once no download can still be writing them.
_ABANDONED_AFTER = 24 * 3600.0


def download(
    mirrors: Sequence[str],
    destination: Path,
    verify: Callable[[Path], object],
    most_bytes: int,
    timeout: float = TIMEOUT,
) -> None:
    """Fetch `destination.name` from the first of `mirrors` that has it whole, and put it in place.

    Args:
        mirrors: addresses of folders, each ending in a slash, tried in turn.
        destination: where the file goes; its folder is created.
        verify: raises DataError for a file (under another name with the same ending) that is not the
            expected one.
        most_bytes: a mirror that sends more is cut off.
        timeout: seconds without a byte after which the next mirror is tried.

    Raises:
        DataError: no mirror had the file; the message has the reason of each.
        FileAccessError: the file cannot be written.
    """
    failures = []
    for mirror in mirrors:
        url = urllib.parse.urljoin(mirror, destination.name)
        with _part_file(destination) as part:
            try:
                _receive(url, part, destination.name, most_bytes, timeout)
                verify(part)
            except (OSError, http.client.HTTPException, DataError) as error:
                failures.append(f"{url}: {_reason(error, part)}")
                continue
            with _local_errors(destination):
                os.replace(part, destination)
                _sync_folder(destination.parent)
        return
    raise DataError(f"cannot download {destination.name} ({'; '.join(failures) or 'no mirrors'})")


@contextlib.contextmanager
def _local_errors(path: Path) -> Iterator[None]:
    """Report what the file system refuses, so that it is not taken for a fault of the network."""
    try:
        yield
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be written: {error.strerror or error}") from error


@contextlib.contextmanager
def _part_file(destination: Path) -> Iterator[Path]:
    """Provide an empty file beside `destination` that is gone afterwards unless it was renamed."""
    folder = destination.parent
    with _local_errors(destination):
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        # The name ends as the destination's does, which tells a reader how the file is compressed.
        handle, name = tempfile.mkstemp(prefix=_PART_PREFIX, suffix=f"-{destination.name}", dir=folder)
        os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        with _local_errors(part):
            part.unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    for part in folder.glob(f"{_PART_PREFIX}*"):
        # Another process may be removing the same file.
        with contextlib.suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > _ABANDONED_AFTER:
                part.unlink()


def _receive(url: str, part: Path, name: str, most_bytes: int, timeout: float) -> None:
    """Write the body of `url` to `part`, down to the disk."""
    opener = urllib.request.build_opener(_SameSchemeRedirects)
    with opener.open(url, timeout=timeout) as response, contextlib.ExitStack() as stack:
        with _local_errors(part):
            file = stack.enter_context(part.open("wb"))
        length = response.headers.get("Content-Length", "")
        progress = stack.enter_context(_progress(name, int(length) if length.isdecimal() else None))
        _copy(response, file, progress, most_bytes, timeout)
        with _local_errors(part):
            file.flush()
            os.fsync(file.fileno())


def _copy(
    response: http.client.HTTPResponse, file: BinaryIO, progress: _Progress, most_bytes: int, timeout: float
) -> None:
    started = time.monotonic()
    received = 0
    # read1 returns what one read of the socket gives; read would wait for the whole chunk.
    while chunk := response.read1(_CHUNK):
        received += len(chunk)
        if received > most_bytes:
            raise DataError(f"sends more than the {most_bytes} bytes that the file can have")
        if received < _SLOWEST * (time.monotonic() - started - timeout):
            raise DataError(f"sends less than {_SLOWEST} bytes per second")
        with _local_errors(Path(file.name)):
            file.write(chunk)
        progress.update(len(chunk))


class _SameSchemeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not from https to http, nor to ftp or anything else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urllib.parse.urlsplit(newurl).scheme != urllib.parse.urlsplit(req.full_url).scheme:
            raise DataError(f"redirects to another scheme: {newurl!r}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Progress(Protocol):
    def update(self, n: float, /) -> object:
        """Move the bar by `n` bytes."""


def _progress(name: str, total: int | None) -> contextlib.AbstractContextManager[_Progress]:
    from tqdm import tqdm

    # disable=None: no bar where stderr is not a terminal.
    return tqdm(total=total, desc=name, unit="B", unit_scale=True, unit_divisor=1024, disable=None)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a crash; Windows cannot open folders and needs no help."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: Exception, part: Path) -> str:
    """Say in one line what was wrong, without the name of a part file that no longer exists.

    Some of it is the mirror's own words, which must not reach a terminal as control characters.
    """
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror
    else:
        text = str(error).removeprefix(f"{part}: ") or type(error).__name__
    return printable(" ".join(text.split())[:_LONGEST_REASON])
