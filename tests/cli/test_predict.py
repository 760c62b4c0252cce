"""`nnkit predict`: digits in image files."""

import json
import os
import re
import sys

import numpy as np
import pytest

from nnkit import data
from nnkit.cli.main import run

from .conftest import COMMAND
from .terminal import Terminal

Image = pytest.importorskip("PIL.Image", reason="reading images needs Pillow")


@pytest.fixture(scope="module")
def checkpoint(trained):
    return str(trained[0] / "runs/quickstart/best.safetensors")


@pytest.fixture(scope="module")
def digits():
    return data.load("digits", "test")


@pytest.fixture
def folder(tmp_path, digits):
    """Twelve digits, every other one dark on light, beside files that are none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(12):
        image = digits.images[number]
        Image.fromarray(image if number % 2 else 255 - image).resize((200, 200)).save(folder / f"{number}.png")
    (folder / "notes.txt").write_text("no image")
    (folder / ".hidden.png").write_text("no image")
    (folder / "sub").mkdir()
    return folder


@pytest.fixture
def out(capsys):
    def call(*arguments, code=0):
        assert run(["predict", *map(str, arguments)]) == code
        return capsys.readouterr()

    return call


def test_one_image_is_shown_with_all_probabilities(out, checkpoint, folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = out(checkpoint, folder / "0.png").out.splitlines()
    head, _, guess = lines[0].rpartition(": ")
    assert head == str(folder / "0.png")
    assert lines[1] == ""
    bars = [line[31:].split() for line in lines[2:12]]
    assert [bar[0] for bar in bars] == list("0123456789")
    chances = [float(bar[1].rstrip("%")) for bar in bars]
    assert sum(chances) == pytest.approx(100, abs=0.6)
    assert chances[int(guess)] == max(chances)
    longest = max(len(bar[2]) if len(bar) > 2 else 0 for bar in bars)
    assert longest == len(bars[int(guess)][2])
    assert any("█" in line[:28] for line in lines[2:12])
    assert max(map(len, lines[1:])) <= 80


def test_without_utf_8_there_are_other_characters(nnkit, checkpoint, folder):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    result = nnkit("predict", checkpoint, folder / "0.png", env=environment)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()[2:-1]
    assert max(map(len, lines)) <= 80
    assert {"#", "'", "."} <= set("".join(line[:28] for line in lines))
    assert any(re.fullmatch(r"\d +\d+\.\d% #{10,}", line[31:]) for line in lines)


@pytest.mark.parametrize("columns", ["20", "40", "50"])
def test_narrow_terminals_are_respected(out, checkpoint, folder, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    lines = out(checkpoint, folder / "0.png").out.splitlines()[1:]
    assert max(map(len, lines)) <= int(columns)
    assert [line.split()[0] for line in lines[-11:-1]] == list("0123456789")


@pytest.mark.parametrize(("columns", "has_second"), [(60, True), (49, True), (40, False), (32, False)])
def test_a_narrow_table_does_without_the_runner_up(out, checkpoint, folder, monkeypatch, columns, has_second):
    monkeypatch.setattr("nnkit.cli.tables.width", lambda: columns)
    lines = out(checkpoint, folder).out.splitlines()
    assert max(map(len, lines)) <= columns
    assert lines[0].split() == ["image", "guess", "probability", *["runner-up"] * has_second]


def test_many_images_are_a_table_in_natural_order(out, checkpoint, folder, digits):
    lines = out(checkpoint, folder).out.splitlines()
    assert lines[0].split() == ["image", "guess", "probability", "runner-up"]
    rows = [line.split() for line in lines[1:]]
    assert [row[0] for row in rows] == [str(folder / f"{number}.png") for number in range(12)]
    assert {len(line) for line in lines[1:]} == {len(lines[1])}
    # Two epochs are not enough for all of them.
    assert sum(row[1] == str(label) for row, label in zip(rows, digits.labels[:12], strict=True)) >= 6


def test_json_has_a_line_for_each_image(out, checkpoint, folder):
    lines = [json.loads(line) for line in out(checkpoint, folder, "--json").out.splitlines()]
    assert len(lines) == 12
    for number, line in enumerate(lines):
        assert line["image"] == str(folder / f"{number}.png")
        assert list(line["probabilities"]) == list("0123456789")
        assert sum(line["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert line["probability"] == line["probabilities"][line["guess"]] == max(line["probabilities"].values())
        box = line["box"]
        assert 0 <= box["left"] < box["right"] <= 200
        assert 0 <= box["top"] < box["bottom"] <= 200


def test_what_the_network_saw_is_written(out, checkpoint, folder, tmp_path):
    captured = out(checkpoint, folder, "--png", tmp_path / "seen.png")
    assert captured.err == f"what the network saw is in {tmp_path / 'seen.png'}\n"
    with Image.open(tmp_path / "seen.png") as picture:
        assert picture.size == (4 * 62 + 6, 3 * 76 + 6)


def test_a_picture_has_room_for_so_many(out, checkpoint, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("nnkit.cli.predict._MOST_IN_PNG", 4)
    captured = out(checkpoint, folder, "--png", tmp_path / "seen.png")
    assert len(captured.out.splitlines()) == 13
    assert captured.err == f"what the network saw of the first 4 images is in {tmp_path / 'seen.png'}\n"
    with Image.open(tmp_path / "seen.png") as picture:
        assert picture.size == (2 * 62 + 6, 2 * 76 + 6)


def test_the_others_are_read_where_some_cannot_be(out, checkpoint, folder):
    (folder / "3.png").write_text("<html>")
    (folder / "5.png").write_bytes((folder / "4.png").read_bytes()[:-30])
    Image.new("L", (50, 50), 200).save(folder / "7.png")
    captured = out(checkpoint, folder, "nowhere.png", code=3)
    assert len(captured.out.splitlines()) == 10
    messages = captured.err.splitlines()
    assert messages[0].startswith(f"nnkit: error: {folder}/3.png: not an image that can be read: expected PNG")
    assert messages[1].startswith(f"nnkit: error: {folder}/5.png: damaged, or not an image")
    assert messages[2] == f"nnkit: error: {folder}/7.png: there is nothing that stands out from its background"
    assert messages[3] == "nnkit: error: nowhere.png: does not exist"
    assert messages[4] == "nnkit: 4 of 13 images could not be read"


def test_several_digits_in_one_picture_are_warned_of(out, checkpoint, digits, tmp_path):
    Image.fromarray(np.hstack([digits.images[0], digits.images[0]])).save(tmp_path / "two.png")
    captured = out(checkpoint, tmp_path / "two.png")
    assert captured.err == f"nnkit: warning: {tmp_path}/two.png: may hold 2 digits; the clearest was read\n"


def test_a_file_name_cannot_command_the_terminal(out, checkpoint, folder):
    evil = folder.parent / "a\x1b[2J\n.png"
    evil.write_bytes((folder / "0.png").read_bytes())
    captured = out(checkpoint, evil)
    assert "\x1b" not in captured.out
    assert "a\\x1b[2J\\n.png: " in captured.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["{checkpoint}"], 2, "which IMAGE? Try: nnkit predict {checkpoint} three.png (see nnkit predict --help)"),
        ([], 2, "missing argument 'CHECKPOINT' (see nnkit predict --help)"),
        (["0.png", "{checkpoint}"], 2, "0.png: the checkpoint comes first, then the images"),
        (["0.png"], 2, "0.png: is an image, expected the checkpoint before it (see nnkit predict --help)"),
        (["0.png", "0.png"], 2, "0.png: is an image, expected the checkpoint before it"),
        (["no.safetensors", "0.png"], 4, "no.safetensors: does not exist"),
        (["{checkpoint}", "sub"], 3, "sub: holds no images (.png, .jpg, .jpeg, .bmp, .gif, .webp); folders in it"),
        (["{checkpoint}", "notes.txt"], 3, "notes.txt: not an image that can be read"),
        (["{checkpoint}", "0.png", "--device", "cuda"], 2, "--device: training.device: cuda cannot be used"),
        (["{checkpoint}", "0.png", "--png", "no/seen.png"], 6, "no/seen.png: cannot be written"),
    ],
)
def test_slips_are_answered_in_one_line(arguments, code, message, checkpoint, folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert run(["predict", *[part.format(checkpoint=checkpoint) for part in arguments]]) == code
    error = capsys.readouterr().err
    assert error.startswith(f"nnkit: error: {message.format(checkpoint=checkpoint)}")
    assert error.count("\n") == 1


def test_without_pillow_it_is_told_once(out, checkpoint, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    captured = out(checkpoint, folder, code=2)
    assert captured.err == "nnkit: error: reading images needs Pillow: pip install 'nnkit[image]'\n"


def test_standard_input_as_a_process(nnkit, checkpoint, folder):
    with (folder / "0.png").open("rb") as file:
        result = nnkit("predict", checkpoint, "-", "--json", stdin=file)
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["image"] == "-"


@pytest.mark.parametrize("no_color", ["", "1"])
def test_the_guess_is_bold_in_a_terminal(checkpoint, folder, no_color):
    environment = {**os.environ, "NO_COLOR": no_color}
    with Terminal([*COMMAND, "predict", checkpoint, str(folder / "0.png")], env=environment) as terminal:
        code, text = terminal.read_all()
    assert code == 0
    assert ("\x1b[1m" in text) is not bool(no_color)
