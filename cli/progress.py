"""What a training run shows: a bar or plain lines on stderr, a table and the outcome on stdout."""

from __future__ import annotations

import json
import shlex
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import click

from nnkit.cli import options
from nnkit.cli.bar import Bar, Pace, as_clock
from nnkit.cli.console import can_draw_again, standard_output, tell, terminal_width, write
from nnkit.errors import FileAccessError
from nnkit.escapes import printable
from nnkit.reporting.report import Reported
from nnkit.training.config import to_yaml
from nnkit.training.fit import EpochDone, Evaluated, OnTape, StepDone
from nnkit.training.run import Event, RunDone, RunStarted
from nnkit.training.schema import Config

SECONDS_BETWEEN_LINES = 10.0
# How wide columns are whose content is longer than their name, and which are left out first where there is no room.
_WIDTHS = {"lr": 8}
_LEFT_OUT = ("seconds", "images/s", "lr", "train acc", "test loss", "train loss")
_BEST = " *"


class Progress:
    """Shows the events of a run; as a context manager it leaves the terminal clean, whatever happens."""

    # What the first event says.
    _config: Config
    _epochs: int
    _pace: Pace

    def __init__(self, *, as_json: bool, quiet: bool, verbose: bool) -> None:
        self._table = not (as_json or quiet)
        self._as_json = as_json
        self._quiet = quiet
        self._verbose = verbose
        self._columns: dict[str, int] = {}
        self._bar: Bar | None = None
        self._last_line = time.monotonic()

    def __enter__(self) -> Progress:
        self._show_warning = warnings.showwarning
        warnings.showwarning = self._warn
        return self

    def __exit__(self, *_: object) -> None:
        warnings.showwarning = self._show_warning
        self._close_bar()

    def _warn(self, *arguments: Any, **more: Any) -> None:
        """Show a warning in a line of its own."""
        with self._aside():
            self._show_warning(*arguments, **more)

    def show(self, event: Event) -> None:
        """Show one event; a run does not end because nobody can watch it, since its results are in files."""
        try:
            with standard_output():
                self._show(event)
        except FileAccessError as error:
            warnings.warn(f"{error}; the run goes on without it", stacklevel=2)

    def show_report(self, reported: Reported) -> None:
        """Say where the report of the run is, and what it lacks."""
        if self._table:
            lacks = f" ({'; '.join(reported.without)})" if reported.without else ""
            write(f"report: {printable(f'{reported.page}{lacks}')}")

    def _show(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._begin(event)
        elif isinstance(event, StepDone):
            self._step(event)
        elif isinstance(event, Evaluated):
            if self._bar:
                self._bar.show_evaluation(event)
        elif isinstance(event, EpochDone):
            self._epoch(event)
        elif isinstance(event, OnTape):
            if self._table and self._verbose:
                with self._aside():
                    click.echo(f"steps run on the tape, not as a plan, because of {printable(event.reason)}")
        elif isinstance(event, RunDone):
            self._close_bar()
            self._end(event)

    def _begin(self, event: RunStarted) -> None:
        self._config, self._epochs = event.config, event.config.training.epochs
        self._pace = Pace(self._epochs)
        if can_draw_again() and not self._quiet:
            self._bar = Bar(self._epochs)
        if not self._table:
            return
        if self._verbose:
            click.echo(f"{to_yaml(event.config)}\n{event.network}\n")
        click.echo(
            f"{event.config.network.name} ({event.parameters:,} parameters) on {event.config.data.name}: "
            f"{event.train_images:,} training images, {event.test_images:,} test images"
        )
        if event.resumed:
            click.echo(f"resumed from {printable(str(event.resumed))}, after epoch {event.epoch} and step {event.step}")

    def _step(self, event: StepDone) -> None:
        left = self._pace.left(event)
        if self._bar:
            if left:
                self._bar.show_step(event, left)
        elif not self._quiet and time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            facts = f"loss {event.loss:.4f}, accuracy {event.accuracy:.2%}, {event.images_per_second:,.0f} images/s"
            rest = f", {as_clock(left[1])} left" if left else ""
            tell(f"epoch {event.epoch}/{self._epochs}, {event.step / event.steps:.0%}: {facts}{rest}")

    def _epoch(self, event: EpochDone) -> None:
        if event.epoch == self._epochs:
            self._close_bar()
        if not self._table:
            return
        cells = {
            "epoch": f"{event.epoch}/{self._epochs}",
            "lr": f"{event.lr:.3g}",
            "train loss": f"{event.train_loss:.4f}",
            "train acc": f"{event.train_accuracy:.2%}",
            "test loss": f"{event.test.loss:.4f}",
            "test acc": f"{event.test.accuracy:.2%}",
            **({"val acc": f"{event.validation.accuracy:.2%}"} if event.validation else {}),
            "images/s": f"{event.images_per_second:,.0f}",
            "seconds": f"{event.train_seconds:.1f}",
        }
        with self._aside():
            if not self._columns:
                self._columns = columns(list(cells), self._epochs, terminal_width(sys.stdout))
                click.echo("\n" + _row(self._columns, {name: name for name in cells}))
            click.echo(_row(self._columns, cells) + (_BEST if event.improved else ""))

    def _aside(self) -> AbstractContextManager[None]:
        return self._bar.aside() if self._bar else nullcontext()

    def _close_bar(self) -> None:
        if self._bar:
            self._bar.close()

    def _end(self, event: RunDone) -> None:
        if self._as_json:
            click.echo(json.dumps(summary(event, self._config)))
            return
        if not self._table:
            return
        kind = "validation accuracy " if self._config.data.validation_fraction else ""
        best = f"best {kind}{event.best_accuracy:.2%} after epoch {event.best_epoch}"
        if event.last is None:
            click.echo(f"\nalready complete: {event.epoch} epochs, {best}")
        else:
            if event.skipped:
                click.echo(f"\n{event.skipped} of {event.step} steps were skipped: loss or gradients were not finite")
            if event.epoch < self._epochs:
                waited = event.epoch - event.best_epoch
                click.echo(f"\nno better epoch for {waited} epoch{'s' if waited > 1 else ''}: stopped early")
            click.echo(f"\ntest accuracy {event.last.test.accuracy:.2%} ({best}), {event.seconds:.1f} s in all")
        folder = printable(str(event.output))
        click.echo(f"results are in {folder}")
        commands = [f"nnkit eval {shlex.quote(f'{folder}/best.safetensors')}{options.allowance(self._config)}"]
        if self._config.training.tensorboard:
            commands.append(f"tensorboard --logdir {shlex.quote(folder)}")
        click.echo("next: " + "\n      ".join(commands))


def columns(names: Sequence[str], epochs: int, width: int | None) -> dict[str, int]:
    """Return the columns of the table that a terminal has room for, and how wide they are."""
    chosen = {name: max(_WIDTHS.get(name, 0), len(name)) for name in names}
    chosen["epoch"] = max(chosen["epoch"], len(f"{epochs}/{epochs}"))
    for name in _LEFT_OUT:
        if width is None or len(_row(chosen, {}) + _BEST) <= width:
            break
        chosen.pop(name)
    return chosen


def _row(widths: Mapping[str, int], cells: Mapping[str, str]) -> str:
    return "  ".join(f"{cells.get(name, ''):>{width}}" for name, width in widths.items())


def summary(event: RunDone, config: Config) -> dict[str, Any]:
    """Return the outcome of a run as plain values."""
    last = event.last
    validation = last.validation if last else None
    return {
        "output": str(event.output),
        "epoch": event.epoch,
        "step": event.step,
        "skipped_steps": event.skipped,
        "seconds": event.seconds,
        "best_epoch": event.best_epoch,
        "best_accuracy": event.best_accuracy,
        "train_loss": last.train_loss if last else None,
        "train_accuracy": last.train_accuracy if last else None,
        "images_per_second": last.images_per_second if last else None,
        "test_loss": last.test.loss if last else None,
        "test_accuracy": last.test.accuracy if last else None,
        "validation_loss": validation.loss if validation else None,
        "validation_accuracy": validation.accuracy if validation else None,
        "stopped_early": event.epoch < config.training.epochs,
        "ema_decay": config.training.ema_decay,
    }
