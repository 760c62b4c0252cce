"""`nnkit profile`: what a training step spends its time on."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from nnkit.cli import options, suggestions
from nnkit.cli.console import announce_compilation, show_status, write
from nnkit.cli.tables import table
from nnkit.quantities import bytes_in_words

if TYPE_CHECKING:
    from nnkit.profiling import Row
    from nnkit.training.profile import Profile

# Short parts are often left alone by other programs, whole steps less often.
_BUSY = 1.25


@click.command("profile")
@click.argument("config", shell_complete=suggestions.configs)
@options.settings
@options.device
@options.threads
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Steps to measure [default: some seconds].")
@options.allow_code
@options.as_json
def command(
    config: str,
    settings: tuple[str, ...],
    device: str | None,
    threads: str | None,
    steps: int | None,
    as_json: bool,
) -> None:
    """Measure where the time of a training step goes.

    CONFIG is a YAML file, or the name of a built-in config: quickstart, lenet, mnist_convnet or rnn. The
    network trains for some steps on the config's data, and nothing is saved.

    The table has, for each operation, forward and backward: its time; the multiply-adds of convolutions and
    matrix products, counted as 2 FLOPs each; their rate, and its share of the peak that the machine was seen
    to reach in the same run; and the bytes that it reads and writes, each operand once. Narrow terminals get
    fewer columns, --json has all.

    \b
    Examples:
      nnkit profile quickstart
      nnkit profile lenet --threads 1 --set data.batch_size=256
      nnkit profile lenet --set training.plan=false
      nnkit profile rnn --json > rnn.json
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"measuring {config} ...")
    # Numba and pydantic take most of a second to import; --help needs neither.
    from nnkit.training.config import load_config
    from nnkit.training.profile import profile

    replaced = {"training.device": ("--device", device), "training.threads": ("--threads", threads)}
    checked = load_config(config, options.overrides(settings, replaced))
    announce_compilation()
    found = profile(checked, steps)
    if as_json:
        write(json.dumps(_as_values(found)))
    else:
        write("\n".join(_as_text(found)))


class _Summary(NamedTuple):
    """Some rows together."""

    seconds: float
    flops: int
    bytes_read: int
    bytes_written: int


def _sum(rows: Iterable[Row]) -> _Summary:
    counts = [(row.seconds, row.flops, row.bytes_read, row.bytes_written) for row in rows]
    return _Summary(*(sum(column) for column in zip(*counts, strict=True))) if counts else _Summary(0.0, 0, 0, 0)


def _as_values(found: Profile) -> dict[str, Any]:
    from nnkit.profiling import Phase

    seconds = statistics.median(found.seconds)
    low, high = _middle_half(found.seconds)
    whole = _sum(found.rows)
    return {
        "network": found.config.network.name,
        "data": found.config.data.name,
        "batch_size": found.batch_size,
        "threads": found.threads,
        "peak_gflops": found.peak_gflops,
        "plan": found.tape is None,
        "tape_because_of": found.tape,
        "rows": [
            {
                "phase": row.phase.value,
                "name": row.name,
                "layer": row.place.layer or None,
                "operation": row.operation,
                "part": row.part or None,
                "calls": row.calls,
                **_measured(row, found),
            }
            for row in found.rows
        ],
        "totals": {
            **{phase.value: _measured(_sum(_rows_of(found, phase)), found) for phase in Phase},
            "step": _measured(whole, found),
        },
        "undisturbed": {
            "steps": len(found.seconds),
            "milliseconds": 1e3 * seconds,
            "middle_half": [1e3 * low, 1e3 * high],
            "images_per_second": found.batch_size / seconds,
            **_rates(whole.flops, seconds, found),
        },
    }


def _measured(row: Row | _Summary, found: Profile) -> dict[str, Any]:
    return {
        "milliseconds": 1e3 * row.seconds,
        "flops": row.flops,
        **_rates(row.flops, row.seconds, found),
        "bytes_read": row.bytes_read,
        "bytes_written": row.bytes_written,
    }


def _rates(flops: int, seconds: float, found: Profile) -> dict[str, float | None]:
    """Return GFLOP/s and their share of the peak; None where nothing is counted, or too short for the clock."""
    if not flops or seconds <= 0:
        return {"gflops_per_second": None, "share_of_peak": None}
    rate = flops / seconds / 1e9
    return {"gflops_per_second": rate, "share_of_peak": rate / found.peak_gflops}


def _rows_of(found: Profile, phase: Any) -> list[Row]:
    return [row for row in found.rows if row.phase is phase]


def _middle_half(values: tuple[float, ...]) -> tuple[float, float]:
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


class _Column(NamedTuple):
    heading: str
    cell: Callable[[Row | _Summary, Profile, float], str]


_COLUMNS = (
    _Column("us", lambda row, found, whole: f"{1e6 * row.seconds:.1f}"),
    _Column("share", lambda row, found, whole: f"{row.seconds / whole:.1%}"),
    _Column("MFLOP", lambda row, found, whole: f"{row.flops / 1e6:.2f}" if row.flops else ""),
    _Column("GFLOP/s", lambda row, found, whole: _shown(_rates(row.flops, row.seconds, found)["gflops_per_second"])),
    _Column("peak", lambda row, found, whole: _shown(_rates(row.flops, row.seconds, found)["share_of_peak"], ".0%")),
    _Column("read", lambda row, found, whole: _shown_bytes(row.bytes_read)),
    _Column("written", lambda row, found, whole: _shown_bytes(row.bytes_written)),
)
# What a narrow terminal does without, in this order.
_DROPPED = ("written", "read", "MFLOP", "share", "GFLOP/s", "peak")


def _shown(value: float | None, form: str = ".1f") -> str:
    return "" if value is None else format(value, form)


def _shown_bytes(count: int) -> str:
    return bytes_in_words(count) if count else ""


def _as_text(found: Profile) -> Iterator[str]:
    config, whole = found.config, _sum(found.rows)
    way = "as a plan" if found.tape is None else f"on the tape because of {found.tape}"
    yield f"{config.network.name} on {config.data.name}: a training step of {found.batch_size:,} images, {way}"
    yield f"{_counted(found.threads, 'thread')}, peak {found.peak_gflops:.1f} GFLOP/s"
    yield ""
    yield from _table(found, whole)
    yield ""
    seconds = statistics.median(found.seconds)
    low, high = (f"{1e6 * value:.1f}" for value in _middle_half(found.seconds))
    share = _rates(whole.flops, seconds, found)["share_of_peak"]
    yield (
        f"undisturbed {1e6 * seconds:.1f} us (middle half of {_counted(len(found.seconds), 'step')}: {low} to {high}), "
        f"{found.batch_size / seconds:,.0f} images/s" + ("" if share is None else f", {share:.0%} of the peak")
    )
    if seconds > _BUSY * whole.seconds:
        yield "that is more than its parts: other programs seem to keep the processors busy"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _table(found: Profile, whole: _Summary) -> list[str]:
    """Return the lines of the table, in as many columns as fit."""
    from nnkit.profiling import Phase

    lines: list[tuple[str, Row | _Summary | None]] = []
    for phase in Phase:
        rows = _rows_of(found, phase)
        lines.append((phase.value, None))
        lines += [(f"  {row.name}{f' x{row.calls}' if row.calls > 1 else ''}", row) for row in rows]
        lines.append(("  total", _sum(rows)))
    lines.append(("sum of the parts", whole))
    cells = [["", *(heading for heading, _ in _COLUMNS)]]
    for name, line in lines:
        cells.append([name, *("" if line is None else cell(line, found, whole.seconds) for _, cell in _COLUMNS)])
    return table(cells, "<" + ">" * len(_COLUMNS), drop=_DROPPED, shorten=0)
