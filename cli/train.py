"""`nnkit train`: a network from a config."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnkit.cli import options
from nnkit.cli.console import announce_compilation

if TYPE_CHECKING:
    from nnkit.training.schema import Config


@click.command("train")
@click.argument("config", required=False)
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Replace a value; repeatable.")
@click.option("--epochs", metavar="N", help="Passes over the training images.")
@click.option("--seed", metavar="N", help="Decides all that is random.")
@options.device
@options.threads
@click.option("--output", metavar="DIR", help="Folder for the results [default: runs/<name of the config>].")
@click.option("--resume", metavar="CHECKPOINT", help="Go on from a last.safetensors; CONFIG may be left out.")
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
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Train a network from a config.

    CONFIG is a YAML file, or the name of a built-in config: quickstart, lenet, speedrun,
    lenet_best, mnist_convnet or rnn.

    \b
    Examples:
      nnkit train quickstart
      nnkit train lenet --epochs 1 --set optimizer.lr=0.02
      nnkit train --resume runs/lenet/last.safetensors
    """  # noqa: D301 (click wants the character, not a backslash)
    if config is None and resume is None:
        raise click.UsageError("which CONFIG? Try: nnkit train quickstart")
    # Numba and pydantic take most of a second to import; --help needs neither.
    from nnkit.cli.progress import Progress
    from nnkit.training.run import train

    replaced = {
        "training.epochs": ("--epochs", epochs),
        "training.seed": ("--seed", seed),
        "training.device": ("--device", device),
        "training.threads": ("--threads", threads),
    }
    checked = _load(config, resume, settings, replaced)
    folder = Path(output or checked.training.output or _default_output(config, resume))
    announce_compilation(quiet=quiet)
    progress = Progress(as_json=as_json, quiet=quiet, verbose=verbose)
    with progress:
        for event in train(checked, folder, Path(resume) if resume else None):
            progress.show(event)


def _load(
    config: str | None, resume: str | None, settings: tuple[str, ...], replaced: dict[str, tuple[str, str | None]]
) -> Config:
    from nnkit.training.config import load_config
    from nnkit.training.load import config_of

    overrides = options.overrides(settings, replaced)
    if config is not None:
        return load_config(config, overrides)
    return config_of(Path(str(resume)), overrides)


def _default_output(config: str | None, resume: str | None) -> Path:
    return Path("runs", Path(config).stem) if config else Path(str(resume)).parent
