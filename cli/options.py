"""Options that several commands share, and how they become overrides of a config."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nnkit.cli import suggestions

if TYPE_CHECKING:
    from nnkit.training.config import Override
    from nnkit.training.schema import Config

Function = TypeVar("Function", bound=Callable[..., Any])


def _find_checkpoint(context: click.Context, _: click.Parameter, path: Path) -> Path:
    """Return the file that a path stands for, as all commands understand it."""
    if context.resilient_parsing:
        return path
    from nnkit.training.paths import find_checkpoint

    return find_checkpoint(path)


checkpoint = click.argument(
    "checkpoint",
    type=click.Path(path_type=Path),
    callback=_find_checkpoint,
    shell_complete=suggestions.checkpoints,
)
config_or_checkpoint = click.argument(
    "source",
    metavar="[CONFIG|CHECKPOINT]",
    default="lenet",
    shell_complete=suggestions.configs_and_checkpoints,
)
settings = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Replace a value; repeatable.",
    shell_complete=suggestions.settings,
)
device = click.option(
    "--device",
    metavar="DEVICE",
    help="Where to compute: cpu (cuda is not available yet).",
    shell_complete=suggestions.devices,
)
threads = click.option("--threads", metavar="N", help="CPU threads; all where not given.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else.")


def _allow_code(context: click.Context, _: click.Parameter, is_allowed: bool) -> None:
    if is_allowed and not context.resilient_parsing:
        # Pydantic takes a while to import.
        from nnkit.training.user_code import allowed

        # Until the command ends.
        context.with_resource(allowed())


# All that a command needs for networks in Python: it has no value.
allow_code = click.option(
    "--allow-code",
    is_flag=True,
    expose_value=False,
    callback=_allow_code,
    help="Run the Python file that the config names as its network.",
)


def allowance(config: Config) -> str:
    """Return what a command needs to build the network of this config, as it is typed behind the rest."""
    from nnkit.training.user_code import is_code

    return " --allow-code" if is_code(config) else ""


def overrides(settings: Sequence[str], options: dict[str, tuple[str, str | None]]) -> list[Override]:
    """Return what the command line puts in place of values of the config.

    Args:
        settings: values of `--set`, each KEY=VALUE.
        options: the dotted keys that have options of their own, each with its option's name and value.

    Raises:
        click.UsageError: a setting is not KEY=VALUE.
        InvalidConfigError: a value is not YAML.
    """
    # Pydantic takes a while to import.
    from nnkit.training.config import Override

    result = []
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key:
            raise click.UsageError(f"--set {setting}: expected KEY=VALUE, such as optimizer.lr=0.1")
        result.append(Override.from_text(key.strip(), text, f"--set {key.strip()}"))
    for key, (option, value) in options.items():
        if value is not None:
            result.append(Override.from_text(key, value, option))
    return result
