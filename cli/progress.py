"""What a training run shows: a bar or plain lines on stderr, a table and the outcome on stdout."""

from __future__ import annotations

import json
import shlex
import sys
import time
import warnings
from typing import Any

import click
from tqdm import tqdm

from nnkit.cli.console import printable, standard_output, tell, write
from nnkit.errors import FileAccessError
from nnkit.reporting.report import Reported
from nnkit.training.config import to_yaml
from nnkit.training.fit import EpochDone, OnTape, StepDone
from nnkit.training.run import Event, RunDone, RunStarted

SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Shows the events of a run; as a context manager it leaves the terminal clean, whatever happens."""

    def __init__(self, *, as_json: bool, quiet: bool, verbose: bool) -> None:
        self._table = not (as_json or quiet)
        self._as_json = as_json
        self._quiet = quiet
        self._verbose = verbose
        self._epochs = 0
        self._rows = 0
        self._bar: tqdm[Any] | None = None
        self._last_line = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_bar()

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
        if isinstance(event, StepDone):
            self._step(event)
        elif isinstance(event, EpochDone):
            self._epoch(event)
        elif isinstance(event, RunStarted):
            self._begin(event)
        elif isinstance(event, OnTape):
            if self._table and self._verbose:
                click.echo(f"steps run on the tape, not as a plan, because of {printable(event.reason)}")
        elif isinstance(event, RunDone):
            self._end(event)

    def _begin(self, event: RunStarted) -> None:
        self._epochs = event.config.training.epochs
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
        if self._quiet:
            return
        state = f"loss {event.loss:.4f}, accuracy {event.accuracy:.2%}, {event.images_per_second:,.0f} images/s"
        if not sys.stderr.isatty():
            self._plain_line(event, state)
            return
        if self._bar is None:
            self._bar = tqdm(
                total=event.steps,
                desc=f"epoch {event.epoch}/{self._epochs}",
                bar_format="{desc} |{bar}| {percentage:3.0f}%{postfix} [{remaining} left]",
                dynamic_ncols=True,
                leave=False,
            )
        self._bar.set_postfix_str(state, refresh=False)
        self._bar.update(event.step - self._bar.n)

    def _plain_line(self, event: StepDone, state: str) -> None:
        now = time.monotonic()
        if now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            tell(f"epoch {event.epoch}/{self._epochs}, {event.step / event.steps:.0%}: {state}")

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _epoch(self, event: EpochDone) -> None:
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
            "images/s": f"{event.images_per_second:,.0f}",
            "seconds": f"{event.train_seconds:.1f}",
        }
        if event.validation is not None:
            cells["val acc"] = f"{event.validation.accuracy:.2%}"
        if not self._rows:
            click.echo("\n" + "  ".join(f"{name:>10}" for name in cells))
        self._rows += 1
        click.echo("  ".join(f"{text:>10}" for text in cells.values()) + ("  *" if event.improved else ""))

    def _end(self, event: RunDone) -> None:
        if self._as_json:
            click.echo(json.dumps(summary(event)))
            return
        if not self._table:
            return
        best = f"best {event.best_accuracy:.2%} after epoch {event.best_epoch}"
        if event.last is None:
            click.echo(f"\nalready complete: {event.epoch} epochs, {best}")
        else:
            if event.skipped:
                click.echo(f"\n{event.skipped} of {event.step} steps were skipped: loss or gradients were not finite")
            if event.epoch < self._epochs:
                click.echo(f"\nno better epoch for {event.epoch - event.best_epoch} epochs: stopped early")
            click.echo(f"\ntest accuracy {event.last.test.accuracy:.2%} ({best}), {event.seconds:.1f} s in all")
        folder = printable(str(event.output))
        click.echo(f"results are in {folder}: best.safetensors, last.safetensors, metrics.jsonl, config.yaml")
        click.echo(f"next: nnkit eval {shlex.quote(f'{folder}/best.safetensors')}")


def summary(event: RunDone) -> dict[str, Any]:
    """Return the outcome of a run as plain values."""
    return {
        "output": str(event.output),
        "epoch": event.epoch,
        "step": event.step,
        "skipped_steps": event.skipped,
        "seconds": event.seconds,
        "best_epoch": event.best_epoch,
        "best_accuracy": event.best_accuracy,
        "train_loss": event.last.train_loss if event.last else None,
        "test_loss": event.last.test.loss if event.last else None,
        "test_accuracy": event.last.test.accuracy if event.last else None,
    }
