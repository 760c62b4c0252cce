"""Validation errors in the words of the person who wrote the config: place, key, what was expected and given."""

from __future__ import annotations

from typing import Any

from pydantic_core import ErrorDetails

from nnkit.registry import closest, unknown_name
from nnkit.training.components import COMPONENTS, MOST_LAYERS, CodeNetwork, component_model, names
from nnkit.training.ranges import RANGES
from nnkit.training.schema import AugmentConfig, CheckpointConfig, Config, DataConfig, TrainingConfig
from nnkit.training.yaml_loader import Document, Path, Problem, shortened, shown

_EXPECTED = {
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_OUT_OF_RANGE = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_PATTERNS = {
    "class": "the name of a class",
    "device": "cpu, cuda or cuda:N",
    "file": "the path of a .py file",
    "output": "a path without control characters",
    "sha256": "64 hexadecimal digits",
}
_NOT_FINITE = {"nan", "inf", "infinity"}


def explain(errors: list[ErrorDetails], document: Document) -> list[Problem]:
    """Return one problem for each value that pydantic refused, with the place where it was written."""
    found: dict[Path, list[ErrorDetails]] = {}
    for details in errors:
        path = _path(details, document.value)
        # What the YAML reader complained about has no value that could be judged.
        if not any(path[:length] in document.doubtful for length in range(len(path) + 1)):
            found.setdefault(path, []).append(details)
    # A list with wrong items is also called too short, or no number where it could have been one.
    above = {path[:length] for path in found for length in range(len(path))}
    return [_problem(path, about_one, document) for path, about_one in found.items() if path not in above]


def _path(details: ErrorDetails, value: Any) -> Path:
    """Return where an error is in the user's data: pydantic's location without the names of union members."""
    path: Path = ()
    for part in details["loc"]:
        in_mapping = isinstance(value, dict) and part in value
        in_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if in_mapping or in_list:
            path, value = (*path, part), value[part]
    if details["type"] == "missing" and not isinstance(value, list):
        path = (*path, details["loc"][-1])
    elif details["type"] == "union_tag_invalid" and isinstance(value, dict):
        path = (*path, "name")
    return path


def _problem(path: Path, errors: list[ErrorDetails], document: Document) -> Problem:
    unknown_key = errors[0]["type"] == "extra_forbidden"
    message = _unknown_key(path, document.value) if unknown_key else _message(path, errors)
    return document.problem(path, message, of_key=unknown_key)


def _message(path: Path, errors: list[ErrorDetails]) -> str:
    """Say what is wrong with a value; several errors about it come from the kinds that it could have been."""
    # The error of the kind that came closest says most.
    details = min(errors, key=lambda error: error["type"] in _EXPECTED)
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing" and isinstance(value, list):
        return f"expected {max(int(error['loc'][-1]) for error in errors) + 1} values, got {len(value)}"
    if kind == "missing":
        return "missing"
    if kind == "too_short" or context.get("max_length") == MOST_LAYERS:
        return f"expected 1 to {MOST_LAYERS} layers, got {len(value)}"
    if kind == "too_long":
        return f"expected {context['max_length']} values, got {len(value)}"
    if kind == "union_tag_not_found":
        return _missing_name(_kind_of(path), value)
    if kind == "union_tag_invalid":
        return unknown_name(_kind_of(path), shortened(str(context["tag"])), names(_kind_of(path)))
    if kind == "literal_error" and path == ("data", "name"):
        return unknown_name("data set", shortened(str(value)), names("data"))
    if kind == "literal_error":
        return f"expected {context['expected']}, got {shown(value)}"
    if kind == "finite_number" or (isinstance(value, str) and value.lstrip("+-.").lower() in _NOT_FINITE):
        return f"must be finite, got {shown(value)}"
    if kind in _OUT_OF_RANGE:
        names_of_place = [part for part in path if isinstance(part, str)]
        limits = RANGES.get(".".join(names_of_place)) or RANGES[names_of_place[-1]]
        return f"must be {limits}, got {shown(value)}"
    if kind == "string_pattern_mismatch":
        return f"expected {_PATTERNS[str(path[-1])]}, got {shown(value)}"
    expected = dict.fromkeys(_EXPECTED.get(error["type"], error["msg"]) for error in errors)
    return f"expected {' or '.join(expected)}, got {shown(value)}"


def _kind_of(path: Path) -> str:
    """Return what is named at a path: a layer of a list in the network, or what the section is called after."""
    return "layer" if path[0] == "network" and len(path) > 2 else str(path[0])


def _missing_name(kind: str, value: dict[str, Any]) -> str:
    """Say how a name is given; others write a layer as its name with the arguments below."""
    (first, *others) = value or {"": None}
    match = closest(str(first), names(kind))
    if kind == "layer" and match and not others:
        return f"name is missing, write {{name: {match}, ...}}"
    return f"name is missing (choose from: {', '.join(names(kind))})"


def _unknown_key(path: Path, value: dict[str, Any]) -> str:
    *parents, key = path
    if _kind_of(path) == "layer":
        here, elsewhere = _keys_of("layer", value["network"][path[1]][path[2]]), []
    else:
        known = _keys(value)
        here = known.get(".".join(str(part) for part in parents), [])
        elsewhere = [section for section, keys in known.items() if section and key in keys and key != "name"]
    if elsewhere:
        return f"unknown key, it belongs in {elsewhere[0]!r}"
    match = closest(str(key), here)
    if match:
        return f"unknown key, did you mean {match!r}?"
    return f"unknown key (known keys: {', '.join(here)})" if here else "unknown key"


def _keys(value: dict[str, Any]) -> dict[str, list[str]]:
    """Return the keys that each section of this config can have; the top level is the section ''."""
    return {
        "": list(Config.model_fields),
        "data": list(DataConfig.model_fields),
        "data.augment": list(AugmentConfig.model_fields),
        "training": list(TrainingConfig.model_fields),
        "checkpoint": list(CheckpointConfig.model_fields),
        **{section: _keys_of(section, value.get(section)) for section in COMPONENTS if section != "layer"},
    }


def _keys_of(kind: str, value: Any) -> list[str]:
    """Return the keys that a component can have, which depend on its name."""
    registry, base = COMPONENTS[kind]
    keys = value if isinstance(value, dict) else {}
    if kind == "network" and ("file" in keys or "class" in keys):
        return ["class", *CodeNetwork.model_fields]
    name = keys.get("name")
    if not isinstance(name, str) or name not in registry:
        return []
    return list(component_model(name, registry.get(name), base).model_fields)
