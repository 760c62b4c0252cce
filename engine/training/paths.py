"""What a path that a user gives stands for, and what it was probably meant to be."""

from __future__ import annotations

import os
from pathlib import Path

from nnkit.configs import built_in_configs
from nnkit.errors import CheckpointError, ConfigError
from nnkit.registry import unknown_name

BEST = "best.safetensors"
LAST = "last.safetensors"
_CONFIG = "config.yaml"
_CONFIG_SUFFIXES = (".yaml", ".yml")
_CHECKPOINT_SUFFIX = ".safetensors"


def names_config(path_or_name: str) -> bool:
    """Return whether this is a config by its name, as opposed to a checkpoint or the folder of a run."""
    path = Path(path_or_name)
    return path_or_name in built_in_configs() or path.suffix in _CONFIG_SUFFIXES or not path.exists()


def find_config(path_or_name: str) -> Path:
    """Return the file of a config that is given by its path or by the name of a built-in one.

    Raises:
        ConfigError: there is neither, or it is a checkpoint or a folder; the message has what may have been meant.
    """
    names = built_in_configs()
    if path_or_name in names:
        return names[path_or_name]
    path = Path(path_or_name)
    if path.suffix == _CHECKPOINT_SUFFIX and path.exists():
        raise ConfigError(f"{path}: is a checkpoint, expected a config; try nnkit eval, or nnkit train --resume")
    if path.is_dir() and (path / _CONFIG).exists():
        raise ConfigError(f"{path}: is a directory, expected a file, did you mean {str(path / _CONFIG)!r}?")
    if path.exists() or path.suffix or os.sep in path_or_name:
        return path
    for suffix in _CONFIG_SUFFIXES:
        if path.with_suffix(suffix).exists():
            raise ConfigError(f"{path}: does not exist, did you mean {str(path.with_suffix(suffix))!r}?")
    raise ConfigError(f"{path}: does not exist, {unknown_name('built-in config', path_or_name, names)}")


def find_checkpoint(path: Path, name: str = BEST) -> Path:
    """Return the file of a checkpoint; the folder of a run stands for the one in it that is called `name`.

    Raises:
        CheckpointError: it is a config, or a folder without such a checkpoint.
    """
    if path.is_dir():
        if not os.path.lexists(path / name):
            raise CheckpointError(f"{path}: is a directory, expected a file, or the folder of a run with its {name}")
        return path / name
    if path.suffix in _CONFIG_SUFFIXES and path.exists():
        raise CheckpointError(f"{path}: is a config, expected a checkpoint; nnkit train makes one")
    if str(path) in built_in_configs() and not path.exists():
        run = Path("runs", path)
        if (run / name).exists():
            raise CheckpointError(f"{path}: is a built-in config, expected a checkpoint, did you mean {str(run)!r}?")
        raise CheckpointError(f"{path}: is a built-in config, expected a checkpoint; nnkit train {path} makes one")
    return path
