"""The lines of the epochs, as JSON and as a table: the same numbers, after every stop."""

import csv
import json

import pytest

from nnkit.training.fit import EpochDone
from nnkit.training.metrics_file import COLUMNS, csv_lines, lines_until, values_in
from nnkit.training.run import train

from .conftest import configured


def table(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def as_lines(rows):
    """What the lines of JSON must be, given the rows of the table."""
    return [{name: json.loads(text) for name, text in row.items() if text} for row in rows]


def stopped_in_epoch(number, config, folder, **more):
    for event in train(config, folder, **more):
        if isinstance(event, EpochDone) and event.epoch == number:
            return


def test_the_table_has_the_numbers_of_the_lines(finished):
    folder, _ = finished
    rows = table(folder)
    assert list(rows[0]) == list(COLUMNS)
    assert as_lines(rows) == lines(folder)
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert {row["validation_loss"] for row in rows} == {""}


def test_the_table_has_validation_and_skipped_steps(tmp_path):
    settings = {"data__validation_fraction": "0.2", "training__on_nonfinite": "skip", "training__epochs": "1"}
    for event in train(configured(**settings), tmp_path):
        done = event.last if hasattr(event, "last") else None
    (row,) = table(tmp_path)
    assert float(row["validation_accuracy"]) == done.validation.accuracy
    assert float(row["train_accuracy"]) == done.train_accuracy
    assert row["skipped_steps"] == ""


def test_a_byte_order_mark_that_an_editor_has_left_is_no_damage(tmp_path):
    stopped_in_epoch(2, configured(), tmp_path)
    path = tmp_path / "metrics.jsonl"
    content = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + content)
    stopped_in_epoch(3, configured(), tmp_path, resume="auto")
    assert path.read_bytes().startswith(content)
    assert as_lines(table(tmp_path)) == lines(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        b'{"epoch": 1, "note": "\xed\xa0\x80"}\n',
        '{"epoch": 1}\n'.encode("utf-16-be"),
        b'{"epoch": true}\n',
        b'{"epoch": 1}',
        b"[1]\n",
        b"[" * 3000 + b"\n",
    ],
    ids=["surrogate", "utf-16", "true", "cut", "list", "deep"],
)
def test_what_is_no_line_of_an_epoch_is_left_out(line, tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(line)
    with pytest.warns(UserWarning, match="lacks the lines of epochs 1 to 2"):
        assert lines_until(2, path) == []


@pytest.mark.parametrize("damage", ["cut", "lost", "more"])
def test_the_table_is_mended_when_a_run_goes_on(damage, finished, tmp_path):
    stopped_in_epoch(2, configured(), tmp_path)
    path = tmp_path / "metrics.csv"
    text = path.read_text()
    if damage == "lost":
        path.unlink()
    else:
        # Killed in the middle of a line, or between a line and the checkpoint that knows its epoch.
        path.write_text(text[:-7] if damage == "cut" else text + text.splitlines()[-1].replace("2", "3", 1) + "\n3,9")
    list(train(configured(), tmp_path, "auto"))
    assert as_lines(table(tmp_path)) == lines(tmp_path)
    assert [row["test_loss"] for row in table(tmp_path)] == [row["test_loss"] for row in table(finished[0])]


def test_a_run_that_goes_on_elsewhere_brings_its_table(tmp_path):
    stopped_in_epoch(2, configured(), tmp_path / "a")
    list(train(configured(), tmp_path / "b", tmp_path / "a" / "last.safetensors"))
    assert as_lines(table(tmp_path / "b")) == lines(tmp_path / "b")
    assert len(lines(tmp_path / "b")) == 4


@pytest.mark.parametrize(
    "value", ['"=1+1"', '"a,b\\n"', "true", "[1]", "NaN", "-Infinity", "1e999", "1" + "0" * 400, "null"]
)
def test_of_lines_that_somebody_wrote_only_numbers_reach_the_table(value):
    assert csv_lines([values_in(f'{{"epoch": 1, "lr": {value}, "other": 5}}')]) == "1" + "," * 11 + "\n"


def test_numbers_read_back_to_the_same():
    for number in (0.1 + 0.2, 1e-300, 5e-324, 1.7976931348623157e308, 2**53):
        text = csv_lines([{"epoch": 1, "lr": number}]).split(",")[2]
        assert float(text) == number
