"""The bar of a run: what it shows at which width, how often, and that a terminal is left clean."""

import os
import re
import subprocess
import sys

import pytest

from nnkit.cli import bar
from nnkit.cli.bar import Pace, as_clock, fitted
from nnkit.cli.progress import columns
from nnkit.training.fit import StepDone

from .conftest import COMMAND
from .terminal import Terminal

QUICK = ("train", "quickstart", "--threads", "1", "--no-report")
SLOW = ("--epochs", "2", "--set", "data.batch_size=2")


def step_done(epoch, step, steps=10):
    return StepDone(epoch=epoch, step=step, steps=steps, loss=0.5, accuracy=0.9, images_per_second=1000.0)


class Screen:
    """The lines of a terminal that knows carriage returns and line feeds; `frames` are all states of its last line."""

    def __init__(self, text):
        self.lines, self.frames, column = [""], [], 0
        for part in re.findall(r"[\r\n]|[^\r\n]+", text):
            if part == "\n":
                self.lines.append("")
            elif part == "\r":
                column = 0
            else:
                line = self.lines[-1]
                self.lines[-1] = line[:column].ljust(column) + part + line[column + len(part) :]
                column += len(part)
                self.frames.append(self.lines[-1].rstrip())


def in_a_terminal(folder, columns, *arguments, stdout=None, command=COMMAND, **environment):
    """Run nnkit in a terminal of so many columns; return what that got."""
    environment = {**os.environ, "TERM": "xterm", **environment}
    with Terminal([*command, *arguments], columns=columns, stdout=stdout, cwd=folder, env=environment) as terminal:
        code, text = terminal.read_all()
    assert code == 0
    return re.sub("compiling the kernels .*\r\n", "", text)


STEP = re.compile(
    r"epoch \d/2 \|.{7,}\|  (loss \d\.\d{4}  acc [ \d]{0,2}\d\.\d\d%  [ \d,]{7} images/s  [\d:]+(/[\d:]+)? left|"
    # Where evaluation takes a second.
    r"testing, 382 of 382 images)"
)


def test_the_bar_in_a_terminal_and_the_table_above_it(tmp_path):
    text = in_a_terminal(tmp_path, 80, *QUICK, *SLOW)
    assert "\x1b" not in text
    screen = Screen(text)
    bars = [frame for frame in screen.frames if re.match(r"epoch \d", frame)]
    assert bars
    assert [frame for frame in bars if not STEP.fullmatch(frame)] == []
    assert {len(frame) for frame in bars if "left" in frame} == {79}
    # Where the bar was there is nothing left.
    assert screen.lines[0].startswith("LeNet (61,706 parameters)")
    assert re.split(r" {2,}", screen.lines[2].strip())[::7] == ["epoch", "seconds"]
    assert [line.split()[0] for line in screen.lines[3:5]] == ["1/2", "2/2"]
    assert max(map(len, screen.lines)) <= 80
    assert screen.lines[-1].strip() == ""
    assert not any("|" in line for line in screen.lines)


def test_a_narrow_terminal_gets_less_and_nothing_is_wrapped(tmp_path):
    screen = Screen(in_a_terminal(tmp_path, 80, *QUICK, *SLOW, COLUMNS="40"))
    bars = [frame for frame in screen.frames if re.match(r"epoch \d", frame)]
    assert bars
    assert all(re.fullmatch(r"epoch \d/2  (loss \d\.\d{4}  acc +[\d.]+%|.*testing.*)", frame) for frame in bars)
    assert max(map(len, bars)) < 40
    table = screen.lines[2:5]
    assert table[0].split("  ")[-1] == "test acc"
    assert all(len(line.rstrip()) <= 40 for line in table)


@pytest.mark.parametrize("way", ["dumb", "quiet"])
def test_where_there_is_no_bar(way, tmp_path):
    options = ["--quiet"] if way == "quiet" else []
    text = in_a_terminal(tmp_path, 80, *QUICK, *SLOW[:2], *options, TERM="dumb" if way == "dumb" else "xterm")
    assert not any("|" in frame for frame in Screen(text).frames)
    assert "\r" not in text.replace("\r\n", "\n")
    assert (text == "") == (way == "quiet")


def test_the_bar_alone_where_standard_output_is_a_file(tmp_path):
    screen = Screen(in_a_terminal(tmp_path, 100, *QUICK, *SLOW[:2], "--json", stdout=subprocess.DEVNULL))
    first, *frames = filter(None, screen.frames)
    assert first == "preparing quickstart ..."
    assert frames
    assert all(STEP.fullmatch(frame) for frame in frames)
    assert [line.strip() for line in screen.lines] == [""]


# The bar is on the screen when something is told.
WARNING = """
import sys, warnings
from nnkit.cli import main
from nnkit.training import run_folder

add_step = run_folder.RunFolder.add_step

def tell(self, training):
    add_step(self, training)
    if training.step == 1000:
        warnings.warn("something to know")

run_folder.RunFolder.add_step = tell
main.main()
"""


def test_a_warning_has_a_line_of_its_own(tmp_path):
    text = in_a_terminal(tmp_path, 80, *QUICK, *SLOW, command=[sys.executable, "-c", WARNING])
    lines = [line.strip() for line in Screen(text).lines]
    assert lines.count("nnkit: warning: something to know") == 1


def test_frames_are_seldom(monkeypatch):
    clock, drawn = [100.0], []
    monkeypatch.setattr(bar.time, "monotonic", lambda: clock[0])
    shown = bar.Bar(epochs=1)
    monkeypatch.setattr(shown, "_draw", lambda *_: drawn.append(clock[0]))
    for step in range(1, 10_001):
        clock[0] += 0.001
        shown.show_step(step_done(1, step, 10_000), (1.0, 1.0))
    assert 40 <= len(drawn) <= 50


@pytest.mark.parametrize("width", range(5, 130))
def test_no_line_is_wider_than_it_may_be(width):
    facts = [["loss 0.1234", "acc 99.99%", "123,456 images/s", "1:00:00/1:00:00 left"], ["acc 99.99%"]]
    text = fitted("epoch 100/100", facts, [["acc 99.99%"], []], width)
    room = re.search(r"{bar:(\d+)}", text)
    shown = text.replace(room[0], "#" * int(room[1])) if room else text
    assert len(shown) <= width
    assert shown.startswith("epoch 100/100"[:width])
    assert not room or 7 <= int(room[1]) <= 40


def test_the_time_that_is_left(monkeypatch):
    clock = [50.0]
    monkeypatch.setattr(bar.time, "monotonic", lambda: clock[0])
    pace = Pace(epochs=3)
    # From the first step that is seen, whichever it is: others were taken by an earlier part of the run.
    assert pace.left(step_done(1, 5)) is None
    clock[0] += 2
    assert pace.left(step_done(1, 6)) == (8, 48)
    clock[0] += 8 + 9  # an evaluation
    assert pace.left(step_done(2, 1)) is None
    clock[0] += 1
    of_epoch, of_run = pace.left(step_done(2, 2))
    assert of_epoch == 8
    assert of_run == pytest.approx(20 / 7 * 18)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3600, "1:00:00"), (360_000, "100:00:00")]
)
def test_clocks(seconds, text):
    assert as_clock(seconds) == text


NAMES = ["epoch", "lr", "train loss", "train acc", "test loss", "test acc", "val acc", "images/s", "seconds"]


@pytest.mark.parametrize(
    ("width", "epochs", "left_out"),
    [
        (None, 5, []),
        (90, 5, []),
        (80, 5, ["seconds"]),
        (70, 100, ["seconds", "images/s", "lr"]),
        (30, 5, ["seconds", "images/s", "lr", "train acc", "test loss", "train loss"]),
        (5, 5, ["seconds", "images/s", "lr", "train acc", "test loss", "train loss"]),
    ],
)
def test_columns_that_have_no_room_are_left_out(width, epochs, left_out):
    assert list(columns(NAMES, epochs, width)) == [name for name in NAMES if name not in left_out]


def test_the_usual_table_fits_eighty_columns():
    assert "seconds" in columns([name for name in NAMES if name != "val acc"], 20, 80)
