"""Folders of runs, read as those of strangers."""

import json
import re

import pytest
from reliability.fuzzing import Target, mutated

from nnkit.errors import ConfigError
from nnkit.reporting import run_record
from nnkit.reporting.charts import charts_of
from nnkit.reporting.run_record import find_runs, read_run
from nnkit.reporting.sections import epochs_table, key_figures
from nnkit.training.yaml_loader import InvalidConfigError

from .conftest import epoch, make_run


@pytest.mark.parametrize(
    ("done", "settings", "status"),
    [
        (0, {}, "unfinished"),
        (3, {}, "unfinished"),
        (4, {}, "finished"),
        (3, {"training__patience": "1"}, "stopped early"),
        (3, {"training__patience": "2"}, "unfinished"),
    ],
)
def test_how_far_a_run_is(tmp_path, done, settings, status):
    # The second epoch is the best.
    lines = [epoch(number, test_accuracy=0.9 if number == 2 else 0.8) for number in range(1, done + 1)]
    record = read_run(make_run(tmp_path, *lines, training__epochs="4", **settings))
    assert (record.done, record.status, record.problem) == (done, status, None)
    assert record.train_seconds == 1.5 * done
    assert (record.best and record.best.epoch) == (2 if done else None)
    assert record.accuracy == (0.9 if done else -1)


@pytest.mark.parametrize(("metric", "best"), [("accuracy", 2), ("loss", 3)])
def test_validation_decides_which_epoch_is_the_best(tmp_path, metric, best):
    figures = [(0.1, 0.9, 5.0), (0.2, 0.3, 4.0), (0.2, 0.4, 3.0)]
    lines = [
        epoch(number, validation_accuracy=validation, test_accuracy=test, validation_loss=loss)
        for number, (validation, test, loss) in enumerate(figures, 1)
    ]
    record = read_run(make_run(tmp_path, *lines, checkpoint__metric=metric))
    assert record.best.epoch == best
    assert record.accuracy == figures[best - 1][1]


def test_the_best_epoch_is_that_of_the_checkpoint(trained):
    from nnkit.training import checkpoint as checkpoints

    record = read_run(trained)
    assert record.best.epoch == checkpoints.load(trained / "best.safetensors").epoch
    assert (record.status, record.done) == ("finished", 2)


GOOD = json.dumps(epoch(2))
BAD_LINES = {
    "empty": "",
    "torn": GOOD[:50],
    "text": "<script>alert(1)</script>",
    "a list": "[1, 2]",
    "another epoch's": json.dumps(epoch(1)),
    "a missing value": GOOD.replace('"test_loss"', '"lost"'),
    "nan": GOOD.replace('"lr": 0.005', '"lr": NaN'),
    "infinite": GOOD.replace('"lr": 0.005', '"lr": 1e999'),
    "enormous": GOOD.replace('"lr": 0.005', '"lr": 1e300'),
    "a long integer": GOOD.replace('"lr": 0.005', f'"lr": {"9" * 3000}'),
    "text as a number": GOOD.replace('"lr": 0.005', '"lr": "0.005"'),
    "a share above 1": GOOD.replace('"test_accuracy": 0.75', '"test_accuracy": 75'),
    "true as a number": GOOD.replace('"test_loss": 1.25', '"test_loss": true'),
    "nested": '{"epoch": ' * 500,
    "too long": GOOD[:-1] + " " * 5000 + "}",
    "binary": "\x00\x01\udcff",
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
def test_what_is_not_the_line_of_an_epoch_ends_the_reading(tmp_path, line):
    make_run(tmp_path, epoch(1))
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(f"{line}\n{json.dumps(epoch(3))}\n".encode("utf-8", "surrogateescape"))
    record = read_run(tmp_path)
    assert [each.epoch for each in record.epochs] == [1]
    assert record.problem.startswith(f"{tmp_path / 'metrics.jsonl'}:2: ")
    assert record.problem.endswith("it and what follows are left out")


def test_whatever_the_file_holds_there_is_a_page(tmp_path):
    good = "".join(json.dumps(epoch(number, validation_accuracy=0.5)) + "\n" for number in range(1, 4)).encode()
    words = [b"\n", b"NaN", b"1e999", b"-", b"null", b"true", b'"', b"[", b"{", b"\\ud800", b"\xff", b"9" * 400, b"<b>"]
    make_run(tmp_path)
    for content in mutated(Target("", read_run, [good, good[:-1], b""], words), 300, seed=0):
        (tmp_path / "metrics.jsonl").write_bytes(content)
        record = read_run(tmp_path)
        assert "<b>" not in key_figures(record, None) + epochs_table(record)
        assert all(chart.description for chart in charts_of(record))


def test_a_run_that_lacks_epochs_or_knows_more_is_read(tmp_path):
    record = read_run(make_run(tmp_path, epoch(3), epoch(4, ema_decay=0.9, train_accuracy=0.5)))
    assert [each.train_accuracy for each in record.epochs] == [None, 0.5]


def test_there_is_an_end_to_what_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(run_record, "_MOST_EPOCHS", 3)
    record = read_run(make_run(tmp_path, *map(epoch, range(1, 6))))
    assert record.done == 3
    assert record.problem == f"{tmp_path / 'metrics.jsonl'}: more than 3 epochs; the rest are left out"


def test_what_is_not_a_run_is_told_with_what_was_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = make_run(tmp_path / "runs" / "mine", epoch(1)).relative_to(tmp_path)
    (tmp_path / "empty").mkdir()
    for given, message in {
        "mine": "mine: does not exist, did you mean runs/mine?",
        "runs/mien": "runs/mien: does not exist, did you mean runs/mine?",
        "other": "other: does not exist",
        "runs": "runs: is not the folder of a run; runs/mine is one",
        "empty": "empty: is not the folder of a run, as nnkit train makes it",
        "runs/mine/metrics.jsonl": "runs/mine/metrics.jsonl: is a file, expected the folder of a run such as runs/mine",
    }.items():
        with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
            read_run(path.parent.parent / given)


def test_a_config_that_is_not_valid_is_told_with_its_place(tmp_path):
    make_run(tmp_path, epoch(1))
    with (tmp_path / "config.yaml").open("a") as file:
        file.write("more: 1\n")
    with pytest.raises(InvalidConfigError, match=r"config.yaml:\d+:1: more: unknown key"):
        read_run(tmp_path)


def test_runs_are_found_below_a_folder(tmp_path):
    for name in ("b", "a/deep", "a/deep/inside-a-run", "c/d/e/too-deep"):
        make_run(tmp_path / name, epoch(1))
    (tmp_path / "link").symlink_to(tmp_path / "b")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "config.yaml").write_text("no run")
    assert [str(path.relative_to(tmp_path)) for path in find_runs(tmp_path)] == ["a/deep", "b"]
    assert list(find_runs(tmp_path / "b")) == [tmp_path / "b"]
    for name, message in {"none": "does not exist", "b/config.yaml": "is not a folder"}.items():
        with pytest.raises(ConfigError, match=f"{name}: {message}$"):
            next(find_runs(tmp_path / name))
