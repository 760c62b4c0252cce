"""`nnkit validate`: whether configs can work."""

from __future__ import annotations

import click

from nnkit.cli import options, suggestions
from nnkit.cli.console import show_status, write
from nnkit.errors import ConfigError
from nnkit.escapes import printable


class InvalidConfigsError(ConfigError):
    """All that is wrong with several configs, a line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self._problems = problems

    @property
    def lines(self) -> list[str]:
        """A line for each problem."""
        return self._problems


@click.command("validate")
@click.argument("configs", metavar="CONFIG...", nargs=-1, required=True, shell_complete=suggestions.configs)
@options.settings
@options.allow_code
def command(configs: tuple[str, ...], settings: tuple[str, ...]) -> None:
    """Check configs without training or reading data.

    Each CONFIG is a YAML file or the name of a built-in config. All that is wrong is told at once, a line for
    each problem with file, line and column; layers that do not fit each other or the images are found, too.

    \b
    Examples:
      nnkit validate mine.yaml
      nnkit validate *.yaml --set optimizer.lr=0.1
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"checking {', '.join(configs)} ...")
    # Pydantic takes a while to import.
    from nnkit.training.user_code import may_run
    from nnkit.training.validate import validated

    overrides = options.overrides(settings, {})
    problems: list[str] = []
    for name in configs:
        try:
            config = validated(name, overrides)
        except ConfigError as error:
            problems += error.lines
        else:
            but = "" if may_run(config) else f", but for {config.code_path}, which has not been run; add --allow-code"
            write(printable(f"{name}: valid{but}"))
    if problems:
        raise InvalidConfigsError(problems)
