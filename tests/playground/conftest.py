"""A trained network, and drawings for it."""

import numpy as np
import pytest

from nnkit.cli.main import run


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """What `nnkit train quickstart` makes of the bundled digits in two epochs."""
    folder = tmp_path_factory.mktemp("playground")
    arguments = ["--epochs", "2", "--threads", "1", "--output", str(folder), "--quiet", "--no-report"]
    assert run(["train", "quickstart", *arguments]) == 0
    return folder / "best.safetensors"


@pytest.fixture(scope="session")
def drawing():
    """A vertical stroke with a hook, bright on black."""
    grey = np.zeros((280, 280), np.uint8)
    grey[40:240, 130:154] = 255
    grey[40:64, 90:154] = 255
    return grey
