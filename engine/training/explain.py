"""Validation errors in the words of the person who wrote the config: place, key, what was expected and given."""

from __future__ import annotations

from typing import Any

from pydantic_core import ErrorDetails

from nnkit.registry import closest, unknown_name
from nnkit.training.components import COMPONENTS, component_model, names
from nnkit.training.ranges import RANGES
from nnkit.training.schema import AugmentConfig, CheckpointConfig, Config, DataConfig, TrainingConfig
from nnkit.training.yaml_loader import Document, Path, Problem, shortened, shown

_EXPECTED = {
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_OUT_OF_RANGE = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_PATTERNS = {"device": "cpu, cuda or cuda:N", "output": "a path without control characters"}
_NOT_FINITE = {"nan", "inf", "infinity"}


def explain(errors: list[ErrorDetails], document: Document) -> list[Problem]:
    """Return one problem for each value that pydantic refused, with the place where it was written."""
    found: dict[Path, list[ErrorDetails]] = {}
    for details in errors:
        path = _path(details, document.value)
        # What the YAML reader complained about has no value that could be judged.
        if not any(path[:length] in document.doubtful for length in range(len(path) + 1)):
            found.setdefault(path, []).append(details)
    return [_problem(path, about_one, document) for path, about_one in found.items()]


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
    elif details["type"] == "union_tag_invalid":
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
    if kind == "too_long":
        return f"expected {context['max_length']} values, got {len(value)}"
    if kind == "union_tag_not_found":
        return f"name is missing (choose from: {', '.join(names(str(path[0])))})"
    if kind == "union_tag_invalid":
        return unknown_name(str(path[0]), shortened(str(context["tag"])), names(str(path[0])))
    if kind == "literal_error" and path == ("data", "name"):
        return unknown_name("data set", shortened(str(value)), names("data"))
    if kind == "literal_error":
        return f"expected {context['expected']}, got {shown(value)}"
    if kind == "finite_number" or (isinstance(value, str) and value.lstrip("+-.").lower() in _NOT_FINITE):
        return f"must be finite, got {shown(value)}"
    if kind in _OUT_OF_RANGE:
        key = next(str(part) for part in reversed(path) if isinstance(part, str))
        return f"must be {RANGES[key]}, got {shown(value)}"
    if kind == "string_pattern_mismatch":
        return f"expected {_PATTERNS[str(path[-1])]}, got {shown(value)}"
    expected = dict.fromkeys(_EXPECTED.get(error["type"], error["msg"]) for error in errors)
    return f"expected {' or '.join(expected)}, got {shown(value)}"


def _unknown_key(path: Path, value: dict[str, Any]) -> str:
    *parents, key = path
    known = _keys(value)
    here = known.get(".".join(str(part) for part in parents), [])
    elsewhere = [section for section, keys in known.items() if section and key in keys]
    if elsewhere:
        return f"unknown key, it belongs in {elsewhere[0]!r}"
    match = closest(str(key), here)
    if match:
        return f"unknown key, did you mean {match!r}?"
    return f"unknown key (known keys: {', '.join(here)})" if here else "unknown key"


def _keys(value: dict[str, Any]) -> dict[str, list[str]]:
    """Return the keys that each section of this config can have; the top level is the section ''."""
    known = {
        "": list(Config.model_fields),
        "data": list(DataConfig.model_fields),
        "data.augment": list(AugmentConfig.model_fields),
        "training": list(TrainingConfig.model_fields),
        "checkpoint": list(CheckpointConfig.model_fields),
    }
    for section, (registry, base) in COMPONENTS.items():
        name = value[section].get("name") if isinstance(value.get(section), dict) else None
        if isinstance(name, str) and name in registry:
            known[section] = list(component_model(name, registry.get(name), base).model_fields)
    return known
