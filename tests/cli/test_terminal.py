"""What commands show in terminals of any width, and elsewhere."""

import os
import re

import pytest

from nnkit.cli import console, tables
from nnkit.cli.tables import table

from .conftest import COMMAND
from .terminal import Terminal

ROWS = (("name", "value", "meaning"), ("a", "1", "the first of them"), ("longer-name", "22", "the second"))


def shown(folder, arguments, columns, **environment):
    """Return the exit code of nnkit in a terminal, and its lines as they are seen at the end."""
    with Terminal([*COMMAND, *arguments], columns=columns, cwd=folder, env={**os.environ, **environment}) as terminal:
        code, text = terminal.read_all()
    assert "\x1b" not in text
    # What is written behind a carriage return covers what was there.
    return code, [line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n")]


def in_columns(width, monkeypatch, **options):
    monkeypatch.setattr(tables, "width", lambda: width)
    return table(ROWS, "<>" + "<", **options)


def test_a_table_has_columns(monkeypatch):
    assert in_columns(80, monkeypatch) == [
        "name         value  meaning",
        "a                1  the first of them",
        "longer-name     22  the second",
    ]


def test_a_narrow_table_drops_columns_and_then_cuts_text(monkeypatch):
    options = {"drop": ("value", "name"), "shorten": 2}
    assert in_columns(36, monkeypatch, **options)[1] == "a            the first of them"
    assert in_columns(20, monkeypatch, **options)[1] == "the first of them"
    assert in_columns(10, monkeypatch, **options)[1:] == ["the first of ...", "the second"]
    assert in_columns(10, monkeypatch)[2] == "longer-name     22  the second"


def test_what_goes_to_no_terminal_is_not_cut(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    assert table(ROWS, "<><", drop=("value",), shorten=2)[1] == "a                1  the first of them"


@pytest.mark.parametrize("columns", [40, 200])
@pytest.mark.parametrize("arguments", [["summary", "rnn"], ["configs", "ls"], ["data", "show", "digits"]])
def test_lines_fit_the_terminal(arguments, columns, tmp_path):
    code, lines = shown(tmp_path, arguments, columns)
    assert code == 0
    *table_lines, _ = lines if arguments[0] == "summary" else [*lines, ""]
    assert max(map(len, table_lines)) <= columns


def test_a_pipe_gets_all_of_it(nnkit):
    lines = nnkit("configs", "ls", env={**os.environ, "COLUMNS": "40"}).stdout.splitlines()
    assert 'lenet          LeNet on MNIST, the network of PyTorch\'s tutorial "Neural Networks"' in lines


@pytest.mark.parametrize(("columns", "first", "rows"), [(100, 9, 10), (40, 7, 10), (30, 0, 0)])
def test_the_matrix_of_eval_fits_the_terminal(columns, first, rows, trained):
    folder, _ = trained
    code, lines = shown(folder, ["eval", "runs/quickstart"], columns)
    assert code == 0
    matrix = [line for line in lines if re.fullmatch(r" +\d( +[\d.]+){10}", line)]
    assert len(matrix) == rows
    assert all(len(line) <= columns for line in matrix)
    if not rows:
        _, mistakes = "\n".join(lines).split("the most frequent mistakes:\n")
        counts = [int(re.fullmatch(r"\d taken for \d: (\d+)", line)[1]) for line in mistakes.splitlines()]
        assert counts == sorted(counts, reverse=True)
        assert 1 <= len(counts) <= 10


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("arguments", [["--help"], ["train"], ["summary"]])
def test_no_command_needs_colours(arguments, setting, tmp_path):
    # `shown` wants no escape sequence.
    shown(tmp_path, arguments, 80, **setting)


def test_a_command_says_at_once_what_it_does(trained):
    folder, _ = trained
    with Terminal([*COMMAND, "eval", "runs/quickstart"], cwd=folder) as terminal:
        terminal.wait_for("evaluating runs/quickstart/best.safetensors ...\r")
        code, text = terminal.read_all()
    assert code == 0
    # It is covered with blanks before anything else is written.
    said = "evaluating runs/quickstart/best.safetensors ..."
    assert f"{said}\r{' ' * len(said)}\rruns/quickstart/best.safetensors: LeNet" in text


def test_an_error_takes_the_place_of_what_was_being_done(tmp_path):
    code, lines = shown(tmp_path, ["train", "lenet", "--epochs", "0"], 100)
    assert (code, lines) == (2, ["nnkit: error: --epochs: training.epochs: must be >= 1 and <= 1000000, got 0"])


def test_what_is_being_done_fits_the_line_and_is_for_terminals_only(capsys, monkeypatch):
    console.show_status("never seen")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")
    console.show_status("a text of more than twenty characters \x1b[31m")
    console.tell("the end")
    assert capsys.readouterr().err == f"a text of more than\r{' ' * 19}\rthe end\n"
