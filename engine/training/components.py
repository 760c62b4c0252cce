"""Classes that a config names, as pydantic models.

They are written nowhere: each class in a registry gives one model, made from the typed signature of its constructor.
Add a class and its YAML exists.
"""

from __future__ import annotations

import functools
import inspect
import operator
import types
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, Strict, create_model

from nnkit.data import DATASETS
from nnkit.models import NETWORKS
from nnkit.nn import LOSSES
from nnkit.optim import OPTIMIZERS
from nnkit.optim.lr_scheduler import SCHEDULERS
from nnkit.registry import Registry
from nnkit.training.ranges import bounds

# Arguments that the training run gives itself, or that have no meaning or no effect in it.
RUN_ARGUMENTS = {
    *("params", "maximize", "foreach", "fused", "capturable", "differentiable"),
    *("optimizer", "last_epoch", "epochs", "steps_per_epoch"),
    *("reduction", "ignore_index", "device", "dtype"),
}
# Lengths of a schedule. Where a config leaves them out, the schedule lasts as long as the run.
RUN_LENGTHS = {"T_max", "total_steps"}


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


COMPONENTS: dict[str, tuple[Registry[Any], type[Component]]] = {
    "network": (NETWORKS, Component),
    "optimizer": (OPTIMIZERS, Component),
    "scheduler": (SCHEDULERS, Schedule),
    "loss": (LOSSES, Component),
}


def names(section: str) -> list[str]:
    """Return the values that `name` can have in a section."""
    return DATASETS.names() if section == "data" else COMPONENTS[section][0].names()


def component_type(section: str) -> Any:
    """Return the type of a section: one model for each class that it can name."""
    registry, base = COMPONENTS[section]
    models = [component_model(name, registry.get(name), base) for name in registry.names()]
    return Annotated[union(models), Field(discriminator="name")]


def union(kinds: Sequence[Any]) -> Any:
    """Return the type of what is of one of several kinds."""
    return functools.reduce(operator.or_, kinds)


def component_model(name: str, constructor: Callable[..., Any], base: type[Component]) -> type[Component]:
    """Return the model of one registered class: its name, and its constructor's arguments.

    Raises:
        TypeError: a required argument has no type that YAML can hold.
    """
    fields: dict[str, Any] = {"name": (Literal[name], ...)}
    for parameter in inspect.signature(constructor, eval_str=True).parameters.values():
        if parameter.name in RUN_ARGUMENTS:
            continue
        kind = _yaml_type(parameter.annotation, parameter.name)
        default = ... if parameter.default is parameter.empty else parameter.default
        if parameter.name in RUN_LENGTHS:
            kind, default = kind | None, None
        if kind is not None:
            fields[parameter.name] = (kind, default)
        elif default is ...:
            raise TypeError(f"{name}: {parameter.name} needs a type that YAML can hold")
    return create_model(name, __base__=base, **fields)


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
    if origin in (tuple, list, Sequence):
        items = tuple(item if item is ... else _yaml_type(item, name) for item in arguments)
        if None in items:
            return None
        shape: Any = items if origin is tuple else (*items, ...)
        # YAML has lists only, and a strict tuple would refuse them.
        return Annotated[tuple[shape], Strict(False)]
    return None
