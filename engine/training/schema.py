"""What a config may say, as pydantic models.

The sections `network`, `optimizer`, `scheduler` and `loss` are written nowhere: each class in a registry
gives one model, made from the typed signature of its constructor. Add a class and its YAML exists.
"""

from __future__ import annotations

import functools
import inspect
import operator
import os
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, Strict, create_model

from nnkit.data import DATASETS
from nnkit.data.augmentation import LARGEST
from nnkit.models import NETWORKS
from nnkit.nn import LOSSES
from nnkit.optim import OPTIMIZERS
from nnkit.optim.lr_scheduler import SCHEDULERS
from nnkit.registry import Registry
from nnkit.training.yaml_loader import Document, InvalidConfigError, Path

# Arguments that the training run gives itself, or that have no meaning or no effect in it.
RUN_ARGUMENTS = {
    *("params", "maximize", "foreach", "fused", "capturable", "differentiable"),
    *("optimizer", "last_epoch", "epochs", "steps_per_epoch"),
    *("reduction", "ignore_index", "device", "dtype"),
}
# Lengths of a schedule. Where a config leaves them out, the schedule lasts as long as the run.
RUN_LENGTHS = {"T_max", "total_steps"}


@dataclass(frozen=True)
class Range:
    """The values that a number may have; `None` is no limit on that side."""

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None

    def constraints(self) -> dict[str, Any]:
        """Return the range as pydantic's field constraints."""
        limits = {"ge": self.at_least, "gt": self.above, "le": self.at_most, "lt": self.below}
        return {name: limit for name, limit in limits.items() if limit is not None}

    def __str__(self) -> str:
        words = {">=": self.at_least, ">": self.above, "<=": self.at_most, "<": self.below}
        return " and ".join(f"{sign} {limit}" for sign, limit in words.items() if limit is not None)


_POSITIVE = Range(above=0)
_NOT_NEGATIVE = Range(at_least=0)
_FRACTION = Range(at_least=0, below=1)
_SIZE = Range(at_least=1, at_most=65_536)
# A layer has at most as many numbers as the square of this: a quarter of a gigabyte.
_WIDTH = Range(at_least=1, at_most=8192)

# Ranges belong to names, so that a new optimizer or layer has them without a word here.
RANGES = {
    "alpha": _FRACTION,
    "base_momentum": _FRACTION,
    "batch_size": _SIZE,
    "betas": _FRACTION,
    "clip_grad_norm": _POSITIVE,
    "dampening": Range(at_least=0, at_most=1),
    "data_size": _WIDTH,
    "div_factor": _POSITIVE,
    "epochs": Range(at_least=1, at_most=1_000_000),
    "every_seconds": _POSITIVE,
    "every_steps": Range(at_least=1, at_most=2**31),
    "ema_decay": _FRACTION,
    "eps": _NOT_NEGATIVE,
    "eta_min": _NOT_NEGATIVE,
    "final_div_factor": _POSITIVE,
    "gamma": _POSITIVE,
    "hidden_size": _WIDTH,
    "keep_last": Range(at_least=1, at_most=1000),
    "kernel_size": Range(at_least=1, at_most=1024),
    "label_smoothing": Range(at_least=0, at_most=1),
    "lr": _POSITIVE,
    "max_lr": _POSITIVE,
    "max_momentum": _FRACTION,
    "momentum": _FRACTION,
    "num_classes": _WIDTH,
    "output_size": _WIDTH,
    "patience": Range(at_least=1, at_most=1_000_000),
    "pct_start": Range(at_least=0, at_most=1),
    "seed": Range(at_least=0, at_most=2**63 - 1),
    "step_size": Range(at_least=1, at_most=2**31),
    "T_max": Range(at_least=1, at_most=2**31),
    "threads": Range(at_least=1, at_most=1024),
    "total_steps": Range(at_least=1, at_most=2**31),
    "validation_fraction": _FRACTION,
    "weight_decay": _NOT_NEGATIVE,
    **{name: Range(at_least=0, at_most=largest) for name, largest in LARGEST.items()},
}


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


def bounds(name: str) -> Any:
    """Return the constraint that numbers called `name` have, for an annotation."""
    return Field(**RANGES.get(name, Range()).constraints())


class AugmentConfig(Section):
    """How far each training image is changed at random, in another way in every epoch."""

    shift: Annotated[float, bounds("shift")] = Field(
        default=0.0, description="Up to so many pixels vertically and horizontally."
    )
    rotation: Annotated[float, bounds("rotation")] = Field(
        default=0.0, description="Up to so many degrees to either side."
    )
    scale: Annotated[float, bounds("scale")] = Field(
        default=0.0, description="Height and width each up to this share longer or shorter."
    )
    elastic: Annotated[float, bounds("elastic")] = Field(
        default=0.0, description="Smooth displacement in pixels along each axis, as a root mean square."
    )


class DataConfig(Section):
    """The data set, and how it is cut into batches."""

    name: str
    batch_size: Annotated[int, bounds("batch_size")] = Field(description="Images per step.")
    validation_fraction: Annotated[float, bounds("validation_fraction")] = Field(
        default=0.0, description="Share of the training images held back to choose the best epoch."
    )
    augment: AugmentConfig | None = Field(
        default=None, description="How far training images are changed at random; not at all where null."
    )


class TrainingConfig(Section):
    """The run itself."""

    epochs: Annotated[int, bounds("epochs")] = Field(description="Passes over the training images.")
    seed: Annotated[int, bounds("seed")] = Field(
        default=0, description="Decides the initial parameters, the order of the images, and dropout."
    )
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:[0-9]{1,3})?)$")] = Field(
        default="cpu", description="cpu, cuda or cuda:N."
    )
    threads: Annotated[int, bounds("threads")] | None = Field(
        default=None, description="CPU threads; all that the process may use where null."
    )
    plan: bool = Field(
        default=True, description="Record a step once and replay it without Python; otherwise all run on the tape."
    )
    clip_grad_norm: Annotated[float, bounds("clip_grad_norm")] | None = Field(
        default=None, description="Longest gradient, as a norm over all parameters; no limit where null."
    )
    ema_decay: Annotated[float, bounds("ema_decay")] | None = Field(
        default=None,
        description="How much of the parameters' moving average stays from step to step, such as 0.999; the average "
        "is what is evaluated and kept. There is none where null.",
    )
    patience: Annotated[int, bounds("patience")] | None = Field(
        default=None, description="Epochs without a better one after which training ends; it does not where null."
    )
    on_nonfinite: Literal["stop", "skip"] = Field(
        default="stop", description="What to do with a step whose loss or gradients are NaN or infinite."
    )
    detect_anomaly: bool = Field(
        default=False, description="Name the operation where the first number came up that is not finite."
    )
    tensorboard: bool = Field(
        default=False, description="Write event files for TensorBoard into the folder of the results."
    )
    output: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")] | None = Field(
        default=None, description="Folder for the results; runs/<name of the config> where null."
    )


class CheckpointConfig(Section):
    """When the run is saved, beside the end of each epoch, and what is kept."""

    every_steps: Annotated[int, bounds("every_steps")] | None = Field(
        default=None, description="Steps from one checkpoint to the next."
    )
    every_seconds: Annotated[float, bounds("every_seconds")] | None = Field(
        default=None, description="Seconds from one checkpoint to the next."
    )
    keep_last: Annotated[int, bounds("keep_last")] = Field(
        default=2, description="Checkpoints to keep, the last one included; an earlier one is a spare."
    )
    metric: Literal["accuracy", "loss"] = Field(
        default="accuracy", description="What makes an epoch the best: on the validation images, or the test images."
    )


class Config(Section):
    """Everything that decides a run. `config_model` gives the model that checks the components, too."""

    network: Component
    data: DataConfig
    optimizer: Component
    scheduler: Schedule | None = None
    loss: Component
    training: TrainingConfig
    checkpoint: CheckpointConfig = CheckpointConfig()

    _document: Document | None = PrivateAttr(default=None)

    def with_output(self, output: FilePath) -> Config:
        """Return the same config with another folder for the results."""
        # Text is UTF-8 also where the names of files are not; what cannot be is escaped.
        name = os.fsencode(output).decode("utf-8", "backslashreplace")
        return self.model_copy(update={"training": self.training.model_copy(update={"output": name})})

    @property
    def output(self) -> FilePath | None:
        """The folder for the results, if the config names one."""
        name = self.training.output
        return None if name is None else FilePath(os.fsdecode(name.encode()))

    def written_in(self, document: Document) -> Config:
        """Remember where each value was written, for messages; return the config itself."""
        self._document = document
        return self

    def error(self, path: Path, message: str) -> InvalidConfigError:
        """Return an error about the value at `path`, which names the place where it was written."""
        document = self._document or Document("config")
        return InvalidConfigError([document.problem(path, message)])


COMPONENTS: dict[str, tuple[Registry[Any], type[Component]]] = {
    "network": (NETWORKS, Component),
    "optimizer": (OPTIMIZERS, Component),
    "scheduler": (SCHEDULERS, Schedule),
    "loss": (LOSSES, Component),
}


def names(section: str) -> list[str]:
    """Return the values that `name` can have in a section."""
    return DATASETS.names() if section == "data" else COMPONENTS[section][0].names()


@functools.cache
def config_model() -> type[Config]:
    """Return the closed model of a whole config, with the components that are registered now."""
    data_sets: Any = Literal[tuple(names("data"))]
    data = create_model("data", __base__=DataConfig, name=(data_sets, Field(description="The data set.")))
    return create_model(
        "Config",
        __base__=Config,
        network=(_component("network"), Field(description="The network.")),
        data=(data, Field(description="The data set, and how it is cut into batches.")),
        optimizer=(_component("optimizer"), Field(description="What moves the parameters.")),
        scheduler=(
            _union([_component("scheduler"), types.NoneType]),
            Field(default=None, description="What moves the learning rate; it stays where null."),
        ),
        loss=(_component("loss"), Field(description="What is made small.")),
        training=(TrainingConfig, Field(description="The run itself.")),
        checkpoint=(
            CheckpointConfig,
            Field(default=CheckpointConfig(), description="When the run is saved, and what is kept."),
        ),
    )


def _component(section: str) -> Any:
    registry, base = COMPONENTS[section]
    models = [component_model(name, registry.get(name), base) for name in registry.names()]
    return Annotated[_union(models), Field(discriminator="name")]


def _union(kinds: Sequence[Any]) -> Any:
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
        return None if all(kind is types.NoneType for kind in kinds) else _union(kinds)
    if origin in (tuple, list, Sequence):
        items = tuple(item if item is ... else _yaml_type(item, name) for item in arguments)
        if None in items:
            return None
        shape: Any = items if origin is tuple else (*items, ...)
        # YAML has lists only, and a strict tuple would refuse them.
        return Annotated[tuple[shape], Strict(False)]
    return None
