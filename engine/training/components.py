"""Classes that a config names, as pydantic models.

They are written nowhere: each class in a registry gives one model, made from the typed signature of its constructor.
Add a class and its YAML exists.
"""

from __future__ import annotations

import functools
import inspect
import operator
import re
import types
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Discriminator, Field, JsonValue, Strict, Tag, create_model
from pydantic_core import CoreSchema, core_schema

from nnkit.data import DATASETS
from nnkit.models import NETWORKS
from nnkit.nn import LAYERS, LOSSES, Module
from nnkit.optim import OPTIMIZERS
from nnkit.optim.lr_scheduler import SCHEDULERS
from nnkit.registry import Registry
from nnkit.training.ranges import bounds

# Arguments that the training run gives itself, or that have no meaning or no effect in it.
RUN_ARGUMENTS = {
    *("params", "maximize", "foreach", "fused", "capturable", "differentiable"),
    *("optimizer", "last_epoch", "epochs", "steps_per_epoch"),
    *("reduction", "size_average", "reduce", "ignore_index", "return_indices", "device", "dtype"),
}
# Lengths of a schedule. Where a config leaves them out, the schedule lasts as long as the run.
RUN_LENGTHS = {"T_max", "total_steps"}
# More layers than anybody writes into a file.
MOST_LAYERS = 256
_ARGUMENTS = re.compile(r"^Args:\n((?: {4}.*\n?|\n)+)", re.MULTILINE)
_ARGUMENT = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


class Section(BaseModel):
    """A closed mapping: no unknown keys, no value converted from another type, all numbers finite."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Component(Section):
    """A class by its registered name, and the arguments of its constructor."""

    name: str

    def arguments(self) -> dict[str, Any]:
        """Return the constructor's arguments that the config decides."""
        return {name: value for name, value in self if name != "name"}


class Schedule(Component):
    """A learning rate schedule and how often it moves."""

    interval: Literal["step", "epoch"] | None = Field(
        default=None, description="What it moves after; where null, steps if it has total_steps, or else epochs."
    )

    @property
    def moves_after(self) -> Literal["step", "epoch"]:
        """What the schedule moves after."""
        return self.interval or ("step" if "total_steps" in type(self).model_fields else "epoch")

    @property
    def unset_lengths(self) -> list[str]:
        """The names of its lengths that are left to the run."""
        return [name for name in RUN_LENGTHS if getattr(self, name, 0) is None]

    def arguments(self) -> dict[str, Any]:
        """See `Component.arguments`."""
        run = {"interval", *self.unset_lengths}
        return {name: value for name, value in super().arguments().items() if name not in run}


class CodeNetwork(Section):
    """A network that the user wrote in Python, which runs only where the command line says so."""

    file: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]+\.py$", max_length=1024)] = Field(
        description="The Python file, from the folder of this config."
    )
    arguments: dict[str, JsonValue] = Field(default={}, description="Arguments of the constructor.")
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(
        default=None, description="Checksum of the file, which a run notes; another file brings a warning."
    )

    @property
    def name(self) -> str:
        """The name of the class."""
        return str(getattr(self, "class"))


COMPONENTS: dict[str, tuple[Registry[Any], type[Component]]] = {
    "network": (NETWORKS, Component),
    "optimizer": (OPTIMIZERS, Component),
    "scheduler": (SCHEDULERS, Schedule),
    "loss": (LOSSES, Component),
    "layer": (LAYERS, Component),
}


def names(kind: str) -> list[str]:
    """Return the values that `name` can have in a section, or in a layer."""
    return DATASETS.names() if kind == "data" else COMPONENTS[kind][0].names()


def component_type(kind: str) -> Any:
    """Return the type of a section, or of a layer: one model for each class that it can name."""
    return Annotated[union(_models(kind)), Field(discriminator="name")]


def network_type() -> Any:
    """Return the type of the section `network`: a registered class, or one in a Python file."""
    # No key of a config is called like these, so that they are told apart from it in errors.
    named, written = "a name", "a file"

    def kind(value: Any) -> str:
        is_written = isinstance(value, dict) and not value.keys().isdisjoint({"file", "class"})
        return written if is_written or isinstance(value, CodeNetwork) else named

    # Python's grammar has no attribute of this name, so that no class can be written with it.
    name_of_class = Annotated[str, Field(pattern=r"^[^\W\d]\w*$", max_length=256, description="The class in the file.")]
    code = create_model("CodeNetwork", __base__=CodeNetwork, **{"class": (name_of_class, ...)})  # type: ignore[call-overload]
    return Annotated[
        union([Annotated[component_type("network"), Tag(named)], Annotated[code, Tag(written)]]), Discriminator(kind)
    ]


class _OrName:
    """Lets a layer that needs no arguments be written as its name alone."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: {"name": value} if isinstance(value, str) else value, handler(source)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: Callable[[CoreSchema], dict[str, Any]]
    ) -> dict[str, Any]:
        models = _models("layer")
        alone = [model for model in models if not any(field.is_required() for field in _arguments_of(model).values())]
        return {"anyOf": [{"enum": [model.__name__ for model in alone]}, handler(schema)]}


def _models(kind: str) -> list[type[Component]]:
    registry, base = COMPONENTS[kind]
    return [component_model(name, registry.get(name), base) for name in registry.names()]


def _arguments_of(model: type[Component]) -> dict[str, Any]:
    return {name: field for name, field in model.model_fields.items() if name != "name"}


def union(kinds: Sequence[Any]) -> Any:
    """Return the type of what is of one of several kinds."""
    return functools.reduce(operator.or_, kinds)


@functools.cache
def component_model(name: str, constructor: Callable[..., Any], base: type[Component]) -> type[Component]:
    """Return the model of one registered class: its name, and its constructor's arguments.

    Raises:
        TypeError: a required argument has no type that YAML can hold.
    """
    fields: dict[str, Any] = {"name": (Literal[name], ...)}
    documentation = inspect.getdoc(constructor) or ""
    descriptions = _descriptions(documentation)
    for parameter in inspect.signature(constructor, eval_str=True).parameters.values():
        takes_the_rest = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.name in RUN_ARGUMENTS or takes_the_rest:
            continue
        kind = _yaml_type(parameter.annotation, f"{name}.{parameter.name}")
        default = ... if parameter.default is parameter.empty else parameter.default
        if parameter.name in RUN_LENGTHS:
            kind, default = kind | None, None
        if kind is not None:
            fields[parameter.name] = (kind, Field(default=default, description=descriptions.get(parameter.name)))
        elif default is ...:
            raise TypeError(f"{name}: {parameter.name} needs a type that YAML can hold")
    return create_model(name, __base__=base, __doc__=documentation.partition("\n\n")[0], **fields)


def _descriptions(documentation: str) -> dict[str, str]:
    """Return what a docstring says about each argument."""
    section = _ARGUMENTS.search(documentation)
    found = _ARGUMENT.findall(section[1] if section else "")
    return {name: " ".join(f"{text[:1].upper()}{text[1:]}".split()) for name, text in found}


def _yaml_type(annotation: Any, name: str) -> Any:
    """Return the part of a type that YAML can hold, its numbers in their range; None if there is none."""
    if annotation in (bool, str, types.NoneType):
        return annotation
    if annotation in (int, float):
        return Annotated[annotation, bounds(name)]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return annotation
    if origin in (Union, types.UnionType):
        kinds = [kind for kind in (_yaml_type(argument, name) for argument in arguments) if kind is not None]
        return None if all(kind is types.NoneType for kind in kinds) else union(kinds)
    if arguments == (Module,):
        layer: Any = Annotated[component_type("layer"), _OrName()]
        return Annotated[tuple[layer, ...], Strict(False), Field(min_length=1, max_length=MOST_LAYERS)]
    if origin in (tuple, list, Sequence):
        items = tuple(item if item is ... else _yaml_type(item, name) for item in arguments)
        if None in items:
            return None
        shape: Any = items if origin is tuple else (*items, ...)
        # YAML has lists only, and a strict tuple would refuse them.
        return Annotated[tuple[shape], Strict(False)]
    return None
