"""Writing while training goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Background:
    """Runs one task after the other in a thread of its own; a `with` block waits for the last one.

    What a task raises comes out of the next call of any method.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def __enter__(self) -> Background:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._thread is not None:
            self._thread.join()
        # Where something else has failed, that is what is told.
        if kind is None:
            self.finish()

    def submit(self, task: Callable[[], None]) -> None:
        """Begin a task as soon as the one before it is done."""
        self.finish()
        thread = threading.Thread(target=self._run, args=(task,), name="nnkit-save")
        try:
            thread.start()
        except RuntimeError:
            # There is no memory for a thread.
            task()
        else:
            self._thread = thread

    def finish(self) -> None:
        """Wait until nothing is left to do."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        error, self._error = self._error, None
        if error is not None:
            raise error

    def check(self) -> None:
        """Raise what a task has raised, without waiting for one that is not done."""
        if self._thread is not None and not self._thread.is_alive():
            self.finish()

    def _run(self, task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:
            self._error = error
