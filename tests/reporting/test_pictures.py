"""Charts, their drawings, and small pictures."""

import io
import re
import xml.etree.ElementTree as ElementTree
from importlib.resources import files

import matplotlib
import numpy as np
import pytest
from PIL import Image

from nnkit.reporting import drawing, png
from nnkit.reporting.charts import COLOURS, Chart, Line, charts_of, comparison_charts
from nnkit.reporting.findings import Mistake
from nnkit.reporting.run_record import read_run
from nnkit.reporting.shades import shades
from nnkit.training.metrics import ConfusionMatrix

from .conftest import epoch, make_run


def opened(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize(("shape", "mode"), [((5, 3), "L"), ((2, 7, 4), "RGBA")])
def test_a_small_picture_is_read_by_others(shape, mode):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    image = opened(png.encode(pixels))
    assert image.mode == mode
    assert np.array_equal(np.asarray(image), pixels)


@pytest.fixture
def record(tmp_path):
    figures = [(0.5, 0.4), (0.8, 0.7), (0.7, 0.75)]
    lines = [
        epoch(number, train_accuracy=train, test_accuracy=test, train_loss=10.0**-number)
        for number, (train, test) in enumerate(figures, 1)
    ]
    return read_run(make_run(tmp_path, *lines))


def test_the_charts_of_a_run(record):
    loss, accuracy, rate = charts_of(record)
    assert [line.label for line in loss.lines] == [line.label for line in accuracy.lines] == ["train", "test"]
    assert accuracy.lines[1] == Line("test", (1, 2, 3), (0.4, 0.7, 0.75), 1)
    assert (accuracy.mark, accuracy.note) == ((3, 0.75), "epoch 3 is the best")
    assert accuracy.description == "Accuracy by epoch: train from 50.00% to 70.00%; test from 40.00% to 75.00%"
    assert [chart.is_logarithmic for chart in (loss, accuracy, rate)] == [True, False, False]
    assert rate.lines[0].values == (0.01, 0.005, 0.01 / 3)


def test_a_chart_lacks_what_a_run_lacks(tmp_path):
    assert charts_of(read_run(make_run(tmp_path))) == []
    _, accuracy, _ = charts_of(read_run(make_run(tmp_path, epoch(1, validation_accuracy=0.5))))
    assert [(line.label, line.colour) for line in accuracy.lines] == [("test", 1), ("validation", 2)]


def test_long_runs_are_thinned(tmp_path):
    loss, *_ = charts_of(read_run(make_run(tmp_path, *map(epoch, range(1, 4002)))))
    epochs = loss.lines[0].epochs
    assert len(epochs) <= 1002
    assert (epochs[0], epochs[-1]) == (1, 4001)


def test_lines_of_many_runs_can_be_told_apart(record):
    charts = comparison_charts([record] * (COLOURS + 1), [f"run {number}" for number in range(COLOURS + 1)])
    assert [chart.title for chart in charts] == ["Test accuracy", "Test loss", "Training loss", "Learning rate"]
    looks = [(line.colour, line.dashed) for line in charts[0].lines]
    assert len(set(looks)) == COLOURS + 1
    assert len(drawing.PAPER.lines) == COLOURS


EXTREMES = {
    "one epoch": ((1,), (0.5,)),
    "a constant": ((1, 2), (0.0, 0.0)),
    "enormous": ((1, 2), (1e100, 1e-100)),
    "negative": ((1, 2), (-1e100, 1e100)),
    "late": ((10**9 - 1, 10**9), (1.0, 2.0)),
}


@pytest.mark.parametrize(("epochs", "values"), EXTREMES.values(), ids=EXTREMES)
def test_whatever_is_read_can_be_drawn(epochs, values):
    chart = Chart("Loss", (Line("train", epochs, values, 0), Line("test", epochs, values, 1)), "loss")
    opened(drawing.curves_png([chart]))
    ElementTree.fromstring(drawing.chart_svg(chart))


def test_one_epoch_is_a_point_with_one_number_on_each_axis():
    drawn = drawing.chart_svg(Chart("Learning rate", (Line("rate", (1,), (2.0001e-07,), 0),)))
    texts = [element.text for element in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(filter(None, texts)) == ["1", "2e-07", "Learning rate", "epoch", "rate"]


def test_a_chart_takes_its_colours_from_the_page(record):
    style = (files("nnkit.reporting") / "page.css").read_text()
    for chart in charts_of(record):
        svg = drawing.chart_svg(chart)
        root = ElementTree.fromstring(svg)
        assert (root.get("role"), root.get("aria-label")) == ("img", chart.description)
        assert re.findall(r"#[0-9a-f]{6}", svg) == []
        used = set(re.findall(r"var\((--[a-z0-9-]+)\)", svg))
        assert "--ink" in used
        assert [name for name in used if f"{name}: " not in style] == []
        assert svg == drawing.chart_svg(chart)


def test_text_is_neither_markup_nor_a_formula():
    line = Line(r"$\frac{1$ <b>&", (1, 2), (1.0, 2.0), 0)
    root = ElementTree.fromstring(drawing.chart_svg(Chart("<Title>", (line,))))
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert line.label in texts
    assert "<Title>" in texts


def test_settings_of_the_user_change_nothing_and_stay(record):
    expected = drawing.curves_png(charts_of(record))
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.dpi": 10, "text.usetex": True}):
        before = dict(matplotlib.rcParams)
        assert drawing.curves_png(charts_of(record)) == expected
        assert dict(matplotlib.rcParams) == before


def confusion(counts):
    matrix = ConfusionMatrix(tuple("abc"))
    matrix.counts[:] = counts
    return matrix


def test_mistakes_stand_out_from_what_is_right():
    dark = shades(np.array([[90, 10, 0], [0, 0, 0], [0, 1, 99]]))
    assert dark[0, 0] < dark[2, 2] <= 0.75
    assert 0.2 < dark[2, 1] < dark[0, 1] == 0.75
    assert dark[1].tolist() == [0, 0, 0]


def test_a_confusion_matrix_is_drawn():
    size = opened(drawing.confusion_png(confusion([[9, 1, 0], [0, 0, 0], [0, 1, 9]]))).size
    assert size == (1200, 1200)


def test_mistakes_are_drawn_in_rows():
    image = np.full((28, 28), 255, np.uint8)
    mistake = Mistake(image, "Ankle boot", "Sneaker", 0.5)
    pictures = [opened(drawing.mistakes_png([mistake] * count, 10)) for count in (0, 1, 8, 9)]
    heights = [picture.height for picture in pictures]
    assert heights[0] < heights[1] == heights[2] < heights[3]
    assert len({picture.width for picture in pictures}) == 1
    ink = [int((np.asarray(picture.convert("L")) < 50).sum()) for picture in pictures]
    assert ink[0] < ink[1] < ink[2] < ink[3]
