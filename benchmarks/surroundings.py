"""The machine around the benchmark: what it is called, and how busy others keep it."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

# Of the numbers in the first line of /proc/stat: all but those for being idle (3) and waiting for a disk (4). What the
# hypervisor gives to other machines (7) counts as used by others; time of guests is in the first two already.
BUSY = (0, 1, 2, 5, 6, 7)


class Others:
    """How much of the machine others use, from when this is made."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._busy, self._own = _busy_seconds(), _own_seconds()

    def share(self) -> float | None:
        """Return the share of all CPU time that neither this process used nor those that it has waited for."""
        busy = _busy_seconds()
        if busy is None or self._busy is None:
            return None
        used = busy - self._busy - (_own_seconds() - self._own)
        return round(max(0.0, used / (time.perf_counter() - self._started) / (os.cpu_count() or 1)), 3)


def _busy_seconds() -> float | None:
    try:
        numbers = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    return sum(int(numbers[column]) for column in BUSY) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def cpu_name() -> str:
    """Return what the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
