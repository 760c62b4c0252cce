"""Signals that ask the process to end: at once, or where it suits."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn

# The terminal was closed; Windows does not know it.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
# Python handles a signal between two of its instructions, and a compiler can take long for one.
_SECONDS_TO_REACT = 1.0


class StoppedError(KeyboardInterrupt):
    """A signal has ended the command; as a KeyboardInterrupt it passes everything but `finally`.

    Attributes:
        exit_code: what the process ends with.
    """

    def __init__(self, number: int, where: str = "") -> None:
        super().__init__(f"{_word(number)} {where}".rstrip())
        self.exit_code = 128 + number


class Signals:
    """Handles SIGINT, SIGTERM and SIGHUP in a `with` block of the main thread.

    The first raises StoppedError, or is noted once `defer` was called; the others are of no effect.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._deferred = False
        self._where = ""
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        for number in [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]:
            # Under nohup, or in the background of a shell, they are not for this process.
            if signal.getsignal(number) != signal.SIG_IGN:
                self._handlers[number] = signal.signal(number, self._handle)
        if os.name == "posix":
            self._start_watch()
        return self

    def __exit__(self, *_: object) -> None:
        if os.name == "posix":
            signal.set_wakeup_fd(-1)
            os.close(self._told)
        for number, handler in self._handlers.items():
            # The process is ending by one already, and has its exit code: another one would end it in another way.
            signal.signal(number, handler if self._received is None else signal.SIG_IGN)

    def defer(self) -> None:
        """From now on only note signals; `were_received` has to be asked often."""
        self._deferred = True

    @contextlib.contextmanager
    def obeyed(self, where: str) -> Iterator[None]:
        """Within, end at a signal after all, also at one that was noted before; `where` says where the command ends."""
        self._deferred, self._where = False, where
        try:
            if self._received is not None:
                self.stop(where)
            yield
        finally:
            self._deferred, self._where = True, ""

    def were_received(self) -> bool:
        """Return whether the process is to end."""
        return self._received is not None

    def stop(self, where: str) -> NoReturn:
        """Raise the StoppedError of the signal that was received, and say where the command ends."""
        raise StoppedError(self._received or signal.SIGINT, where)

    def _handle(self, number: int, _: FrameType | None) -> None:
        if self._received is None:
            self._received = number
            if not self._deferred:
                raise StoppedError(number, self._where)

    def _start_watch(self) -> None:
        listening, self._told = os.pipe()
        os.set_blocking(self._told, False)
        signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(listening,), daemon=True).start()

    def _watch(self, listening: int) -> None:
        """End the process if Python does not get round to a signal that is not to be noted but obeyed."""
        while numbers := os.read(listening, 1):
            time.sleep(_SECONDS_TO_REACT)
            if numbers[0] in self._handlers and self._received is None and not self._deferred:
                os.write(2, f"nnkit: {_word(numbers[0])}\n".encode())
                os._exit(128 + numbers[0])
        os.close(listening)


def _word(number: int) -> str:
    return "interrupted" if number == signal.SIGINT else "terminated"
