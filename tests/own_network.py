"""A network that a user wrote: its file notes beside itself that it ran, and a config names it."""

CODE = """\
from pathlib import Path

import nnkit as torch
import nnkit.nn as nn
import nnkit.nn.functional as F

Path(__file__).with_name("ran").touch()


class MyNet(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.first = nn.Linear(28 * 28, hidden)
        self.second = nn.Linear(hidden, 10)

    def forward(self, x):
        return self.second(F.relu(self.first(x.flatten(1))))
"""
CONFIG = """\
network: {file: my_net.py, class: MyNet, arguments: {hidden: 24}}
data: {name: digits, batch_size: 512}
optimizer: {name: Adam, lr: 0.003}
loss: {name: CrossEntropyLoss}
training: {epochs: 1, threads: 1}
"""


def write(folder):
    """Write the file and its config."""
    (folder / "my_net.py").write_text(CODE)
    (folder / "my.yaml").write_text(CONFIG)


def has_run(folder):
    """Return whether the file has run since this was last asked."""
    ran = folder / "ran"
    found = ran.exists()
    ran.unlink(missing_ok=True)
    return found
