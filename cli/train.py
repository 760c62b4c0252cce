"""`nnkit train`: a network from a config."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnkit.cli import options, suggestions
from nnkit.cli.console import announce_compilation, show_status, tell
from nnkit.cli.signals import Signals
from nnkit.escapes import printable

if TYPE_CHECKING:
    from nnkit.cli.progress import Progress
    from nnkit.training.config import Override
    from nnkit.training.schema import Config


@click.command("train")
@click.argument("config", required=False, shell_complete=suggestions.configs)
@options.settings
@click.option("--epochs", metavar="N", help="Passes over the training images.")
@click.option("--seed", metavar="N", help="Decides all that is random.")
@options.device
@options.threads
@click.option(
    "--output",
    metavar="DIR",
    help="Folder for the results [default: runs/<name of the config>].",
    shell_complete=suggestions.folders,
)
@click.option(
    "--resume",
    metavar="CHECKPOINT|auto",
    help="Go on from a last.safetensors; auto finds it in the output folder.",
    shell_complete=suggestions.starts,
)
@click.option("--force", is_flag=True, help="Resume also with another config or other data.")
@click.option("--tensorboard", is_flag=True, help="Write event files for TensorBoard, too.")
@click.option("--no-report", is_flag=True, help="Leave out the page and the pictures about the run.")
@click.option("--detect-anomaly", is_flag=True, help="Name the operation where numbers stop being finite.")
@options.allow_code
@options.as_json
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Print the config and the network first.")
def command(
    config: str | None,
    settings: tuple[str, ...],
    epochs: str | None,
    seed: str | None,
    device: str | None,
    threads: str | None,
    output: str | None,
    resume: str | None,
    force: bool,
    tensorboard: bool,
    no_report: bool,
    detect_anomaly: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Train a network from a config.

    CONFIG is a YAML file, or the name of a built-in config: quickstart, lenet, speedrun, lenet_best,
    mnist_convnet, rnn, lstm, basic_mnist or sequential. It may be left out to resume, since checkpoints carry theirs.

    Ctrl-C saves the run after the step that it is in. A run that goes on from a checkpoint ends with the same
    bits as one that was never stopped.

    In the end the folder of the results gets report.html, a page about the run. If that cannot be made, a warning
    says why, and the run counts as done nevertheless.

    \b
    Examples:
      nnkit train quickstart
      nnkit train lenet --epochs 1 --set optimizer.lr=0.02
      nnkit train lenet --resume auto
      nnkit train --resume runs/lenet/last.safetensors
      nnkit train my_config.yaml --allow-code
    """  # noqa: D301 (click wants the character, not a backslash)
    if config is None and resume is None:
        raise click.UsageError("which CONFIG? Try: nnkit train quickstart")
    if not quiet:
        show_status(f"preparing {config or resume} ...")
    replaced = {
        "training.epochs": ("--epochs", epochs),
        "training.seed": ("--seed", seed),
        "training.device": ("--device", device),
        "training.threads": ("--threads", threads),
        "training.tensorboard": ("--tensorboard", "true" if tensorboard else None),
        "training.detect_anomaly": ("--detect-anomaly", "true" if detect_anomaly else None),
    }
    checked, start = _load(config, resume, output, options.overrides(settings, replaced))
    folder = _output(output, config, checked, start)
    announce_compilation(quiet=quiet)
    # What trains takes a while to import; --help and what is refused do not need it.
    from nnkit.cli.progress import Progress

    with Progress(as_json=as_json, quiet=quiet, verbose=verbose) as progress:
        signals = click.get_current_context().find_object(Signals) or Signals()
        if _train(checked, folder, start, force, progress, signals) and not no_report:
            _report(checked, folder, progress, signals)


def _train(
    config: Config, folder: Path, resume: Path | str | None, force: bool, progress: Progress, signals: Signals
) -> bool:
    """Train, and stop with a checkpoint when a signal asks for it or nobody reads on; return whether it did train."""
    from nnkit.training.fit import EpochDone, StepDone
    from nnkit.training.run import RunStopped, train

    reader_left: BrokenPipeError | None = None
    has_trained = False

    def should_stop() -> bool:
        return signals.were_received() or reader_left is not None

    for event in train(config, folder, resume, force=force, should_stop=should_stop):
        # Before the first step there is nothing to save, and perhaps a compiler at work that takes its time.
        if isinstance(event, StepDone):
            signals.defer()
        has_trained = has_trained or isinstance(event, EpochDone)
        if isinstance(event, RunStopped) and reader_left is None:
            place = shlex.quote(printable(str(event.checkpoint)))
            allowance = options.allowance(config)
            signals.stop(f"after step {event.step}; to go on: nnkit train --resume {place}{allowance}")
        try:
            progress.show(event)
        except BrokenPipeError as error:
            reader_left = error
    if reader_left is not None:
        raise reader_left
    return has_trained


def _report(config: Config, folder: Path, progress: Progress, signals: Signals) -> None:
    """Make the report of a run that is done and saved: whatever goes wrong now does not make it a failure."""
    from nnkit.reporting.report import write_report
    from nnkit.training.objections import one_line

    again = f"nnkit report {shlex.quote(printable(str(folder)))}{options.allowance(config)} makes it"
    try:
        with signals.obeyed(f"before the report was made; {again}"):
            reported = write_report(folder)
    except Exception as error:
        tell(f"nnkit: warning: there is no report: {printable(one_line(error))}; {again}")
    else:
        progress.show_report(reported)


def _load(
    config: str | None, resume: str | None, output: str | None, overrides: list[Override]
) -> tuple[Config, Path | str | None]:
    """Return the config, and the checkpoint to go on from."""
    from nnkit.training.config import load_config

    checked = None if config is None else load_config(config, overrides)
    # After the check, because a config that is refused should not have waited for what trains.
    from nnkit.training.load import config_of
    from nnkit.training.paths import LAST, find_checkpoint
    from nnkit.training.resume import AUTO, newest

    start = AUTO if resume == AUTO else resume and find_checkpoint(Path(resume), LAST)
    if checked is not None:
        return checked, start
    if start == AUTO:
        if output is None:
            raise click.UsageError("--resume auto needs CONFIG, or the folder of the run as --output")
        found = newest(Path(output))
        if found is None:
            raise click.UsageError(f"{output}: holds no checkpoint to resume; give a CONFIG to begin")
        start, _ = found
    return config_of(Path(str(start)), overrides), start


def _output(output: str | None, config: str | None, checked: Config, start: Path | str | None) -> Path:
    """Return the folder of the results."""
    if output is not None:
        return Path(output)
    if config is None:
        # What a checkpoint says about folders was true where it was written, and by whom.
        return Path(str(start)).parent
    return checked.output or Path("runs", Path(config).stem)
