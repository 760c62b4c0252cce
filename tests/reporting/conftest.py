"""A small run made by the command, and folders that look like runs."""

import json

import pytest

from nnkit.cli.main import run
from nnkit.training.config import Override, load_config, to_yaml


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The folder of a run of two epochs with a validation part, and its report."""
    folder = tmp_path_factory.mktemp("trained") / "small"
    settings = ["--set", "data.batch_size=128", "--set", "data.validation_fraction=0.2", "--threads", "1"]
    assert run(["train", "quickstart", "--epochs", "2", "--quiet", *settings, "--output", str(folder)]) == 0
    return folder


def epoch(number, **values):
    """Return the line of an epoch."""
    return {
        "epoch": number,
        "step": 45 * number,
        "lr": 0.01 / number,
        "train_loss": 2.0 / number,
        "train_seconds": 1.5,
        "images_per_second": 1000.0,
        "test_loss": 2.5 / number,
        "test_accuracy": 1 - 0.5 / number,
        **values,
    }


def make_run(folder, *epochs, **settings):
    """Write a folder as a run would leave it, but for the checkpoints; `optimizer__lr="3"` replaces `optimizer.lr`."""
    overrides = [Override.from_text(name.replace("__", "."), text, "test") for name, text in settings.items()]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(to_yaml(load_config("quickstart", overrides)))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(each) + "\n" for each in epochs))
    return folder
