"""What a program prints on nnkit, and on PyTorch with another name in its import lines."""

import contextlib
import io
import re
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

IMPORT = re.compile(r"^(import|from) nnkit\b", re.MULTILINE)
VISION = re.compile(r"^from nnkit\.vision\b", re.MULTILINE)
NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]\d+)?")


def printed(path: Path, *, package: str, arguments: tuple[str, ...] = ()) -> str:
    """Run a program with `package` in the place of nnkit and return what it prints."""
    source = path.read_text(encoding="utf-8")
    if package != "nnkit":
        source = IMPORT.sub(rf"\1 {package}", VISION.sub("from programs.pytorch_vision", source))
    output = io.StringIO()
    with contextlib.redirect_stdout(output), patch.object(sys, "argv", [str(path), *arguments]):
        exec(compile(source, str(path), "exec"), {"__name__": "__main__"})
    # What is bound to differ: addresses, and the module that Tensor is from.
    return re.sub(r"0x[0-9a-f]+|'[\w.]*\.Tensor'", "...", output.getvalue())


def assert_same(ours: str, theirs: str) -> None:
    """Check that two programs printed the same, but for the last printed digit of numbers."""
    # Sums in another order may round it the other way; everything else is equal.
    assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs)
    ours_numbers = [float(number) for number in NUMBER.findall(ours)]
    theirs_numbers = [float(number) for number in NUMBER.findall(theirs)]
    assert ours_numbers == pytest.approx(theirs_numbers, rel=0, abs=1.01e-4)
