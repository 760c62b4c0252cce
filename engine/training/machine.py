"""The device and the threads that a run uses."""

from __future__ import annotations

from nnkit.devices import available
from nnkit.settings import most_threads, set_num_threads
from nnkit.training.schema import Config


def use_machine(config: Config) -> None:
    """Set up the device and the number of threads that a config asks for.

    Raises:
        InvalidConfigError: this machine does not have them.
    """
    try:
        available(config.training.device)
    except (AssertionError, RuntimeError):
        message = f"{config.training.device} cannot be used: this nnkit has no CUDA backend; choose cpu"
        raise config.error(("training", "device"), message) from None
    if config.training.threads is not None:
        _use_threads(config, config.training.threads)


def _use_threads(config: Config, threads: int) -> None:
    most = most_threads()
    if threads > most:
        raise config.error(("training", "threads"), f"must be <= {most} on this machine, got {threads}")
    set_num_threads(threads)
