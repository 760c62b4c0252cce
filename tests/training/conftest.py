"""A small finished run that several tests look at."""

import pytest

from nnkit.training.config import Override, load_config
from nnkit.training.run import train


def configured(**settings):
    """Return the quickstart config, made short; a setting `optimizer__lr="3"` replaces `optimizer.lr`."""
    settings = {"training__epochs": "4", "training__threads": "1", **settings}
    return load_config(
        "quickstart", [Override.from_text(name.replace("__", "."), text, "test") for name, text in settings.items()]
    )


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The folder of a run of four epochs on the digits, and its events."""
    folder = tmp_path_factory.mktemp("finished")
    return folder, list(train(configured(), folder))
