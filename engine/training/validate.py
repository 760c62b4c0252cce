"""All that is wrong with a config, at once and without reading data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from nnkit.data import DATASETS
from nnkit.training.build import check_components, check_network
from nnkit.training.config import Override, check, read_config
from nnkit.training.schema import Config
from nnkit.training.yaml_loader import Document, InvalidConfigError, Problem

# Sections beside a network that nobody could object to.
_OTHERS = {
    "optimizer": {"name": "SGD"},
    "loss": {"name": "CrossEntropyLoss"},
    "training": {"epochs": 1},
}


def validated(path_or_name: str, overrides: Iterable[Override] = ()) -> Config:
    """Return a config that can work.

    Raises:
        InvalidConfigError: it names every problem with its place: of what is written, and of layers that do not fit.
        ConfigError: there is no such file.
        FileAccessError: the file may not be read.
    """
    document = read_config(path_or_name)
    try:
        config = check(document, overrides)
    except InvalidConfigError as error:
        raise InvalidConfigError([*error.problems, *_problems_of_network(document)]) from None
    check_components(config)
    return config


def _problems_of_network(document: Document) -> list[Problem]:
    """Return what is wrong with the layers of a config that has other problems, if its network has none of those."""
    sections = document.value if isinstance(document.value, dict) else {}
    data = sections.get("data")
    name = data.get("name") if isinstance(data, dict) else None
    if not isinstance(name, str) or name not in DATASETS:
        return []
    others = {**_OTHERS, "data": {"name": name, "batch_size": 1}}
    alone = dataclasses.replace(document, value={**others, "network": sections.get("network")}, problems=[])
    try:
        config = check(alone)
    except InvalidConfigError:
        return []
    try:
        check_network(config)
    except InvalidConfigError as error:
        return error.problems
    return []
