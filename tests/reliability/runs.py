"""Training runs in processes of their own, to be killed, and what they leave."""

import hashlib
import json
import subprocess
import sys
import time

from nnkit.training import checkpoint as checkpoints

# What a test has to end, if it fails before it does.
STARTED = []
COMMAND = [sys.executable, "-c", "from nnkit.cli.main import main; main()"]
# Each network and each way to run a step; small enough that a run of a dozen epochs takes seconds.
KINDS = {
    f"{network}-{way}": [
        "--set",
        f"network={network_settings}",
        "--set",
        f"training.plan={way == 'plan'}".lower(),
        *more,
    ]
    for network, network_settings, more in (
        ("LeNet", "{name: LeNet}", ["--set", "data.augment={shift: 2, rotation: 10}"]),
        (
            "MNISTConvNet",
            "{name: MNISTConvNet}",
            ["--set", "data.validation_fraction=0.2", "--set", "training.ema_decay=0.9"],
        ),
        ("RNN", "{name: RNN, hidden_size: 32, nonlinearity: tanh}", ["--set", "training.clip_grad_norm=1.0"]),
        ("LSTM", "{name: LSTM, hidden_size: 16}", []),
    )
    for way in ("plan", "tape")
}


def arguments(*more, epochs=6):
    """Return the command of a run into the folder `run`."""
    options = ["--epochs", str(epochs), "--output", "run", "--quiet", "--no-report", *map(str, more)]
    return [*COMMAND, "train", "quickstart", *options]


def begin(folder, *more, **options):
    """Start a run in a process of its own."""
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen(
        arguments(*more, **options), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    STARTED.append(process)
    return process


def finish(folder, *more, **options):
    """Run to the end, and return the process."""
    process = begin(folder, *more, **options)
    process.out, process.errors = process.communicate(timeout=300)
    return process


def completed(folder, *more, **options):
    """Run to the end, which has to be a good one, and return what the run leaves."""
    process = finish(folder, *more, **options)
    assert process.returncode == 0, process.errors
    return outcome(folder / "run")


def outcome(folder):
    """Return the SHA-256 of the weights, last and best, and the metrics but for times."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    timeless = [{key: value for key, value in line.items() if "second" not in key} for line in lines]
    return {"last": digest(folder / "last.safetensors"), "best": digest(folder / "best.safetensors"), "lines": timeless}


def digest(path):
    """Return the SHA-256 of the parameters in a checkpoint."""
    whole = hashlib.sha256()
    for name, array in sorted(checkpoints.load(path).parameters.items()):
        whole.update(f"{name} {array.shape} {array.dtype}".encode() + array.tobytes())
    return whole.hexdigest()


def wait_for_step(folder, step):
    """Wait until a run has been saved after so many steps; it saves often."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        path = folder / "run" / "last.safetensors"
        if path.exists() and checkpoints.load(path).step >= step:
            return
        time.sleep(0.02)
    raise AssertionError(f"no checkpoint of step {step}")


def contents(folder):
    """Return the bytes of all files of a folder, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
