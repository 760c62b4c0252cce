"""From a config file and options of the command line to a checked `Config`, or all that is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml
from pydantic import ValidationError

from nnkit.errors import ConfigError
from nnkit.files import open_regular
from nnkit.training.explain import explain
from nnkit.training.paths import find_config
from nnkit.training.schema import Config, config_model
from nnkit.training.yaml_loader import Document, InvalidConfigError, Path, Place, Problem, parse, shown

# A config is a page of text; anything much larger is another kind of file.
MAX_BYTES = 256 * 1024


@dataclass(frozen=True)
class Override:
    """A value from the command line for the dotted `key`; the source of `value` is the option, for messages."""

    key: str
    value: Document

    @classmethod
    def from_text(cls, key: str, text: str, option: str) -> Override:
        """Return the override that has `text`, read as YAML, as its value."""
        return cls(key, parse(text, option))


def load_config(path_or_name: str, overrides: Iterable[Override] = ()) -> Config:
    """Read and check a config.

    Raises:
        InvalidConfigError: the config is not valid; it names every problem with its place.
        ConfigError: there is no such file.
        FileAccessError: the file may not be read.
    """
    return check(read_config(path_or_name), overrides)


def read_config(path_or_name: str) -> Document:
    """Return what a config file says, unchecked.

    Raises:
        InvalidConfigError: it is no YAML.
        ConfigError: there is no such file.
        FileAccessError: the file may not be read.
    """
    path = find_config(path_or_name)
    return parse(_read_text(path), str(path))


def check(document: Document, overrides: Iterable[Override] = ()) -> Config:
    """Return the config that a document holds, with some values replaced.

    Raises:
        InvalidConfigError: the document does not follow the schema.
    """
    if not isinstance(document.value, dict):
        message = f"expected a mapping of sections, got {shown(document.value)}"
        raise InvalidConfigError([*document.problems, document.problem((), message)])
    for override in overrides:
        _apply(document, override)
    problems = document.problems
    try:
        config = config_model().model_validate(document.value)
    except ValidationError as error:
        problems = [*problems, *explain(error.errors(include_url=False), document)]
    if problems:
        raise InvalidConfigError(problems)
    return config.written_in(document)


def schema_text() -> str:
    """Return the JSON Schema of configs, as the file beside the built-in configs has it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **config_model().model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"


def to_yaml(config: Config) -> str:
    """Return a config with all its values as YAML that `load_config` reads back to an equal one."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, width=100)


def _read_text(path: FilePath) -> str:
    with open_regular(path, ConfigError) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES // 1024} KiB, expected a config")
    try:
        # A byte order mark stays: the YAML reader knows it, and offsets count it.
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: not UTF-8 text: byte 0x{content[error.start]:02x} at offset {error.start}"
        ) from None


def _apply(document: Document, override: Override) -> None:
    """Put one value of the command line into a document."""
    place = Place(override.value.source)
    *parents, last = override.key.split(".")
    section = document.value
    path: Path = ()
    for part in parents:
        key = _key(section, part, path, place)
        path = (*path, key)
        if isinstance(section, dict) and section.get(key) is None:
            section[key] = {}
            document.values.setdefault(path, place)
        section = section[key]
    key = _key(section, last, path, place)
    path = (*path, key)
    section[key] = override.value.value
    document.problems += [Problem(place, problem.message) for problem in override.value.problems]
    document.doubtful |= {path for _ in override.value.problems}
    for places in (document.keys, document.values):
        for below in [known for known in places if known[: len(path)] == path]:
            del places[below]
        places[path] = place


def _key(section: Any, part: str, path: Path, place: Place) -> str | int:
    """Return what a part of a dotted key is in the section at `path`: a key, or a number in a list."""
    if isinstance(section, dict):
        return part
    if isinstance(section, list) and part.isdecimal() and int(part) < len(section):
        return int(part)
    parent = ".".join(map(str, path)) or "the config"
    expected = f"a number below {len(section)} after it" if isinstance(section, list) else "a mapping"
    raise InvalidConfigError([Problem(place, f"{parent} is {shown(section)}, expected {expected}")])
