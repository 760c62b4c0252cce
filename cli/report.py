"""`nnkit report`: a page about a run, or one that compares several."""

from __future__ import annotations

from pathlib import Path

import click

from nnkit.cli import options, suggestions
from nnkit.cli.console import announce_compilation, show_status, tell, write
from nnkit.escapes import printable


@click.command("report")
@click.argument(
    "runs",
    metavar="RUN...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    shell_complete=suggestions.folders,
)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the page goes [default: RUN/report.html; compare.html for several].",
)
@options.allow_code
def command(runs: tuple[Path, ...], output: Path | None) -> None:
    """Make the report of a run, or compare several.

    RUN is the folder of a run, finished or not. Its report is a page that needs nothing else, and pictures beside
    it: curves.png, confusion.png and mistakes.png. With --output the page alone is written. A comparison has the
    curves of all runs, their outcome, and what their configs differ in.

    \b
    Examples:
      nnkit report runs/lenet
      nnkit report runs/lenet --output lenet.html
      nnkit report runs/lenet runs/rnn --output compare.html
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status("making the report ...")
    # Numba and pydantic take most of a second to import; --help needs neither.
    from nnkit.reporting.comparison import write_comparison
    from nnkit.reporting.report import write_report

    if len(runs) > 1:
        reported = write_comparison(runs, output)
    else:
        announce_compilation()
        reported = write_report(runs[0], output)
    write(f"report: {printable(str(reported.page))}")
    for sentence in reported.without:
        tell(f"nnkit: warning: {printable(sentence)}")
