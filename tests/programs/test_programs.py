"""Programs as beginners write them: on nnkit they print what they print on PyTorch, digit for digit.

Random numbers are the same on both, those of dropout included; only sums of many numbers differ, by their rounding.
"""

from pathlib import Path

import pytest
from printed import assert_same, printed

WRITTEN = Path(__file__).parent / "written"
MNIST = {
    "classifier_walkthrough": (),
    "basic_mnist": ("--epochs", "2", "--images", "192", "--log-interval", "1", "--save-model"),
    "recurrent_mnist": ("--epochs", "1", "--images", "384"),
}


@pytest.mark.parametrize("name", sorted(path.stem for path in WRITTEN.glob("*.py") if path.stem not in MNIST))
def test_prints_what_it_prints_on_pytorch(name):
    path = WRITTEN / f"{name}.py"
    assert_same(printed(path, package="nnkit"), printed(path, package="torch"))


@pytest.mark.mnist
@pytest.mark.parametrize("name", MNIST)
def test_learns_mnist_as_on_pytorch(name):
    path = WRITTEN / f"{name}.py"
    ours, theirs = (printed(path, package=package, arguments=MNIST[name]) for package in ("nnkit", "torch"))
    assert_same(ours, theirs)
