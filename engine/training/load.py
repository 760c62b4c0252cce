"""Networks from configs and checkpoints."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nnkit.errors import CheckpointError
from nnkit.escapes import printable
from nnkit.models import Network, Sequential
from nnkit.tensors.limits import at_most
from nnkit.training import checkpoint as checkpoints
from nnkit.training.build import build_network, check_components, logits_of_an_image
from nnkit.training.checkpoint import Checkpoint
from nnkit.training.config import Override, check, load_config
from nnkit.training.layers import check_fit
from nnkit.training.paths import find_checkpoint, names_config
from nnkit.training.schema import Config
from nnkit.training.user_code import CodeError, is_code
from nnkit.training.yaml_loader import Document, InvalidConfigError

# What a network may have besides its parameters, and enough for the difference between two usual networks to be
# told parameter by parameter.
_SPARE_ELEMENTS = 1024 * 1024
_SHOWN_CHARACTERS = 500


def load_run(path_or_name: str) -> tuple[Config, Network]:
    """Return the config and the network of a config file, a built-in config, a checkpoint or the folder of a run.

    From a config the network has its initial parameters, from a checkpoint those that were saved.

    Raises:
        ConfigError: the config does not exist or is not valid.
        CheckpointError: the checkpoint is damaged, or its config is not one of this version.
        FileAccessError: the file may not be read.
    """
    if names_config(path_or_name):
        config = load_config(path_or_name)
        check_components(config)
        return config, build_network(config)
    config, network, _ = load_checkpoint(Path(path_or_name))
    return config, network


def config_of(path: Path, overrides: Iterable[Override] = ()) -> Config:
    """Return the config that a checkpoint carries, with some values replaced.

    Raises:
        InvalidConfigError: with the replaced values the config is not valid.
        CheckpointError: the file is damaged, or its config is not one of this version.
        FileAccessError: it may not be read.
    """
    return config_in(checkpoints.load(path), path, overrides)


def load_checkpoint(path: Path, overrides: Iterable[Override] = ()) -> tuple[Config, Network, Checkpoint]:
    """Return what a checkpoint holds: its config, its network with the saved parameters, and the rest.

    The folder of a run stands for its best checkpoint.

    Raises:
        InvalidConfigError: with the replaced values the config is not valid.
        CheckpointError: the file is damaged, or its config is not one of this version.
        FileAccessError: it may not be read.
    """
    path = find_checkpoint(path)
    checkpoint = checkpoints.load(path)
    config = config_in(checkpoint, path, overrides)
    network = network_of(config, checkpoint, path)
    checkpoints.restore(network, checkpoint, path)
    return config, network, checkpoint


def network_of(config: Config, checkpoint: Checkpoint, path: Path) -> Network:
    """Return the network of a checkpoint's config, with its initial parameters.

    Raises:
        CheckpointError: it cannot be built, or is so much larger than the parameters in the file that they cannot
            be its own; nothing of that size has been allocated then.
        InvalidConfigError: it is the user's Python, which is not allowed to run, fails, or returns no logits.
    """
    elements = sum(array.size for array in checkpoint.parameters.values())
    try:
        with at_most(elements + _SPARE_ELEMENTS):
            network = build_network(config)
        if isinstance(network, Sequential):
            check_fit(config, network)
    except CodeError:
        # Nothing is wrong with the checkpoint.
        raise
    except InvalidConfigError as error:
        raise CheckpointError(f"{path}: its network cannot be built: {_shown(error)}") from None
    if is_code(config):
        # It may be other code than that which was trained.
        logits_of_an_image(config, network)
    return network


def config_in(checkpoint: Checkpoint, path: Path, overrides: Iterable[Override] = ()) -> Config:
    """Return the config of a checkpoint that was read from `path`, with some values replaced.

    Raises:
        InvalidConfigError: with the replaced values the config is not valid.
        CheckpointError: the config is not one of this version.
    """
    document = Document(str(path), checkpoint.config)
    try:
        check(document)
    except InvalidConfigError as error:
        raise CheckpointError(f"{path}: its config cannot be used: {_shown(error)}") from None
    return check(document, overrides)


def _shown(error: InvalidConfigError) -> str:
    """Return the first problem in one line: keys of a config may hold line breaks, or commands to a terminal."""
    return printable(error.problems[0].message[:_SHOWN_CHARACTERS])
