"""A layout by Graphviz's `dot`, where that is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

from nnkit.errors import ConfigError
from nnkit.graph import layered
from nnkit.graph.arrangement import Layout
from nnkit.graph.geometry import Path, Placement, Size, Wire

LAYOUTS = ("auto", "own", "dot")

_PER_INCH = 72.0
_PATIENCE = 20.0
# So many boxes take it less than a second.
_QUICK = 200


def layout_named(name: str) -> Layout:
    """Return one of `LAYOUTS`: what is best on this machine, our own, or that of `dot`.

    Raises:
        ConfigError: `dot` is not installed.
    """
    if name == "own":
        return layered.place
    if shutil.which("dot"):
        return place if name == "dot" else smaller
    if name == "dot":
        raise ConfigError(
            "the program dot is not installed: install Graphviz, or take --layout own, which needs nothing"
        )
    return layered.place


def smaller(sizes: Mapping[Hashable, Size], wires: Sequence[Wire]) -> Placement:
    """Lay out by `dot`, unless that would take long, and by ourselves, and return what takes less room."""
    own = layered.place(sizes, wires)
    other = place(sizes, wires) if len(sizes) <= _QUICK else own
    return other if other.width * other.height < own.width * own.height else own


def place(sizes: Mapping[Hashable, Size], wires: Sequence[Wire]) -> Placement:
    """Lay out boxes and the arrows between them, by ourselves if `dot` fails or takes too long."""
    names = {box: f"n{number}" for number, box in enumerate(sizes)}
    try:
        ended = subprocess.run(
            ["dot", "-Tplain"],
            input="\n".join(_program(sizes, wires, names)),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
        return _placement(ended.stdout, sizes, wires, names)
    except (OSError, subprocess.SubprocessError, ValueError, LookupError):
        return layered.place(sizes, wires)


def _program(sizes: Mapping[Hashable, Size], wires: Sequence[Wire], names: Mapping[Hashable, str]) -> Iterator[str]:
    """Yield lines that say how large boxes are and what is connected, but not what is written into them."""
    yield "digraph { nodesep=0.36; ranksep=0.56; node [shape=box, fixedsize=true, margin=0]; edge [arrowhead=none];"
    ports: dict[Hashable, dict[float, None]] = {box: {} for box in sizes}
    for wire in wires:
        for box, at in ((wire.source, wire.source_at), (wire.target, wire.target_at)):
            if at is not None:
                ports[box][at] = None
    for box, (width, height) in sizes.items():
        cells = f", shape=none, label=<{_cells((width, height), sorted(ports[box]))}>" if ports[box] else ""
        yield f"{names[box]} [width={width / _PER_INCH:.4f}, height={height / _PER_INCH:.4f}{cells}];"
    for wire in wires:
        yield f"{names[wire.source]}{_port(wire.source_at)}:s -> {names[wire.target]}{_port(wire.target_at)}:n;"
    yield "}"


def _port(at: float | None) -> str:
    return "" if at is None else f":p{at:.0f}".replace("-", "m")


def _cells(size: Size, ports: Sequence[float]) -> str:
    """Return a table as large as a box, with narrow cells where arrows leave and arrive."""
    cells, done = [], 0
    for at in ports:
        middle = round(size[0] / 2 + at)
        if middle - 2 > done:
            cells.append(("", middle - 2 - done))
        cells.append((f' port="{_port(at)[1:]}"', 4))
        done = middle + 2
    cells.append(("", max(round(size[0]) - done, 1)))
    row = "".join(f'<td{port} fixedsize="true" width="{wide}" height="{size[1]:.0f}"></td>' for port, wide in cells)
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{row}</tr></table>'


def _placement(
    answer: str, sizes: Mapping[Hashable, Size], wires: Sequence[Wire], names: Mapping[Hashable, str]
) -> Placement:
    rows = [line.split() for line in answer.splitlines()]
    width, height = (_PER_INCH * float(word) for word in rows[0][2:4])
    corners = {}
    for box, name in names.items():
        (row,) = (row for row in rows if row[:2] == ["node", name])
        wide, high = sizes[box]
        corners[box] = _PER_INCH * float(row[2]) - wide / 2, height - _PER_INCH * float(row[3]) - high / 2
    found: defaultdict[tuple[str, str], list[Path]] = defaultdict(list)
    for row in rows:
        if row[0] == "edge":
            # Names of ends come with those of their ports.
            tail, head = (end.partition(":")[0] for end in row[1:3])
            numbers = [_PER_INCH * float(word) for word in row[4 : 4 + 2 * int(row[3])]]
            found[tail, head].append([(x, height - y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)])
    paths = [found[names[wire.source], names[wire.target]].pop(0) for wire in wires]
    for wire, path in zip(wires, paths, strict=True):
        # Its numbers have five digits, which is less than a pixel in a large drawing.
        (x, y), (width_of, height_of) = corners[wire.source], sizes[wire.source]
        path[0] = x + width_of / 2 + (wire.source_at or 0.0), y + height_of
        (x, y), (width_of, _) = corners[wire.target], sizes[wire.target]
        path[-1] = x + width_of / 2 + (wire.target_at or 0.0), y
    return Placement(corners, paths, width, height)
