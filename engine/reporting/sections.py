"""The sections of a run's page, each as markup; empty where there is nothing to show."""

from __future__ import annotations

from html import escape
from statistics import fmean
from typing import Any

import numpy as np

from nnkit.nn.tree import parameter_count
from nnkit.reporting.charts import thinned
from nnkit.reporting.findings import Filters, Findings, Mistake
from nnkit.reporting.markup import duration, facts, grid, paragraph, picture, table, wide
from nnkit.reporting.png import Pixels, data_address
from nnkit.reporting.run_record import Epoch, RunRecord
from nnkit.reporting.shades import shades
from nnkit.training.metrics import ConfusionMatrix

_MOST_ROWS = 200
# The colours of positive and negative weights, which are told apart on light and on dark paper.
_POSITIVE, _NEGATIVE = (213, 94, 0), (38, 132, 200)


def key_figures(record: RunRecord, findings: Findings | None) -> str:
    """Return what one wants to know first."""
    values: dict[str, str] = {}
    if record.best is not None:
        values["Test accuracy"] = f"{record.best.test_accuracy:.2%}"
        values["Test loss"] = f"{record.best.test_loss:.4f}"
    if findings is not None:
        confusion = findings.evaluation.confusion
        values["Mistakes"] = f"{confusion.mistakes:,} of {confusion.images:,}"
        values["Parameters"] = f"{parameter_count(findings.network):,}"
    if record.best is not None:
        values["Best epoch"] = f"{record.best.epoch} of {record.done}"
        values["Training time"] = duration(record.train_seconds)
    return facts(values) if values else ""


def epochs_table(record: RunRecord) -> str:
    """Return the epochs as a table, the best one brought out."""
    if record.best is None:
        return ""
    best = record.best.epoch
    epochs = thinned(record.epochs, _MOST_ROWS, lambda epoch: epoch.epoch == best)
    columns = [name for name in _EPOCH_COLUMNS if any(getattr(epoch, name) is not None for epoch in epochs)]
    rows = [[_shown(epoch, name) for name in columns] for epoch in epochs]
    marked = next(number for number, epoch in enumerate(epochs) if epoch.epoch == best)
    left_out = len(record.epochs) - len(epochs)
    note = paragraph(f"{left_out:,} epochs in between are left out.") if left_out else ""
    return note + table("Epochs", [_EPOCH_COLUMNS[name][0] for name in columns], rows, text_columns=0, marked=marked)


_EPOCH_COLUMNS = {
    "epoch": ("Epoch", ",d"),
    "lr": ("Learning rate", ".3g"),
    "train_loss": ("Train loss", ".4f"),
    "train_accuracy": ("Train accuracy", ".2%"),
    "validation_loss": ("Validation loss", ".4f"),
    "validation_accuracy": ("Validation accuracy", ".2%"),
    "test_loss": ("Test loss", ".4f"),
    "test_accuracy": ("Test accuracy", ".2%"),
    "images_per_second": ("Images/s", ",.0f"),
    "train_seconds": ("Seconds", ".1f"),
}


def _shown(epoch: Epoch, name: str) -> str:
    value = getattr(epoch, name)
    return "" if value is None else format(value, _EPOCH_COLUMNS[name][1])


def confusion_table(confusion: ConfusionMatrix) -> str:
    """Return a confusion matrix as a table in two colours, for what is right and for what is wrong."""
    strengths = shades(confusion.counts)
    classes = [escape(name) for name in confusion.classes]
    rows = []
    for row, name in enumerate(classes):
        cells = []
        for column, count in enumerate(confusion.counts[row].tolist()):
            colour = "right" if row == column else "wrong"
            style = f' style="background:rgb(var(--{colour})/{strengths[row, column]:.2f})"' if count else ""
            title = f"{count:,} images of {name}, taken for {classes[column]}"
            cells.append(f'<td{style} title="{title}">{f"{count:,}" if count else ""}</td>')
        rows.append(f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>')
    heads = "".join(f'<th scope="col"><span>{name}</span></th>' for name in classes)
    axis = f'<tr><td class="axis"></td><th class="axis" colspan="{len(classes)}">guess</th></tr>'
    matrix = (
        f'<table><thead>{axis}<tr><th class="axis">truth</th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )
    # Long names would make wide columns.
    kind = "confusion turned" if max(map(len, classes)) > 3 else "confusion"
    return f'<div class="{kind}">{wide("Images by class and guess", matrix)}</div>'


def classes_table(confusion: ConfusionMatrix) -> str:
    """Return precision, recall, F1 and support of each class, and their means."""
    classes = confusion.per_class()
    rows = [
        [each.name, f"{each.precision:.2%}", f"{each.recall:.2%}", f"{each.f1:.2%}", f"{each.images:,}"]
        for each in classes
    ]
    means = [
        fmean(values) for values in zip(*((each.precision, each.recall, each.f1) for each in classes), strict=True)
    ]
    rows.append(["mean", *(f"{mean:.2%}" for mean in means), f"{confusion.images:,}"])
    return table("Classes", ["Class", "Precision", "Recall", "F1", "Images"], rows, marked=len(rows) - 1)


def mistakes_grid(mistakes: tuple[Mistake, ...], total: int) -> str:
    """Return the images that the network is wrong about, each with its class and the guess."""
    if not mistakes:
        return paragraph("There are none among the test images.")
    words = f"The {len(mistakes)} most confident of {total:,}" if len(mistakes) < total else "All of them"
    pictures = [
        picture(
            data_address(mistake.image),
            f"{mistake.truth}, taken for {mistake.guess}",
            f"{mistake.truth} → {mistake.guess}",
            f"{mistake.confidence:.1%}",
        )
        for mistake in mistakes
    ]
    return paragraph(f"{words}: the class, the guess, and its probability.") + grid("mistakes", pictures)


def filters_grid(filters: Filters) -> str:
    """Return the weights of a layer as pictures: one colour for positive, another one for negative."""
    largest = max(float(np.abs(filters.pictures).max()), 1e-30)
    count = len(filters.pictures)
    shown = f"{count} of {filters.total:,} outputs" if count < filters.total else f"{count} outputs"
    what = "outputs (down) by inputs" if count == 1 else shown
    words = f"Weights of {filters.layer}, {what}: orange is positive, blue is negative, up to {largest:.3g}."
    pictures = [
        f'<img src="{data_address(_coloured(weights / largest))}" alt="weights {number}">'
        for number, weights in enumerate(filters.pictures)
    ]
    return paragraph(words) + grid(
        "filters single" if count == 1 else "filters", [f"<figure>{img}</figure>" for img in pictures]
    )


def graph(svg: str) -> str:
    """Return the drawing of a graph with words about it."""
    words = "What a backward pass of the loss walks through: arrows go the way of the gradients."
    return paragraph(words) + f'<div class="graph">{wide("Graph", svg)}</div>' if svg else ""


def _coloured(weights: np.ndarray[Any, Any]) -> Pixels:
    """Return weights from -1 to 1 as colours of that opacity, so that 0 is the paper, whatever that is."""
    colours = np.where((weights > 0)[..., None], _POSITIVE, _NEGATIVE)
    opacity = np.rint(np.abs(weights) * 255)[..., None]
    return np.concatenate([colours, opacity], axis=-1).astype(np.uint8)
