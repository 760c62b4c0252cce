"""Each seed document as a program: it runs on nnkit, and prints what it prints on PyTorch."""

from pathlib import Path

import pytest
from printed import assert_same, printed

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("seed_*.py"))


def test_there_is_a_program_for_every_seed():
    assert [path.name[:8] for path in PROGRAMS] == [f"seed_{number:03}" for number in range(5)]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_prints_what_it_prints_on_pytorch(path):
    assert_same(printed(path, package="nnkit"), printed(path, package="torch"))
