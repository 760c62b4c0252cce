"""Writing while training goes on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Background:
    """Runs one task after the other in a thread of its own; a `with` block waits for the last one.

    What a task raises comes out of the next call of any method.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="nnkit-save")
        self._pending: Future[None] | None = None

    def __enter__(self) -> Background:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            # Where something else has failed, that is what is told.
            if kind is None:
                self.finish()
        finally:
            self._executor.shutdown(wait=True)

    def submit(self, task: Callable[[], None]) -> None:
        """Begin a task as soon as the one before it is done."""
        self.finish()
        try:
            self._pending = self._executor.submit(task)
        except RuntimeError:
            # No memory for a thread.
            task()

    def finish(self) -> None:
        """Wait until nothing is left to do."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def check(self) -> None:
        """Raise what a task has raised, without waiting for one that is not done."""
        if self._pending is not None and self._pending.done():
            self.finish()
