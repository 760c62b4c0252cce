"""Each seed document as a program: it runs on nnkit, and prints what it prints on PyTorch."""

import contextlib
import io
import re
from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("seed_*.py"))
IMPORT = re.compile(r"^(import|from) nnkit\b", re.MULTILINE)
NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]\d+)?")


def run(path: Path, *, package: str) -> str:
    """Run a program with `package` in the place of nnkit and return what it prints."""
    source = IMPORT.sub(rf"\1 {package}", path.read_text(encoding="utf-8"))
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(source, str(path), "exec"), {"__name__": "__main__"})
    # What is bound to differ: addresses, and the module that Tensor is from.
    return re.sub(r"0x[0-9a-f]+|'[\w.]*\.Tensor'", "...", output.getvalue())


def test_there_is_a_program_for_every_seed():
    assert [path.name[:8] for path in PROGRAMS] == [f"seed_{number:03}" for number in range(5)]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_prints_what_it_prints_on_pytorch(path):
    ours, theirs = run(path, package="nnkit"), run(path, package="torch")
    # Sums in another order may round the last printed digit the other way; everything else is equal.
    assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs)
    ours_numbers = [float(number) for number in NUMBER.findall(ours)]
    theirs_numbers = [float(number) for number in NUMBER.findall(theirs)]
    assert ours_numbers == pytest.approx(theirs_numbers, rel=0, abs=1.01e-4)
