"""The line that shows how far a run is: drawn in place, seldom enough to be calm, never wider than the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tqdm import tqdm

from nnkit.cli.console import terminal_width
from nnkit.training.fit import Evaluated, StepDone

SECONDS_BETWEEN_FRAMES = 0.2
# Less than this without news is not worth a word.
SECONDS_OF_A_PAUSE = 1.0
_NARROWEST, _WIDEST = 7, 40


class Pace:
    """How long is left, from how long all steps took since the run began or went on.

    Args:
        epochs: how many the run has.
    """

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        # When the first step and the first one of the epoch were done, and how many were done then.
        self._run: tuple[float, int] | None = None
        self._epoch: tuple[float, int] = (0.0, 0)
        self._number = 0

    def left(self, event: StepDone) -> tuple[float, float] | None:
        """Return the seconds that are left of the epoch and of the run, or None as long as nobody can know.

        Those of the run include as much evaluation as there was so far.
        """
        now, done = time.monotonic(), (event.epoch - 1) * event.steps + event.step
        if self._run is None:
            self._run = now, done
        if self._number != event.epoch:
            self._number, self._epoch = event.epoch, (now, done)
        spans = [(self._epoch, event.epoch * event.steps), (self._run, self._epochs * event.steps)]
        if done == self._epoch[1]:
            return None
        of_epoch, of_run = ((now - began) / (done - first) * (last - done) for (began, first), last in spans)
        return of_epoch, max(of_epoch, of_run)


class _Line(tqdm):  # type: ignore[type-arg]
    # No thread beside this one draws: what it would show is old.
    monitor_interval = 0


class Bar:
    """How far the steps of an epoch are, on standard error.

    Args:
        epochs: how many the run has.
    """

    def __init__(self, epochs: int) -> None:
        self._epoch, self._epochs = 1, epochs
        self._line: _Line | None = None
        self._drawn = 0.0

    def show_step(self, event: StepDone, left: tuple[float, float]) -> None:
        """Show a step of training, if it is time."""
        self._epoch = event.epoch
        if self._is_time(SECONDS_BETWEEN_FRAMES):
            # As wide in every frame, or else the bar would jump.
            mean = [f"loss {event.loss:.4f}", f"acc {event.accuracy:6.2%}"]
            speed = f"{event.images_per_second:7,.0f} images/s"
            of_epoch, of_run = map(as_clock, left)
            both = f"{of_epoch}/{of_run}" if event.epoch < self._epochs else of_run
            with_bar = [[*mean, speed, f"{both} left"], [*mean, speed, f"{of_run} left"], [*mean, f"{of_run} left"]]
            self._draw(event.step / event.steps, with_bar, [with_bar[-1], mean, mean[:1]])

    def show_evaluation(self, event: Evaluated) -> None:
        """Show how far an evaluation is, if it takes long."""
        if self._is_time(SECONDS_OF_A_PAUSE):
            share = event.images / event.of
            self._draw(share, [[f"testing, {event.images:,} of {event.of:,} images"]], [[f"testing {share:.0%}"]])

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the line away for what is printed within, and put it back below."""
        with _Line.external_write_mode(file=sys.stdout):
            yield

    def close(self) -> None:
        """Take the line away."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _is_time(self, seconds: float) -> bool:
        now = time.monotonic()
        if now - self._drawn < seconds:
            return False
        self._drawn = now
        return True

    def _draw(self, share: float, with_bar: Sequence[list[str]], without: Sequence[list[str]]) -> None:
        # What fills the last column makes some terminals begin another line.
        width = (terminal_width(sys.stderr) or 80) - 1
        text = fitted(f"epoch {self._epoch}/{self._epochs}", with_bar, without, width)
        if self._line is None:
            self._line = _Line(total=1, initial=share, bar_format=text, leave=False)
        else:
            self._line.bar_format, self._line.n = text, share
            self._line.refresh()


def fitted(title: str, with_bar: Sequence[list[str]], without: Sequence[list[str]], width: int) -> str:
    """Return the format of the line with the first of some choices of facts for which it is not wider than `width`.

    Args:
        title: what it begins with.
        with_bar: choices of facts beside a bar.
        without: choices where there is no room for one.
        width: columns.
    """
    for facts in with_bar:
        text = "".join(f"  {fact}" for fact in facts)
        room = width - len(f"{title} ||{text}")
        if room >= _NARROWEST:
            return f"{title} |{{bar:{min(room, _WIDEST)}}}|{text}"
    for facts in without:
        text = "  ".join([title, *facts])
        if len(text) <= width:
            return text
    return title[:width]


def as_clock(seconds: float) -> str:
    """Return a span of time as minutes and seconds, or as hours with both."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
