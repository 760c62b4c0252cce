"""`nnkit predict`: what a network takes pictures for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnkit.cli import options, suggestions, tables
from nnkit.cli.console import announce_compilation, show_status, tell, write
from nnkit.cli.drawing import bar, bold, drawn
from nnkit.errors import NnkitError
from nnkit.escapes import printable

if TYPE_CHECKING:
    from nnkit.training.predict import Prediction

# So many pictures are shown one by one, more of them as a table.
_MOST_IN_FULL = 3
# More of them would not fit into a picture that can be looked at, or into the memory.
_MOST_IN_PNG = 2500
_GAP = 3
_LONGEST_BAR = 40
_SHORTEST_NAME = 12


@click.command("predict")
@options.checkpoint
@click.argument("images", metavar="IMAGE...", nargs=-1, shell_complete=suggestions.images)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each image, each in a line of its own.")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Write what the network saw as a picture.")
@options.device
@options.threads
@options.allow_code
def command(
    checkpoint: Path, images: tuple[str, ...], as_json: bool, png: Path | None, device: str | None, threads: str | None
) -> None:
    """Read the digit in each IMAGE: files, folders of them, or - for standard input.

    PNG, JPEG, BMP, GIF and WebP are read (which needs the extra 'image'), in any size and colour, photographs with
    shadows among them. The digit may be dark on light or light on dark; it is scaled and centred as MNIST's are.

    \b
    Examples:
      nnkit predict runs/lenet/best.safetensors three.png
      nnkit predict runs/lenet/best.safetensors photos --png seen.png
      nnkit predict runs/lenet/best.safetensors photos --json | jq -r '[.image, .guess] | @tsv'
    """  # noqa: D301 (click wants the character, not a backslash)
    if images and images[0].endswith(".safetensors"):
        raise click.UsageError(f"{checkpoint}: the checkpoint comes first, then the images")
    if checkpoint.suffix in suggestions.IMAGES:
        raise click.UsageError(f"{checkpoint}: is an image, expected the checkpoint before it")
    if not images:
        raise click.UsageError(f"which IMAGE? Try: nnkit predict {checkpoint} three.png")
    show_status(f"reading {checkpoint} ...")
    # Numba and pydantic take most of a second to import; --help needs neither.
    from nnkit.training.predict import Predictor, Unreadable, picture_names, predict

    replaced = {
        "training.device": ("--device", device),
        # The threads of the machine that trained say nothing about this one.
        "training.threads": ("--threads", threads or "null"),
    }
    names = picture_names(images)
    announce_compilation(quiet=as_json)
    predictor = Predictor(checkpoint, options.overrides((), replaced))
    show = _as_json if as_json else _views(names, predictor.classes)
    seen: list[Prediction] = []
    failures: list[NnkitError] = []
    read = 0
    for outcome in predict(predictor, names):
        if isinstance(outcome, Unreadable):
            tell(f"nnkit: error: {printable(str(outcome.error))}")
            failures.append(outcome.error)
            continue
        if outcome.seen.others:
            digits = 1 + outcome.seen.others
            tell(f"nnkit: warning: {printable(outcome.name)}: may hold {digits} digits; the clearest was read")
        write(show(outcome, predictor.classes))
        read += 1
        if png is not None and read <= _MOST_IN_PNG:
            seen.append(outcome)
    if png is not None and seen:
        _write_png(png, seen, predictor.classes)
        part = f" of the first {len(seen):,} images" if len(seen) < read else ""
        tell(f"what the network saw{part} is in {printable(str(png))}")
    if failures:
        if len(names) > 1:
            tell(f"nnkit: {len(failures):,} of {len(names):,} images could not be read")
        raise click.exceptions.Exit(failures[0].exit_code)


View = Callable[["Prediction", Sequence[str]], str]


def _as_json(prediction: Prediction, classes: Sequence[str]) -> str:
    first, _ = _best(prediction)
    chances = [round(chance, 6) for chance in prediction.probabilities.tolist()]
    top, left, bottom, right = prediction.seen.box
    values = {
        "image": prediction.name,
        "guess": classes[first],
        "probability": chances[first],
        "probabilities": dict(zip(classes, chances, strict=True)),
        "box": {"left": left, "top": top, "right": right, "bottom": bottom},
    }
    return json.dumps(values)


def _best(prediction: Prediction) -> tuple[int, int]:
    """Return the most probable class and the one after it."""
    first, second = prediction.probabilities.argsort()[::-1][:2].tolist()
    return first, second


def _views(names: Sequence[str], classes: Sequence[str]) -> View:
    """Return what shows one prediction as text: in full if there are few, and as a row of a table if there are many."""
    columns = shutil.get_terminal_size().columns
    if len(names) <= _MOST_IN_FULL:
        return lambda prediction, classes: _in_full(prediction, classes, columns)
    class_width = max(5, *map(len, classes))
    longest = max(5, *(len(printable(name)) for name in names))
    room, second_width = tables.width() - class_width - 15, class_width + 10
    # Where there is no room for both, a name says more than the second guess.
    has_second = room - second_width >= min(longest, _SHORTEST_NAME)
    width = min(longest, max(_SHORTEST_NAME, room - second_width * has_second))
    write(f"{'image':<{width}}  {'guess':<{class_width}}  probability{'  runner-up' * has_second}")
    return lambda prediction, classes: _as_row(prediction, classes, width, class_width, has_second)


def _as_row(prediction: Prediction, classes: Sequence[str], width: int, class_width: int, has_second: bool) -> str:
    first, second = _best(prediction)
    chances = prediction.probabilities
    name = printable(prediction.name)
    # The end of a long path says more than its beginning.
    name = name if len(name) <= width else "..." + name[3 - width :]
    guess, runner_up = bold(f"{classes[first]:<{class_width}}"), f"{classes[second]:<{class_width}}"
    row = f"{name:<{width}}  {guess}  {chances[first]:>11.2%}"
    return f"{row}  {runner_up}  {chances[second]:>6.2%}" if has_second else row


def _in_full(prediction: Prediction, classes: Sequence[str], columns: int) -> str:
    """Return lines that show what the network saw beside the probability of each class, or above it if that is wide."""
    image = prediction.seen.image
    picture, picture_width = [line for line in drawn(image) if line.strip()], image.shape[1]
    class_width = max(map(len, classes))
    beside = columns >= picture_width + class_width + 2 * _GAP + 20
    room = columns - class_width - 10 - (picture_width + _GAP if beside else 0)
    first, _ = _best(prediction)
    bars = []
    for index, (name, chance) in enumerate(zip(classes, prediction.probabilities.tolist(), strict=True)):
        line = f"{name:>{class_width}} {chance:>6.1%} {bar(chance, max(1, min(_LONGEST_BAR, room)))}".rstrip()
        bars.append(bold(line) if index == first else line)
    heading = f"{printable(prediction.name)}: {bold(classes[first])}"
    if not beside:
        return "\n".join([heading, "", *(picture if columns >= picture_width else []), *bars, ""])
    both = zip_longest(picture, bars, fillvalue="")
    rows = [f"{left:<{picture_width + _GAP}}{right}".rstrip() for left, right in both]
    return "\n".join([heading, "", *rows, ""])


def _write_png(path: Path, seen: Sequence[Prediction], classes: tuple[str, ...]) -> None:
    """Write what the network saw, each with the guess below."""
    import numpy as np

    from nnkit.cli.contact_sheet import write_contact_sheet
    from nnkit.data import ImageSet

    images = np.stack([prediction.seen.image for prediction in seen])
    guesses = np.array([_best(prediction)[0] for prediction in seen], np.uint8)
    write_contact_sheet(path, ImageSet("images", images, guesses, classes, mean=0, std=1))
