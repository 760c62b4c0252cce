"""What a user waits for and pays: the `nnkit` command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contest import Spread, spread

from nnkit.folders import cache_folder

NNKIT = (sys.executable, "-c", "from nnkit.cli.main import main; main()")
FIRST_STEP = (sys.executable, str(Path(__file__).parent / "first_step.py"))
# Linux counts kilobytes, macOS bytes.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def measure(repeats: int) -> dict[str, Any]:
    """Return seconds and memory of training commands, with an empty cache folder at first."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NNKIT_CACHE_DIR": str(Path(folder, "cache"))}
        # It would have machine code from before.
        environment.pop("NUMBA_CACHE_DIR", None)
        # Downloads of MNIST are not what is measured.
        environment.setdefault("NNKIT_DATA_DIR", str(cache_folder() / "data"))
        started = time.perf_counter()
        _finish(
            [*NNKIT, "train", "quickstart", "--quiet", "--no-report", "--output", f"{folder}/quickstart"], environment
        )
        first_run = time.perf_counter() - started
        lenet = [*NNKIT, "train", "lenet", "--epochs", "1", "--quiet", "--no-report", "--output", f"{folder}/lenet"]
        _finish(lenet, environment)
        megabytes = _finish(lenet, environment) * RSS_UNIT / 1e6
        line = Path(folder, "lenet", "metrics.jsonl").read_text(encoding="utf-8")
        return {
            "first_run_seconds": float(f"{first_run:.3g}"),
            "peak_megabytes": float(f"{megabytes:.4g}"),
            "lenet_images_per_second": float(f"{json.loads(line)['images_per_second']:.4g}"),
            "first_step_seconds": {
                config: _first_step(config, folder, environment, repeats) for config in ("quickstart", "lenet")
            },
        }


def _first_step(config: str, folder: str, environment: dict[str, str], repeats: int) -> Spread:
    """Return the seconds from the start of `nnkit train` to the end of its first step, with kernels that are kept."""
    command = [*FIRST_STEP, "train", config, "--quiet", "--output", f"{folder}/{config}"]
    times = []
    for _ in range(repeats):
        started = time.time()
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        times.append(float(done.stdout) - started)
    return spread(times, digits=3)


def _finish(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run a command and return its peak resident memory in the system's unit.

    That counts from before the command replaces this process's image, so this process must stay small: it loads
    neither PyTorch nor Numba.
    """
    process = subprocess.Popen(command, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} failed")
    return usage.ru_maxrss
