"""The command as a user runs it: a process of its own."""

import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-c", "from nnkit.cli.main import main; main()"]


@pytest.fixture
def nnkit(tmp_path):
    """Run nnkit in an empty folder; the result has `returncode`, `stdout` and `stderr`."""

    def run(*arguments, cwd=tmp_path, **more):
        return subprocess.run(
            [*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=300, **more
        )

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder in which `nnkit train quickstart` ran for two epochs, and what it printed."""
    folder = tmp_path_factory.mktemp("trained")
    arguments = ["train", "quickstart", "--epochs", "2", "--threads", "1"]
    result = subprocess.run([*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return folder, result
