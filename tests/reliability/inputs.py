"""Running the command on bad inputs, and what has to hold after each."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from nnkit.cli import main

COMMAND = [sys.executable, "-c", "from nnkit.cli.main import main; main()"]
# A process counts the memory of the one it was forked from. Between the tests, which may have grown, and the command
# stands one that has not.
_MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak // 1024 if sys.platform == "darwin" else peak)
sys.exit(code)
"""
MOST_KIB = 512 * 1024
SECONDS = 60


class Refusal(NamedTuple):
    """How the command ended: its exit code, and the lines on standard error without what they all begin with."""

    code: int
    lines: list[str]


def case(name, *values, about=""):
    """Return a row of a table of cases, marked and named with the id of its promise."""
    return pytest.param(*values, id=f"{name} {about}".strip(), marks=pytest.mark.case(name))


def snapshot(folder):
    """Return all that is in a folder: files with their content, what is not a file by its kind."""
    return {str(path): path.read_bytes() if path.is_file() else path.stat().st_mode for path in folder.rglob("*")}


def refusal_here(arguments, capsys):
    """Run the command in this process, in a folder that it must leave as it is."""
    before = snapshot(Path.cwd())
    code = main.run([str(argument) for argument in arguments])
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert snapshot(Path.cwd()) == before
    return Refusal(code, error_lines(stderr))


def refusal_of_process(arguments, folder, **environment):
    """Run the command as a user does, in a folder that it must leave as it is, within 512 MB."""
    before = snapshot(folder)
    result = subprocess.run(
        [sys.executable, "-c", _MEASURED, *COMMAND, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=SECONDS,
    )
    assert int(result.stdout) < MOST_KIB
    assert snapshot(folder) == before
    return Refusal(result.returncode, error_lines(result.stderr.decode()))


def error_lines(stderr):
    """Return the messages on standard error, each of which has to be one line of printable text."""
    assert stderr.endswith("\n")
    # Where nothing is compiled yet, the command says that it compiles before it reads data.
    lines = [line for line in stderr[:-1].split("\n") if not line.startswith("compiling the kernels")]
    for line in lines:
        assert line.startswith("nnkit: error: ")
        assert line.isprintable()
        assert len(line) < 2000
    return [line.removeprefix("nnkit: error: ") for line in lines]
