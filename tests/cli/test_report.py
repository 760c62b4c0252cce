"""`nnkit report` and `nnkit runs`, and the report that `nnkit train` makes in the end."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import own_network
import pytest

from nnkit.cli.main import run
from nnkit.training import user_code

from .conftest import COMMAND

REPORT = ["confusion.png", "curves.png", "mistakes.png", "report.html"]


@pytest.fixture
def runs(trained, tmp_path, monkeypatch):
    """A folder `runs` with a copy of a run, in the current folder."""
    folder, _ = trained
    shutil.copytree(folder / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    return Path("runs")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def timeless(page):
    return re.sub(rb"on [0-9-]+ at [0-9:]+ UTC", b"", page)


def test_a_report_is_made_again_from_what_a_run_left(runs, nnkit, tmp_path):
    folder = runs / "quickstart"
    made = contents(folder)
    for name in REPORT:
        (folder / name).unlink()
    result = nnkit("report", "runs/quickstart", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "report: runs/quickstart/report.html\n", "")
    again = contents(folder)
    assert sorted(again) == sorted(made)
    for name in made.keys() - {"report.html"}:
        assert again[name] == made[name]
    assert timeless(again["report.html"]) == timeless(made["report.html"])


def test_a_page_elsewhere_is_written_alone(runs, capsys):
    before = contents(runs / "quickstart")
    assert run(["report", "runs/quickstart", "--output", "page.html"]) == 0
    assert capsys.readouterr().out == "report: page.html\n"
    assert Path("page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert contents(runs / "quickstart") == before


def test_several_runs_are_compared(runs, capsys):
    shutil.copytree(runs / "quickstart", runs / "other")
    before = contents(runs / "other")
    for _ in range(2):
        assert run(["report", "runs/quickstart", "runs/other"]) == 0
    assert capsys.readouterr().out == "report: compare.html\n" * 2
    assert "Their configs are the same." in Path("compare.html").read_text(encoding="utf-8")
    assert contents(runs / "other") == before


@pytest.mark.parametrize("kind", ["text", "pipe", "folder"])
def test_what_is_not_a_page_of_nnkit_stays(kind, runs, capsys):
    mine = Path("compare.html")
    {"text": lambda: mine.write_text("<p>mine"), "pipe": lambda: os.mkfifo(mine), "folder": mine.mkdir}[kind]()
    before = mine.stat()
    assert run(["report", "runs/quickstart", "runs/quickstart"]) == 6
    message = "nnkit: error: compare.html: exists and is not a page of nnkit; name another one with --output\n"
    assert capsys.readouterr().err == message
    assert (mine.stat().st_ino, mine.stat().st_size) == (before.st_ino, before.st_size)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["report"], 2, "missing argument 'RUN...' (see nnkit report --help)"),
        (["report", "quickstart"], 2, "quickstart: does not exist, did you mean runs/quickstart?"),
        (["report", "runs"], 2, "runs: is not the folder of a run; runs/quickstart is one"),
        (["report", "runs/quickstart/best.safetensors"], 2, "runs/quickstart/best.safetensors: is a file, expected"),
        (["report", "runs/quickstart", "--output", "no/page.html"], 6, "no/page.html: cannot be written: No such file"),
        (["report", *["runs/quickstart"] * 17], 2, "17 runs: at most 16 can be told apart in one picture"),
        (["runs", "ls", "no"], 2, "no: does not exist"),
        (["runs", "ls", "runs/quickstart/config.yaml"], 2, "runs/quickstart/config.yaml: is not a folder"),
    ],
)
def test_failures_are_one_line_with_their_exit_code(arguments, code, message, runs, capsys):
    before = contents(runs / "quickstart")
    assert run(arguments) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(f"nnkit: error: {message}")
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert contents(runs / "quickstart") == before


def test_a_folder_that_is_not_writable_is_told_before_anything_is_measured(runs, capsys, monkeypatch):
    # Root may write everywhere; what says so is replaced.
    access = os.access
    is_kept = runs / "quickstart"
    monkeypatch.setattr("os.access", lambda path, mode: path != is_kept and access(path, mode))
    assert run(["report", "runs/quickstart"]) == 6
    message = "nnkit: error: runs/quickstart: is not writable; with --output FILE the page goes elsewhere\n"
    assert capsys.readouterr().err == message
    assert run(["report", "runs/quickstart", "--output", "page.html"]) == 0


def test_a_link_does_not_lead_out_of_the_folder(runs, capsys):
    for name in REPORT:
        Path(f"mine-{name}").write_text("mine")
        (runs / "quickstart" / name).unlink()
        (runs / "quickstart" / name).symlink_to(Path(f"mine-{name}").resolve())
    assert run(["report", "runs/quickstart"]) == 0
    assert [Path(f"mine-{name}").read_text() for name in REPORT] == ["mine"] * 4
    assert not any((runs / "quickstart" / name).is_symlink() for name in REPORT)


def test_what_cannot_be_measured_is_left_out(runs, capsys):
    folder = runs / "quickstart"
    (folder / "best.safetensors").write_bytes(b"damaged")
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": NaN}\n')
    for name in REPORT:
        (folder / name).unlink()
    assert run(["report", "runs/quickstart"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "report: runs/quickstart/report.html\n"
    first, second = captured.err.splitlines()
    assert first.startswith("nnkit: warning: runs/quickstart/metrics.jsonl:3: not the line of an epoch")
    assert second.startswith("nnkit: warning: runs/quickstart/best.safetensors: damaged")
    assert [name for name in REPORT if (folder / name).exists()] == ["curves.png", "report.html"]


def test_a_run_that_has_just_begun_has_a_report(runs, capsys):
    folder = runs / "quickstart"
    (folder / "metrics.jsonl").write_text("")
    (folder / "best.safetensors").unlink()
    assert run(["report", "runs/quickstart"]) == 0
    assert capsys.readouterr().err == "nnkit: warning: runs/quickstart/best.safetensors: no epoch is done yet\n"
    assert "unfinished: 0 of 2 epochs are done" in (folder / "report.html").read_text(encoding="utf-8")


# Hides matplotlib from the command.
WITHOUT = "import sys; sys.modules['matplotlib'] = None; from nnkit.cli.main import main; main()"
HINT = "matplotlib is not installed; with pip install 'nnkit[plot]' there are pictures"


def test_without_matplotlib_there_is_a_page_all_the_same(runs):
    for name in REPORT:
        (runs / "quickstart" / name).unlink()

    def nnkit(*arguments):
        return subprocess.run([sys.executable, "-c", WITHOUT, *arguments], capture_output=True, text=True, timeout=300)

    done = nnkit("report", "runs/quickstart")
    expected = (0, "report: runs/quickstart/report.html\n", f"nnkit: warning: {HINT}\n")
    assert (done.returncode, done.stdout, done.stderr) == expected
    assert [name for name in REPORT if (runs / "quickstart" / name).exists()] == ["report.html"]
    page = (runs / "quickstart" / "report.html").read_text(encoding="utf-8")
    assert 'id="mistakes"' in page
    assert 'id="curves"' not in page
    done = nnkit("train", "--resume", "runs/quickstart/last.safetensors", "--epochs", "3")
    assert done.stdout.splitlines()[-1] == f"report: runs/quickstart/report.html ({HINT})"


TRAIN = ("train", "quickstart", "--epochs", "1", "--threads", "1", "--set", "data.batch_size=512", "--output", "out")


@pytest.mark.parametrize(("option", "made"), [("--quiet", True), ("--json", True), ("--no-report", False)])
def test_a_run_is_as_calm_as_it_is_told_to_be(option, made, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run([*TRAIN, option]) == 0
    captured = capsys.readouterr()
    assert "report" not in captured.out
    assert captured.err == ""
    if option == "--json":
        assert json.loads(captured.out)["epoch"] == 1
    assert [name for name in REPORT if Path("out", name).exists()] == (REPORT if made else [])


def test_a_run_is_done_whatever_becomes_of_its_report(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("out/report.html").mkdir(parents=True)
    assert run([*TRAIN, "--quiet"]) == 0
    expected = "nnkit: warning: there is no report: out/report.html: cannot be written: Is a directory; "
    assert capsys.readouterr().err == f"{expected}nnkit report out makes it\n"
    assert Path("out/best.safetensors").exists()


# A signal while the report is made, or just before it, when the run is done and nothing is left to save.
INTERRUPTED = """
import os, signal, sys, time
from nnkit.cli import progress
from nnkit.cli.main import main
from nnkit.reporting import report

def interrupt(*_):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)

if sys.argv.pop(1) == "while":
    report.examine = interrupt
else:
    progress.Progress._end = interrupt
main()
"""


@pytest.mark.parametrize("moment", ["while", "before"])
def test_an_interrupt_leaves_the_run_without_a_report(moment, tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, moment, *TRAIN, "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    expected = "nnkit: interrupted before the report was made; nnkit report out makes it\n"
    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, expected)
    left = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert left == ["best.safetensors", "config.yaml", "last.safetensors", "metrics.csv", "metrics.jsonl"]


def test_the_report_of_a_resumed_run_has_all_epochs(runs):
    with pytest.warns(UserWarning, match="the learning rate goes on as in a run of 3 epochs"):
        assert run(["train", "--resume", "runs/quickstart/last.safetensors", "--epochs", "3", "--quiet"]) == 0
    page = (runs / "quickstart" / "report.html").read_text(encoding="utf-8")
    assert "finished: 3 of 3 epochs are done" in page


def test_code_of_a_run_is_run_where_that_is_allowed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(user_code, "_modules", {})
    own_network.write(tmp_path)
    assert run(["train", "my.yaml", "--allow-code", "--quiet", "--no-report"]) == 0
    monkeypatch.setattr(user_code, "_modules", {})
    assert own_network.has_run(tmp_path)
    assert run(["report", "runs/my"]) == 0
    assert not own_network.has_run(tmp_path)
    assert "look at it, then add --allow-code" in capsys.readouterr().err
    page = Path("runs/my/report.html").read_text(encoding="utf-8")
    assert 'id="curves"' in page
    assert 'id="graph"' not in page
    assert run(["report", "runs/my", "--allow-code"]) == 0
    assert capsys.readouterr().err == ""
    assert 'id="graph"' in Path("runs/my/report.html").read_text(encoding="utf-8")


def test_the_report_of_an_earlier_run_goes_with_it(runs):
    output = ["--output", "runs/quickstart"]
    (runs / "quickstart" / ".report.html.01234567.tmp").write_text("killed")
    assert run(["train", "quickstart", "--epochs", "1", "--threads", "1", "--quiet", "--no-report", *output]) == 0
    assert [name for name in REPORT if (runs / "quickstart" / name).exists()] == []
    assert list((runs / "quickstart").glob(".*.tmp")) == []


def test_runs_are_listed_the_best_first(runs, capsys):
    line = '{{"epoch": {}, "lr": 0.1, "train_loss": 1, "train_seconds": 2, "images_per_second": 3, "test_loss": 0.5, '
    line += '"test_accuracy": {}}}\n'
    config = (runs / "quickstart" / "config.yaml").read_text()
    shutil.rmtree(runs / "quickstart")
    figures = {"middle": [0.5, 0.25], "sub/best": [0.875], "begun": [], "torn": [0.375]}
    for name, accuracies in figures.items():
        (runs / name).mkdir(parents=True)
        (runs / name / "config.yaml").write_text(config)
        lines = [line.format(number, accuracy) for number, accuracy in enumerate(accuracies, 1)]
        (runs / name / "metrics.jsonl").write_text("".join(lines) + '{"epo' * (name == "torn"))
    (runs / "odd\x1b[31m").mkdir()
    (runs / "odd\x1b[31m" / "metrics.jsonl").write_text("")
    assert run(["runs", "ls"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "accuracy    loss  best  epochs  seconds  network  data    run",
        "  87.50%  0.5000     1     1/2      2.0  LeNet    digits  runs/sub/best (unfinished)",
        "  50.00%  0.5000     1     2/2      4.0  LeNet    digits  runs/middle",
        "  37.50%  0.5000     1     1/2      2.0  LeNet    digits  runs/torn (unfinished, damaged)",
        "                           0/2      0.0  LeNet    digits  runs/begun (unfinished)",
        r"runs/odd\x1b[31m: damaged: runs/odd\x1b[31m/config.yaml: does not exist",
    ]
    assert run(["runs", "ls", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["run"] for each in listed][:4] == ["runs/sub/best", "runs/middle", "runs/torn", "runs/begun"]
    figures = {"epochs": 2, "epochs_done": 2, "best_epoch": 1, "test_accuracy": 0.5, "test_loss": 0.5}
    words = {"run": "runs/middle", "network": "LeNet", "data": "digits", "status": "finished", "problem": None}
    assert listed[1] == {**words, **figures, "train_seconds": 4.0}
    assert listed[2]["problem"].startswith("runs/torn/metrics.jsonl:2: ")
    assert listed[4] == {"run": "runs/odd\x1b[31m", "problem": "runs/odd\x1b[31m/config.yaml: does not exist"}


def test_a_folder_without_runs_says_what_makes_one(tmp_path, nnkit):
    (tmp_path / "runs").mkdir()
    result = nnkit("runs", "ls")
    assert (result.returncode, result.stdout) == (0, "runs: holds no runs; nnkit train makes one\n")
    assert json.loads(nnkit("runs", "ls", "--json").stdout) == []


def test_a_reader_of_the_list_may_leave(runs):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*COMMAND, "runs", "ls"], stdout=writer, stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
