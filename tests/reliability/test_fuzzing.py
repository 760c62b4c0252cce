"""Files that nobody would write are read, or refused in one line."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from reliability.fuzzing import Target, answer, guided, load, mutated, names, put
from reliability.inputs import case

from nnkit.errors import DataError

TESTS = Path(__file__).parent.parent
# Three targets of this many seconds are ten minutes.
SECONDS = 200
COUNT = 500


@pytest.mark.parametrize("name", [case(load(name).case, name, about=name) for name in names()])
def test_generated_files_are_read_or_refused_in_one_line(name, full, tried, tmp_path):
    if full and importlib.util.find_spec("atheris"):
        tried(fuzz_with_atheris(name, tmp_path))
        return
    target = load(name)
    path = tmp_path / "input"
    for data in (*target.seeds, *mutated(target, COUNT * (20 if full else 1), seed=0)):
        put(path, data)
        try:
            answer(target.read, path)
        except Exception as error:
            raise AssertionError(f"a finding: {data!r}") from error
        tried()


def fuzz_with_atheris(name, folder):
    """Let a process fuzz a target; return how many inputs it tried."""
    result = subprocess.run(
        [sys.executable, "-m", guided.__module__, name, str(SECONDS)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS + 300,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    return int(re.search(r"number_of_executed_units: (\d+)", result.stderr)[1])


def test_the_same_number_makes_the_same_files():
    target = load("yaml")
    assert list(mutated(target, 50, seed=1)) == list(mutated(target, 50, seed=1))
    assert list(mutated(target, 50, seed=1)) != list(mutated(target, 50, seed=2))


def test_a_reader_that_cannot_stand_something_is_found():
    def read(data):
        if b"\xff" in data:
            raise KeyError("lost")

    target = Target("F1", read, [b"abcdef", b"xyz"], [b"word"])
    data = next(data for data in mutated(target, 1000, seed=0) if b"\xff" in data)
    with pytest.raises(KeyError, match="lost"):
        answer(target.read, data)


@pytest.mark.parametrize(
    ("message", "finding"),
    [
        ("one line", None),
        ("red \x1b[31m and \r", None),
        ("two\nlines", "two"),
        ("", "empty line"),
        ("x" * 2001, "too long"),
        ("\x1b" * 600, "too long"),
    ],
)
def test_a_refusal_is_one_short_line(message, finding):
    def read():
        raise DataError(message)

    if finding is None:
        assert answer(read) is None
    else:
        with pytest.raises(AssertionError, match=finding):
            answer(read)
