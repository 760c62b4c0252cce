"""What shells complete on a command line: names, files, and the keys and values of `--set`.

A shell waits for these at every press of a key, so nothing here imports NumPy, pydantic or Numba: what a config may say
is read from the JSON Schema that comes with the configs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from nnkit.configs import built_in_configs, schema_path

Items = list[CompletionItem[str]]
Node = Mapping[str, Any]

_CONFIGS = (".yaml", ".yml")
_CHECKPOINTS = (".safetensors",)
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
# A config is a page of text, and its sections do not go deeper.
_MAX_BYTES = 256 * 1024
_MAX_DEPTH = 4


def configs(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return the built-in configs, and YAML files."""
    return built_in(ctx, param, incomplete) + files(incomplete, _CONFIGS)


def built_in(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Return the names of the built-in configs."""
    return _beginning(incomplete, [(name, "built-in config") for name in built_in_configs()])


def checkpoints(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Return checkpoints, and the folders that lead to them."""
    return files(incomplete, _CHECKPOINTS)


def images(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Return pictures, and the folders that lead to them."""
    return files(incomplete, IMAGES)


def configs_and_checkpoints(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return what describes a network."""
    return built_in(ctx, param, incomplete) + files(incomplete, _CONFIGS + _CHECKPOINTS)


def starts(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return what a run can go on from."""
    found = [("auto", "the newest good checkpoint of the output folder")]
    return _beginning(incomplete, found) + checkpoints(ctx, param, incomplete)


def folders(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Return folders."""
    return files(incomplete, ())


def data_sets(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Return the names of the data sets."""
    schema = _schema()
    nodes = _fields(schema, [schema], {})["data"]
    return _beginning(incomplete, [(name, "") for name in _choices(_fields(schema, nodes, {})["name"])])


def devices(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Return the devices."""
    return _beginning(incomplete, [("cpu", "")])


def settings(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Return KEY= for each key of the config that is on the line, or behind the = the values that are likely."""
    schema, config = _schema(), _config_of(ctx)
    key, equals, _ = incomplete.partition("=")
    found: list[tuple[str, str]] = []
    for path, nodes in _leaves(schema, [schema], config):
        if not equals:
            found.append((f"{path}=", next((node["description"] for node in nodes if "description" in node), "")))
        elif path == key:
            now = _value_at(config, path)
            values = _choices(nodes) or [_as_text(node["default"]) for node in nodes if "default" in node]
            likely = dict.fromkeys([*values, *([] if now is None else [_as_text(now)])])
            found += [(f"{path}={value}", "") for value in likely]
    return _beginning(incomplete, found)


def files(incomplete: str, suffixes: tuple[str, ...]) -> Items:
    """Return the files that end so, and folders with a slash; nothing where the file system refuses."""
    folder, begun = os.path.split(incomplete)
    prefix = incomplete[: len(incomplete) - len(begun)]
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError:
        return []
    wanted = [(name, is_folder) for name, is_folder in found if is_folder or name.endswith(suffixes)]
    # What is hidden is shown to who asks for it.
    shown = [(name, is_folder) for name, is_folder in wanted if begun.startswith(".") or not name.startswith(".")]
    return _beginning(incomplete, [(f"{prefix}{name}{'/' if is_folder else ''}", "") for name, is_folder in shown])


def _beginning(incomplete: str, found: Iterable[tuple[str, str]]) -> Items:
    """Return what begins so; names and values come from files, and what a terminal would obey is left out."""
    return [
        CompletionItem(value, help=text or None)
        for value, text in found
        if value.startswith(incomplete) and value.isprintable()
    ]


def _schema() -> Node:
    schema: Node = json.loads(schema_path().read_text(encoding="utf-8"))
    return schema


def _config_of(ctx: click.Context) -> Any:
    """Return the config that the line names, with the `--set` that are complete, as far as it can be read."""
    # PyYAML takes a moment to import, and only `--set` needs it.
    from nnkit.errors import ConfigError, NnkitError
    from nnkit.files import open_regular
    from nnkit.training.yaml_loader import parse

    config: dict[str, Any] = {}
    name = ctx.params.get("config") or ""
    try:
        with open_regular(built_in_configs().get(name, Path(name)), ConfigError) as file:
            value = parse(file.read(_MAX_BYTES).decode(), name).value
        config = value if isinstance(value, dict) else {}
    except (OSError, ValueError, NnkitError):
        pass  # Its keys are those of all configs then.
    for setting in ctx.params.get("settings") or ():
        section, dot, key = setting.partition("=")[0].partition(".")
        if dot and key == "name":
            config[section] = {"name": setting.partition("=")[2]}
    return config


def _leaves(schema: Node, nodes: list[Node], value: Any, prefix: str = "") -> Iterator[tuple[str, list[Node]]]:
    """Yield the dotted keys that are no sections, each with what it may be."""
    for name, inner in _fields(schema, nodes, value).items():
        path = f"{prefix}{name}"
        if any("properties" in node for node in inner) and path.count(".") < _MAX_DEPTH:
            yield from _leaves(schema, inner, value.get(name) if isinstance(value, dict) else None, f"{path}.")
        else:
            yield path, inner


def _fields(schema: Node, nodes: list[Node], value: Any) -> dict[str, list[Node]]:
    """Return what each field of a section may be, given what is known of the section; `name` may be any."""
    sections = [node["properties"] for node in nodes if "properties" in node]
    chosen = value.get("name") if isinstance(value, dict) else None
    ours = [fields for fields in sections if fields.get("name", {}).get("const") == chosen] or sections
    found: dict[str, list[Node]] = {"name": []} if any("name" in fields for fields in sections) else {}
    for fields in sections:
        for name, node in fields.items():
            if name == "name" or fields in ours:
                found.setdefault(name, []).extend(_alternatives(schema, node))
    return found


def _alternatives(schema: Node, node: Node) -> Iterator[Node]:
    """Yield what a value may be, one after the other, each with the description and default of the whole."""
    common = {key: node[key] for key in ("description", "default") if key in node}
    if "$ref" in node:
        yield from _alternatives(schema, {**schema["$defs"][node["$ref"].rpartition("/")[2]], **common})
        return
    choices = node.get("anyOf") or node.get("oneOf")
    if choices is None:
        yield node
    for choice in choices or ():
        yield from _alternatives(schema, {**choice, **common})


def _choices(nodes: list[Node]) -> list[str]:
    """Return all values that there are, or none where there are too many."""
    found: list[Any] = []
    for node in nodes:
        kind = node.get("type")
        if "const" in node or "enum" in node:
            found += node.get("enum", [node.get("const")])
        elif kind in ("boolean", "null"):
            found += [True, False] if kind == "boolean" else [None]
    return [_as_text(value) for value in found]


def _value_at(config: Any, path: str) -> Any:
    for key in path.split("."):
        config = config.get(key) if isinstance(config, dict) else None
    return config


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
