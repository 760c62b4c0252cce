"""`nnkit data`: the data sets, and what is in them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnkit.cli import suggestions
from nnkit.cli.console import show_status, write
from nnkit.cli.drawing import drawn
from nnkit.cli.group import Group
from nnkit.cli.tables import table
from nnkit.errors import ConfigError
from nnkit.escapes import printable

if TYPE_CHECKING:
    from nnkit.data import ImageSet

_GAP = 2


@click.group("data", cls=Group)
def command() -> None:
    """List, download, verify or look at the data sets.

    \b
    Examples:
      nnkit data ls
      nnkit data download mnist
      nnkit data verify mnist
      nnkit data show digits --label 7 --png sevens.png
    """  # noqa: D301 (click wants the character, not a backslash)


@command.command("ls")
def list_all() -> None:
    """List the data sets, and where their files are.

    \b
    Examples:
      nnkit data ls
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status("looking for the data sets ...")
    # NumPy takes a while to import.
    from nnkit.data import DATASETS

    rows = []
    for name in DATASETS.names():
        data_set = DATASETS.get(name)
        place = data_set.place()
        where = printable(place) if place else f"not on this machine; nnkit data download {name} fetches it"
        rows.append((name, f"{len(data_set.classes)} classes", where))
    # Nothing is cut from where the files are, which is there to be copied.
    write("\n".join(table(rows, "<><")))


@command.command("download")
@click.argument("name", shell_complete=suggestions.data_sets)
def download(name: str) -> None:
    """Fetch a data set into the cache folder.

    Files that are there already, and as they were published, stay.

    \b
    Examples:
      nnkit data download mnist
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"fetching {name} ...")
    from nnkit.data import DATASETS

    data_set = DATASETS.get(name)
    found = False
    for path in data_set.fetch():
        write(f"{printable(str(path))}: as published")
        found = True
    if not found:
        write(f"{name}: {data_set.place()}, there is nothing to download")


@command.command("verify")
@click.argument("name", shell_complete=suggestions.data_sets)
def verify(name: str) -> None:
    """Compare the files of a data set with what was published.

    All of them are read.

    \b
    Examples:
      nnkit data verify mnist
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"reading {name} ...")
    from nnkit.data import DATASETS, SPLITS

    data_set = DATASETS.get(name)
    for split in SPLITS:
        for line in data_set.verify(split):
            write(printable(line))


@command.command("show")
@click.argument("name", shell_complete=suggestions.data_sets)
@click.option("--split", type=click.Choice(["train", "test"]), default="train", show_default=True)
@click.option("--label", metavar="CLASS", help="Only images of this class.")
@click.option("--count", type=click.IntRange(1, 10_000), metavar="N", default=10, show_default=True, help="Images.")
@click.option("--start", type=click.IntRange(0), metavar="N", default=0, show_default=True, help="Images before them.")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Write a contact sheet instead.")
def show(name: str, split: str, label: str | None, count: int, start: int, png: Path | None) -> None:
    """Draw images in the terminal, or as a PNG file.

    The file needs the extra 'image': pip install 'nnkit[image]'.

    \b
    Examples:
      nnkit data show mnist
      nnkit data show digits --label 7 --count 4
      nnkit data show mnist --count 100 --png sheet.png
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"reading {name} ...")
    from nnkit import data

    images = _chosen(data.load(name, split), label, start, count)
    if png is not None:
        from nnkit.cli.contact_sheet import write_contact_sheet

        write_contact_sheet(png, images)
        write(f"{len(images)} images are in {printable(str(png))}")
        return
    write("\n".join(_drawn(images, shutil.get_terminal_size().columns)))


def _chosen(images: ImageSet, label: str | None, start: int, count: int) -> ImageSet:
    import numpy as np

    from nnkit.registry import unknown_name

    chosen = np.arange(len(images))
    if label is not None:
        if label not in images.classes:
            raise ConfigError(unknown_name("class", label, images.classes))
        chosen = np.flatnonzero(images.labels == images.classes.index(label))
    chosen = chosen[start : start + count]
    if not len(chosen):
        raise ConfigError(f"--start {start}: there are not so many images")
    return images.select(chosen)


def _drawn(images: ImageSet, columns: int) -> list[str]:
    """Return lines that show the images side by side, as many as fit, each with its class below."""
    width = images.images.shape[2]
    in_a_row = max(1, (columns + _GAP) // (width + _GAP))
    lines: list[str] = []
    for first in range(0, len(images), in_a_row):
        part = slice(first, first + in_a_row)
        pictures = [drawn(image) for image in images.images[part]]
        lines += [(" " * _GAP).join(row).rstrip() for row in zip(*pictures, strict=True)]
        names = [images.classes[number][:width] for number in images.labels[part].tolist()]
        lines += [(" " * _GAP).join(f"{printable(name):^{width}}" for name in names).rstrip(), ""]
    return lines[:-1]
